"""Guards on real posts: what a careful model may leave out passes, what a careless one adds does not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from model_readings import reading
from samples import message

from tg_parser.llm.question import AnswerRejectedError
from tg_parser.nlp.footers import ChannelProfile
from tg_parser.nlp.keyphrases import key_phrases
from tg_parser.nlp.noise import has_words
from tg_parser.nlp.summary import summarize
from tg_parser.processing.analyzer import Task
from tg_parser.processing.briefing import Brief, brief
from tg_parser.processing.judging import judge
from tg_parser.processing.reading import Reading
from tg_parser.sample import SAMPLE_EXPORT

SYSTEM = "Describe the message, and nothing but the message, in the language that it is written in."
INVENTED = " а ещё эксперты единодушно предсказали небывалый расцвет всей отрасли уже следующей весной"


def plain(text: Any) -> str:
    return text if isinstance(text, str) else "".join(part if isinstance(part, str) else part["text"] for part in text)


@pytest.fixture(scope="module")
def posts() -> list[Brief]:
    """Every third post of the sample, as it is sent to a model."""
    chats = json.loads(SAMPLE_EXPORT.read_text("utf-8"))["chats"]["list"]
    texts = [plain(each["text"]) for chat in chats for each in chat["messages"]]
    return [brief(Task(message(1, text)), ChannelProfile(), 24_000) for text in texts if has_words(text)][::3]


def passing(posts: list[Brief], change: Callable[..., Any], **said: Any) -> float:
    """The share of `posts` whose changed text passes."""
    passed = 0
    for post in posts:
        answer = {"summary": None, **{name: make(post.source) for name, make in said.items()}}
        try:
            judge(Reading.model_validate(reading(change(post.source.text), **answer)), post, SYSTEM, 0.9)
        except AnswerRejectedError:
            continue
        passed += 1
    return passed / len(posts)


def test_faithful_answers_pass(posts: list[Brief]) -> None:
    """The whole text with a summary and topics of its own sentences and phrases passes for every post."""
    said = {
        "summary": lambda source: summarize(source.text, source.language),
        "topics": lambda source: key_phrases(source.text, source.language),
    }
    assert len(posts) > 140
    assert passing(posts, lambda text: text, **said) == 1.0


@pytest.mark.parametrize(
    "trimmed",
    [
        lambda text: re.sub(r"#\w+", "", text),
        lambda text: re.sub(r"https?://\S+", "", text),
        lambda text: re.sub("[\U0001f000-\U0001faff☀-➿\ufe0f]", "", text),
        lambda text: text.replace("«", '"').replace("»", '"').replace("—", "-").replace("ё", "е"),
    ],
)
def test_trimmed_answers_pass(posts: list[Brief], trimmed: Callable[..., Any]) -> None:
    """Left out hashtags, links and emoji, other quotation marks: hardly ever taken for a fault."""
    assert passing(posts, trimmed) >= 0.99


def test_invented_answers_do_not_pass(posts: list[Brief]) -> None:
    """An added figure never passes; an added clause, as long as a tenth of the post or more, does not either."""
    short = [post for post in posts if len(post.source.text) < 500]
    assert passing(posts, lambda text: f"{text} 98765") == 0.0
    assert passing(short, lambda text: text + INVENTED) == 0.0


def test_shortened_answers_do_not_pass(posts: list[Brief]) -> None:
    """A third of a post is not the post."""
    long = [post for post in posts if len(post.source.text.split()) > 20]
    assert passing(long, lambda text: " ".join(text.split()[: len(text.split()) // 3])) <= 0.02
