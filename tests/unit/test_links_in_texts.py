"""Where links stand in a text."""

from __future__ import annotations

import pytest

from tg_parser.nlp.links import without_links


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See https://example.org/a?b=1 now", "See   now"),
        ("SEE WWW.EXAMPLE.ORG NOW", "SEE   NOW"),
        ("See habr.com/ru/news now", "See   now"),
        ("Either/or, and 1/2 of it", "Either/or, and 1/2 of it"),
        ("No link. None at all.", "No link. None at all."),
    ],
)
def test_a_space_takes_the_place_of_a_link(text: str, left: str) -> None:
    """However the link is written; what only looks like one stays."""
    assert without_links(text) == left
