"""Terms and snippets: under which forms a text is found, and which part of it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.nlp.terms import term_of, terms
from tg_parser.search.snippets import snippet


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("нефти", "нефть"),
        ("ёлка", "елками"),
        ("Новостей", "новости"),
        ("prices", "price"),
        ("подію", "події"),
        ("2024", "2024"),
    ],
)
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    """In Russian, Ukrainian and English; ё is е."""
    assert term_of(one) == term_of(other)


def test_what_is_found_in_a_text() -> None:
    """Words, hashtags and names without their sign, numbers, and of links the host."""
    text = "Курс: 92,5 #экономика @channel_name https://www.example.com/a?b=c и it's"
    found = [term.text for term in terms(text)]
    assert found == [
        term_of("курс"), "92", "5", term_of("экономика"), term_of("channel_name"), "example.com", "и", term_of("it's")
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_terms_stand_where_they_say(text: str) -> None:
    """Positions lie in the text, in order, and do not overlap; no term is empty or longer than the index takes."""
    end = 0
    for term in terms(text):
        assert end <= term.start < term.end <= len(text)
        assert 0 < len(term.text) <= 60
        end = term.end


LONG = "Начало текста ни о чём. " * 20 + "Цена нефти выросла вдвое. " + "Конец текста ни о чём. " * 20


def test_a_snippet_shows_the_matches() -> None:
    """The part with the most different terms, cut between words, with every match marked in the form it has there."""
    shown = snippet(LONG, {term_of("нефть"), term_of("цены")})
    assert [shown.text[start:end] for start, end in shown.marks] == ["Цена", "нефти"]
    assert LONG[shown.start : shown.start + len(shown.text)] == shown.text
    assert (len(shown.text) <= 240, shown.cut_before, shown.cut_after) == (True, True, True)
    assert not shown.text[0].isspace()


def test_without_a_match_the_beginning_is_shown() -> None:
    """A message found by its meaning alone shows how it begins."""
    shown = snippet(LONG, {"nothing"})
    assert (shown.start, shown.marks, shown.cut_before, shown.cut_after) == (0, (), False, True)


@given(st.text(max_size=600), st.sets(st.sampled_from(["a", "b", "нефт"])))
def test_any_text_has_a_snippet(text: str, sought: set[str]) -> None:
    """The snippet is a part of the text and its marks lie in it."""
    shown = snippet(text, sought)
    assert text[shown.start : shown.start + len(shown.text)] == shown.text
    assert all(0 <= start < end <= len(shown.text) for start, end in shown.marks)
