"""Which messages of a page are wanted, and when to stop."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from web_pages import NAME, page, post

from tg_parser.ingestion.source import Window
from tg_parser.ingestion.web.page import read_page
from tg_parser.ingestion.web.window import is_empty, is_last, wanted_of

PAGE = read_page(page(*(post(number) for number in range(10, 15))), NAME)


def at(minute: int) -> datetime:
    return datetime(2024, 9, 12, 0, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "left", "ids"),
    [
        (Window(), None, [10, 11, 12, 13, 14]),
        (Window(after_id=11), None, [12, 13, 14]),
        (Window(before_id=13), None, [10, 11, 12]),
        (Window(after_id=10, before_id=12), None, [11]),
        (Window(date_from=at(12)), None, [12, 13, 14]),
        (Window(date_to=at(12)), None, [10, 11]),
        (Window(), 2, [13, 14]),
        (Window(), 0, []),
        (Window(), 9, [10, 11, 12, 13, 14]),
    ],
)
def test_wanted(window: Window, left: int | None, ids: list[int]) -> None:
    """Marks are excluded, dates half-open, and a limit takes the newest."""
    assert [int(message.id) for message in wanted_of(PAGE, window, left)] == ids


@pytest.mark.parametrize(
    ("window", "last"),
    [
        (Window(), False),
        (Window(after_id=8), False),
        (Window(after_id=9), True),
        (Window(after_id=12), True),
        (Window(date_from=at(10)), False),
        (Window(date_from=at(11)), True),
        (Window(date_to=at(1)), False),
    ],
)
def test_the_last_page(window: Window, last: bool) -> None:
    """Nothing older is wanted once the page reaches below the mark or before the date."""
    assert is_last(PAGE, window) is last


@pytest.mark.parametrize(
    ("window", "empty"),
    [
        (Window(), False),
        (Window(before_id=1), True),
        (Window(before_id=2), False),
        (Window(after_id=5, before_id=6), True),
        (Window(after_id=5, before_id=7), False),
    ],
)
def test_windows_without_room(window: Window, empty: bool) -> None:
    """Between two marks next to each other there is no post to ask for."""
    assert is_empty(window) is empty
