"""What must hold of the text tools whatever the text: no exception, no change on a second pass, no long wait."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.footers import ChannelProfile, build_profile, without_footer
from tg_parser.nlp.summary import summarize
from tg_parser.processing.text_tools import analyze_locally

PIECES = [
    "**", "__", "~~", "||", "`", "```", "[", "]", "](https://a.ru/b?utm_source=x&id=1)", "(", ")", "*", "_", " ", "  ",
    "\n", "\t", "\u200b", "\u200d", "\u00ad", "\u0301", "\ufe0f", "😀", "слово", "word", "Привет. ", "ё", "٠", "漢字",
    "@name", "#тег", "https://t.me/x?erid=1", "5 000 ₽", "25 декабря", "+7 495 123-45-67", "a@b.ru", "\ud800", "\x00",
    "\ufffd", "قال", "Подписаться", " | ", "— ", "реклама ", "**kwargs)", "__init__", "…", "\u2028",
    "\u202e", "𝐀", "i\u0307", "İ",
]  # fmt: skip
ANY_TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
LONG_SECONDS = 3


def message(text: str) -> RawMessage:
    return RawMessage(
        id="1",
        message_type="post",
        source_ref="tg:-1001:post:1",
        channel_id="-1001",
        date=datetime(2024, 1, 1, tzinfo=UTC),
        text=text,
    )


@given(ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """A cleaned text is clean, with and without its signature."""
    once = clean(text).text
    assert clean(once).text == once
    body = without_footer(once, frozenset({"слово"}))
    assert without_footer(clean(body).text, frozenset({"слово"})) == body


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_any_text_gets_an_analysis_that_can_be_stored(text: str) -> None:
    """No text raises, and everything said of it is free of what a database refuses."""
    analysis = analyze_locally(message(text), build_profile([text] * 3))
    analysis.model_dump_json()
    assert "\x00" not in analysis.text_clean


@given(
    st.lists(
        st.sampled_from(
            ["Это важное предложение о науке и технике. ", "Короткое. ", "Как так? ", "\n", "слово ", "A. B. "]
        ),
        max_size=60,
    )
)
@settings(max_examples=100, deadline=None)
def test_summaries_are_made_of_the_text(parts: list[str]) -> None:
    """Every sentence of a summary stands in the cleaned text, word for word and in its order."""
    text = clean("".join(parts)).text
    summary = summarize(text, "ru")
    if summary is not None:
        position = 0
        for sentence in summary.replace(". ", ".\x00").split("\x00"):
            position = text.index(sentence, position) + len(sentence)


@pytest.mark.parametrize(
    "unit",
    [
        "слово ", "a", ".", "! ", "[x](http://a.b/c) ", "[", "](http://a", "**", "`", "``` `",
        "https://a.b/?utm_x=1&", "(",
        "@a", "#", "1", "1 000 ", "+7 ", "\n", "😀\u200d", "e\u0301", "\u0301", "реклама ", "дарим ",
        "промокод скидка ", "a.",
        "а-", "_", "*_", "x__y ", "a@b.", '"', "(**a ", "\ud800", "А.Б", "на сайте от 1 ", "12.12.", "1,2",
        "мама мыла раму. ", "قال ", "日本", " ", "www.",
    ],
)  # fmt: skip
def test_a_long_text_of_anything_is_read_in_linear_time(unit: str) -> None:
    """No repetition makes a pattern explode: quadratic time on 200,000 characters would take minutes of a processor."""
    text = unit * (200_000 // len(unit))
    started = time.process_time()
    analyze_locally(message(text), ChannelProfile())
    assert time.process_time() - started < LONG_SECONDS
