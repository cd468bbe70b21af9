"""Words are found whatever the case of their letters, in any alphabet."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.folding import contains, folded, variants
from tg_parser.storage.engine.patterns import glob_pattern, regular_expression


@pytest.mark.parametrize(
    ("letter", "every"), [("м", "Мм"), ("k", "Kk\u212a"), ("σ", "Σςσ"), ("ß", "ßẞ"), ("İ", "İ"), ("1", "1"), ("]", "]")]
)
def test_letters_that_differ_in_case_alone(letter: str, every: str) -> None:
    """Every letter knows all its forms, and no other letter."""
    assert set(variants(letter)) == set(every)


@pytest.mark.parametrize(
    ("text", "sought", "found"),
    [
        ("Мост через реку", "МОСТ Ч", True),
        ("Ёлка", "ёлка", True),
        ("Ёлка", "елка", False),
        ("straße", "STRASSE", False),
        ("ΟΔΟΣ", "οδος", True),
        (None, "x", False),
        ("", "x", False),
    ],
)
def test_words_are_found(text: str | None, sought: str, found: bool) -> None:
    """Case alone does not count; everything else does."""
    assert contains(text, sought) is found


@given(st.text(), st.text(min_size=1))
def test_patterns_find_what_is_contained(text: str, sought: str) -> None:
    """Both databases' patterns find exactly what Python finds, whatever signs they are made of."""
    assert len(folded(text)) == len(text)
    for within in (text, text + sought.upper() + text, text + folded(sought)):
        assert bool(re.search(regular_expression(sought), within)) is contains(within, sought)
        assert fnmatchcase(within, glob_pattern(sought)) is contains(within, sought)
