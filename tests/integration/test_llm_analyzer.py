"""The analyzer that asks a model: one answer a message, shared calls, refused answers, and what each document costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from llm_wire import Asked
from model_readings import blocks, message_text, reading, well_read
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage
from samples import CHANNEL, message

from tg_parser.config.llm_settings import LlmMoneySettings, LlmSettings, PromptSettings
from tg_parser.domain.errors import AnalysisError, ProviderError
from tg_parser.llm.asking import Llm
from tg_parser.llm.models.priced import Priced
from tg_parser.llm.prompts import load_prompts
from tg_parser.llm.spending.budget import Caps
from tg_parser.llm.spending.ledger import Ledger
from tg_parser.llm.spending.prices import tariff
from tg_parser.nlp.footers import ChannelProfile
from tg_parser.processing.analyzer import Task
from tg_parser.processing.llm_analyzer import LlmAnalyzer
from tg_parser.processing.local_analyzer import LocalAnalyzer

PROMPTS = load_prompts(PromptSettings(_env_file=None))
MONEY = LlmMoneySettings(_env_file=None, LLM_PRICE_INPUT=10, LLM_PRICE_OUTPUT=0)
LONG = "Компания открыла завод. " * 30


class Book:
    """A SpendingBook that keeps nothing."""

    async def book(self, spending: Any, answers: Any) -> None:
        return None

    async def month_nanousd(self, month: str) -> int:
        return 0


class Provider:
    """Answers with `answer`; 100 tokens each, at ten dollars a million. Remembers what it was asked."""

    def __init__(self, answer: Callable[..., Any] = well_read) -> None:
        self.asked: list[Asked] = []
        self._answer = answer

    async def __call__(self, messages: list[Any], _info: AgentInfo) -> ModelResponse:
        dialogue = [
            ("user" if part.part_kind == "user-prompt" else part.part_kind, part.content)
            for each in messages
            for part in each.parts
            if part.part_kind != "system-prompt"
        ]
        asked = Asked("", "", {}, {}, "m", messages[0].parts[0].content, dialogue[-1][1], dialogue)
        self.asked.append(asked)
        said = self._answer(asked)
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        return ModelResponse(parts=[TextPart(text)], usage=RequestUsage(input_tokens=100, output_tokens=10))


@pytest.fixture
async def analyze() -> Callable[..., Any]:
    """Analyse texts, all of them as `portions` puts them together."""

    async def analyzed(provider: Provider, *texts: str | Task, attempts: int = 2, **settings: Any) -> list[Any]:
        chosen = LlmSettings(_env_file=None, **settings)
        priced = Priced(
            FunctionModel(provider, model_name="m"),
            provider="ollama",
            tariff=tariff("ollama", "m", None, MONEY),
            ledger=Ledger(Book(), Caps(), "run"),
        )
        analyzer = LlmAnalyzer(Llm(priced, attempts), PROMPTS, chosen, LocalAnalyzer(names=False))
        tasks = [text if isinstance(text, Task) else Task(message(at, text)) for at, text in enumerate(texts, 1)]
        outcomes: dict[str, Any] = {}
        for batch in analyzer.batches(tasks):
            results = await analyzer.analyze(batch, ChannelProfile())
            outcomes |= {task.message.id: result for task, result in zip(batch, results, strict=True)}
        return [outcomes[task.message.id] for task in tasks]

    return analyzed


async def test_answer_of_a_model_is_the_analysis(analyze: Callable[..., Any]) -> None:
    """One call; the document will tell who answered, with which prompt, for how much."""
    provider = Provider(lambda asked: reading(message_text(asked), topics=["завод"], summary="Открыт завод."))
    (made,) = await analyze(provider, LONG)
    assert (made.analysis.text_clean, made.analysis.summary) == (LONG.strip(), "Открыт завод.")
    assert made.asked
    assert made.notes == {}
    facts = made.provenance.model_dump()
    assert facts.pop("prompt_id") == PROMPTS["processing"].id
    assert facts == {
        "pipeline_version": "processing:v3.1.0", "provider": "ollama", "model_id": "m", "prompt_name": "processing",
        "parameters": {}, "input_tokens": 100, "output_tokens": 10, "cost_usd": 0.001,
    }  # fmt: skip


async def test_refused_answer_is_asked_for_again(analyze: Callable[..., Any]) -> None:
    """The model is told what is wrong; the second answer counts, and both are paid for."""
    provider = Provider(
        lambda asked: reading("Something else." if len(asked.dialogue) == 1 else message_text(asked), summary=None)
    )
    (made,) = await analyze(provider, LONG)
    assert len(provider.asked) == 2
    assert "are in the message" in provider.asked[1].user
    assert (made.provenance.input_tokens, made.provenance.cost_usd) == (200, 0.002)


async def test_answers_that_stay_bad_are_the_messages_error(analyze: Callable[..., Any]) -> None:
    """After the last attempt an AnalysisError says what was wrong, without the instructions."""
    with pytest.raises(AnalysisError, match=r"refused 2 times.*are in the message") as caught:
        await analyze(Provider(lambda asked: reading("Something else.")), LONG)
    assert "strangers" not in caught.value.message


@pytest.mark.parametrize(
    "answer",
    ["no JSON", "{}", '{"text_clean": 1}', lambda asked: {**reading(message_text(asked)), "sentiment": "fine"}],
)
async def test_other_shapes_are_refused(analyze: Callable[..., Any], answer: Any) -> None:
    """Words, missing keys, wrong types: asked again, then the message's error."""
    provider = Provider(answer if callable(answer) else lambda _: answer)
    with pytest.raises(AnalysisError):
        await analyze(provider, LONG)
    assert len(provider.asked) == 2


@pytest.mark.parametrize("text", ["👍👍🔥", "https://example.org/a?b=1 https://t.me/x", "123 456", "@someone #tag"])
async def test_messages_without_words_cost_nothing(analyze: Callable[..., Any], text: str) -> None:
    """Emoji, links, figures and tags alone are read by text tools, as noise."""
    provider = Provider()
    (made,) = await analyze(provider, text)
    assert provider.asked == []
    assert (made.provenance.provider, made.analysis.is_noise, made.asked) == ("local", True, False)


async def test_huge_message_is_cut_with_a_note(analyze: Callable[..., Any]) -> None:
    """Of 100,000 characters the first ones are sent; the document has all of them and says what was sent."""
    provider = Provider(lambda asked: reading(message_text(asked), summary="Открыт завод."))
    text = LONG * 140
    (made,) = await analyze(provider, text, LLM_MAX_INPUT_CHARS=5000)
    assert len(message_text(provider.asked[0])) <= 5000
    assert made.analysis.text_clean.split() == text.split()
    assert made.notes["input_cut"]
    assert made.notes["input_chars"] == len(text.strip())
    assert 4900 < made.notes["sent_chars"] <= 5000


async def test_dirt_of_a_message_is_not_sent(analyze: Callable[..., Any]) -> None:
    """NUL and invisible characters reach neither the model nor the document."""
    provider = Provider()
    (made,) = await analyze(provider, "Новый\x00 за\u200bвод открыт")
    assert message_text(provider.asked[0]) == made.analysis.text_clean == "Новый завод открыт"


async def test_short_messages_share_calls(analyze: Callable[..., Any]) -> None:
    """Up to LLM_BATCH_SIZE a call, long ones alone; tokens and price are divided to the last one."""
    provider = Provider()
    texts = [f"Короткое сообщение номер {number}" for number in range(1, 8)]
    made = await analyze(provider, *texts[:3], LONG, *texts[3:], LLM_BATCH_SIZE=3)
    assert [sum(label == "MESSAGE" for label, _, _ in blocks(asked)) for asked in provider.asked] == [3, 1, 3, 1]
    assert [each.analysis.text_clean for each in made] == [*texts[:3], LONG.strip(), *texts[3:]]
    assert [each.notes.get("shared_by") for each in made] == [3, 3, 3, None, 3, 3, 3, None]
    assert [each.provenance.input_tokens for each in made] == [34, 33, 33, 100, 34, 33, 33, 100]
    assert round(sum(each.provenance.cost_usd for each in made), 9) == 0.004
    assert made[0].provenance.prompt_name == "processing_batch"


async def test_bad_part_of_a_shared_answer_is_asked_for_alone(analyze: Callable[..., Any]) -> None:
    """Missing, doubled and invented parts: only those messages are asked about again, the others are kept."""

    def answer(asked: Asked) -> dict[str, Any]:
        found = well_read(asked)
        if "messages" in found:
            one, two, _, four, *rest = found["messages"]
            found["messages"] = [one, {**two, "text_clean": "Invented words of a model"}, four, four, *rest]
        return found

    provider = Provider(answer)
    texts = [f"Короткое сообщение номер {number}" for number in range(1, 6)]
    made = await analyze(provider, *texts, LLM_BATCH_SIZE=5)
    assert [each.analysis.text_clean for each in made] == texts
    assert [message_text(asked) for asked in provider.asked[1:]] == texts[1:4]
    assert [each.provenance.input_tokens for each in made] == [20, 120, 120, 120, 20]
    assert [each.provenance.prompt_name for each in made] == [
        "processing_batch", "processing", "processing", "processing", "processing_batch",
    ]  # fmt: skip


async def test_shared_call_without_a_good_answer_falls_apart(analyze: Callable[..., Any]) -> None:
    """Each message is then asked about alone; the one that stays bad is the only error."""

    def answer(asked: Asked) -> Any:
        found = well_read(asked)
        bad = "messages" in found or "номер 2" in message_text(asked)
        return "no JSON" if bad else found

    made = await analyze(Provider(answer), *[f"Сообщение номер {number}" for number in (1, 2, 3)], LLM_BATCH_SIZE=3)
    assert [type(each).__name__ for each in made] == ["Analyzed", "UnusableAnswerError", "Analyzed"]


async def test_error_of_all_ends_a_shared_portion(analyze: Callable[..., Any]) -> None:
    """When the provider stops answering in the middle, what was answered is kept and nobody else is asked about."""

    def answer(asked: Asked) -> dict[str, list[dict[str, Any]]]:
        found = well_read(asked)
        if "messages" not in found:
            raise ProviderError("The key is wrong.")
        return {"messages": found["messages"][:1]}

    provider = Provider(answer)
    made = await analyze(provider, *[f"Сообщение номер {number}" for number in (1, 2, 3)], LLM_BATCH_SIZE=3)
    assert [type(each).__name__ for each in made] == ["Analyzed", "ProviderError", "ProviderError"]
    assert len(provider.asked) == 2


async def test_comments_are_asked_about_with_their_context(analyze: Callable[..., Any]) -> None:
    """The post and the answered comment are told apart from the message, and remarks are passed on."""
    provider = Provider()
    comment = message(7, "Согласен с вами", kind="comment", thread_id="5", parent_message_id="6")
    (made,) = await analyze(provider, Task(comment, "Текст поста", "Чужой комментарий", ("Нет языка.",)))
    assert blocks(provider.asked[0]) == [
        ("POST", 0, "Текст поста"),
        ("ANSWERED COMMENT", 0, "Чужой комментарий"),
        ("REMARKS", 0, "Нет языка."),
        ("MESSAGE", 0, "Согласен с вами"),
    ]
    assert made.analysis.text_clean == "Согласен с вами"
    assert CHANNEL not in provider.asked[0].user
