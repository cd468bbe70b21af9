"""Lists of a rich message as text: how items are numbered and marked."""

from __future__ import annotations

from typing import Any

import pytest

from tg_parser.ingestion.content import Listing, ListItem, Words, content_of


def lines(listing: Listing) -> list[str]:
    return content_of([listing]).own.split("\n")


def items(*texts: str, **fields: Any) -> tuple[Any, ...]:
    return tuple(ListItem((Words(text),), **fields) for text in texts)


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        (Listing(items("x", "y")), ["- x", "- y"]),
        (Listing(items("x", "y"), ordered=True), ["1. x", "2. y"]),
        (Listing(items("x", "y"), ordered=True, start=9), ["9. x", "10. y"]),
        (Listing(items("x", "y"), ordered=True, backwards=True), ["2. x", "1. y"]),
        (Listing(items("x", "y"), ordered=True, start=26, style="a"), ["z. x", "aa. y"]),
        (Listing(items("x", "y"), ordered=True, start=3, style="A"), ["C. x", "D. y"]),
        (Listing(items("x", "y"), ordered=True, start=4, style="i"), ["iv. x", "v. y"]),
        (Listing(items("x"), ordered=True, start=1994, style="I"), ["MCMXCIV. x"]),
        (Listing(items("x"), ordered=True, start=0, style="i"), ["0. x"]),
        (Listing((*items("x", number="§5"), *items("y", number="b)")), ordered=True), ["§5. x", "b) y"]),
        (Listing((*items("x", value=7), *items("y")), ordered=True), ["7. x", "8. y"]),
        (Listing((*items("x", done=True), *items("y", done=False)), ordered=True), ["☑ x", "☐ y"]),
        (Listing((ListItem((Words("x"), Listing(items("y\nz")))),)), ["- x", "  - y", "    z"]),
        (Listing(()), [""]),
    ],
)
def test_items_have_the_marks_that_readers_see(listing: Listing, expected: list[str]) -> None:
    """Numbers, letters, Roman numerals, an item's own number; tasks show whether they are done; lists nest."""
    assert lines(listing) == expected
