"""What stands first: shares of words, words and meaning together, and which texts are copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tg_parser.domain.search_entries import ALL, SearchEntry
from tg_parser.nlp.indexing import Has, Indexed, entry_of, has_mark
from tg_parser.search.bm25 import Bm25
from tg_parser.search.copies import copies_of
from tg_parser.search.ranking import fused

MESSAGE = Indexed("tg:-1:post:1", "-1", "1", "post", datetime(2026, 11, 29, tzinfo=UTC), "Вышла новая версия")
NEWS = "Аэропорт Внуково закрыт из-за тумана, рейсы отправляют на запасные аэродромы"


def entry(number: int, text: str) -> SearchEntry:
    return entry_of(replace(MESSAGE, source_ref=f"tg:-1:post:{number}", message_id=str(number), text=text))


def test_words_are_a_share_of_what_the_query_could_give() -> None:
    """All words of a query often said come near 1, one frequent word of it stays low: the best of nothing is not 1."""
    bm25 = Bm25(["rocket", "launch", "the"], {"rocket": 2, "launch": 3, "the": 90, ALL: 100}, usual_length=3)
    whole = bm25.score("rocket launch the rocket launch the rocket launch the", 3)
    assert 0.75 < whole <= 1.0
    assert 0 < bm25.score("the a b", 3) < 0.05
    assert bm25.score("a b c", 3) == 0.0


def test_a_rare_word_counts_more_and_a_long_text_less() -> None:
    """Of two texts with a word each, the rarer word wins; of two with the same word, the shorter text."""
    bm25 = Bm25(["rocket", "the"], {"rocket": 2, "the": 90, ALL: 100}, usual_length=10)
    assert bm25.score("rocket a", 2) > bm25.score("the a", 2)
    assert bm25.score("rocket a", 2) > bm25.score("rocket" + " a" * 40, 41)


def test_words_and_meaning_add_up() -> None:
    """What both found stands above what one found; equal scores stand by ref."""
    found = fused({"a": 0.5, "b": 0.5}, {"b": 0.4, "c": 0.5})
    assert [(one.source_ref, one.score) for one in found] == [("b", 0.9), ("a", 0.5), ("c", 0.5)]


@pytest.mark.parametrize(
    ("other", "is_copy"),
    [
        (NEWS, True),
        (f"{NEWS}. Подробнее", True),
        ("Аэропорт Внуково открыт после тумана, рейсы снова отправляют по расписанию", False),
        ("Курс доллара не изменился, сообщает Московская биржа в четверг", False),
    ],
)
def test_texts_that_differ_by_a_few_words_are_copies(other: str, is_copy: bool) -> None:
    """A repost with a word more goes under the first; another message about the same does not."""
    groups = copies_of([entry(1, NEWS), entry(2, other)])
    assert groups["tg:-1:post:2"] == f"tg:-1:post:{1 if is_copy else 2}"


def test_short_texts_are_copies_only_if_they_are_equal() -> None:
    """Two greetings that share most of their few words are two messages."""
    groups = copies_of(
        [entry(1, "Доброе утро всем друзья"), entry(2, "Доброе утро всем"), entry(3, "Доброе утро всем")]
    )
    assert list(groups.values()) == ["tg:-1:post:1", "tg:-1:post:2", "tg:-1:post:2"]


@pytest.mark.parametrize(
    ("changes", "has"),
    [
        ({"media": ("photo",)}, {"media"}),
        ({"media": ("webpage",)}, set()),
        ({"media": ("webpage", "video")}, {"media"}),
        ({"text": "Когда выйдет версия?"}, {"question"}),
        ({"text": "Подробности: https://example.com/1"}, {"link"}),
        ({"entities": ("link",)}, {"link"}),
        ({}, set()),
    ],
)
def test_a_message_has_what_is_in_it(changes: dict[str, Any], has: set[Has]) -> None:
    """Links, media and questions are marked; the preview of a link is no media."""
    terms = set(entry_of(replace(MESSAGE, **changes)).terms.split(" "))
    assert {what for what in ("link", "media", "question") if has_mark(what) in terms} == has
