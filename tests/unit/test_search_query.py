"""The query language: what is looked for, and what is said of a query that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.errors import InvalidQueryError, UsageError
from tg_parser.search.query import SearchFilter, SearchQuery, parse_query

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def parsed(written: str) -> SearchQuery:
    return parse_query(written, NOW)


@pytest.mark.parametrize(
    ("written", "words", "required", "excluded"),
    [
        ("нефть цены", ("нефть", "цены"), (), ()),
        ('"цена нефти" рубль', ("рубль",), (("цена нефти",),), ()),
        ("«цена нефти»", (), (("цена нефти",),), ()),
        ("+нефть -газ", (), (("нефть",),), ("газ",)),
        ('нефть -"природный газ"', ("нефть",), (), ("природный газ",)),
        ('"a b" OR "c d" e', ("e",), (("a b", "c d"),), ()),
        ("+a ИЛИ +b | +c", (), (("a", "b", "c"),), ()),
        ("a OR b", ("a", "b"), (), ()),
        ("OR", (), (), ()),
        ('"never closed', (), (("never closed",),), ()),
        ("re:Invent 10:30", ("re:Invent", "10:30"), (), ()),
        ('- + "" \'', ("'",), (), ()),
    ],
)
def test_words_phrases_and_signs(
    written: str, words: tuple[str, ...], required: tuple[tuple[str, ...], ...], excluded: tuple[str, ...]
) -> None:
    """Plain words rank, quoted and + ones must occur, those with a minus must not; OR joins what must."""
    assert parsed(written) == SearchQuery(words, required, excluded)


def test_filters() -> None:
    """Every filter, written in any case, with its value quoted or not; channels and kinds of content add up."""
    query = parsed(
        'from:@one FROM:two after:2024-11-01 before:2024-12 lang:ru topic:"topic:tg:-1:post:1" type:comment '
        'has:link has:Media tone:negative author:"A. Name" нефть'
    )
    assert query == SearchQuery(
        words=("нефть",),
        filter=SearchFilter(
            channels=("@one", "two"),
            date_from=datetime(2024, 11, 1, tzinfo=UTC),
            date_to=datetime(2024, 12, 1, tzinfo=UTC),
            language="ru",
            topic="topic:tg:-1:post:1",
            kind="comment",
            has=frozenset({"link", "media"}),
            tone="negative",
            author="A. Name",
        ),
    )


def test_filters_of_options_stay() -> None:
    """What was given as an option holds unless the query says otherwise."""
    given_ = SearchFilter(channels=("@one",), language="en")
    assert parse_query("lang:ru from:@two x", NOW, given_).filter == SearchFilter(("@one", "@two"), language="ru")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("fron:@x", "Did you mean from:"),
        ("type:story", "type: takes post, comment"),
        ("tone:angry", "tone: takes positive, neutral, negative"),
        ("has:", "For example has:link"),
        ("-from:@x", "Only words and phrases can be excluded"),
    ],
)
def test_wrong_filters_are_clear_errors(written: str, message: str) -> None:
    """The error names the filter, and the hint says what it takes."""
    with pytest.raises(InvalidQueryError) as caught:
        parsed(written)
    assert message in f"{caught.value} {caught.value.hint}"


def test_a_wrong_date_is_the_error_of_dates() -> None:
    """The same forms are taken, and named, as in every option."""
    with pytest.raises(UsageError, match="is not a date"):
        parsed("after:someday")


@given(st.text(max_size=300))
def test_any_text_is_a_query_or_a_clear_error(written: str) -> None:
    """Nothing that can be typed is a fault, and no word of a query is lost or made up."""
    try:
        query = parsed(written)
    except UsageError:
        return
    for word in query.words:
        assert word.strip()
        assert '"' not in word
    assert all(all(phrase.strip() for phrase in group) for group in query.required)


def test_a_long_query_is_cut() -> None:
    """Ten kilobytes of words are as good as their beginning."""
    assert len(parsed("слово " * 2_000).words) == len(parsed("слово " * 334).words)
