"""What a server's answer means: how long to wait, whether to ask again, whether a page is whole."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tg_parser.ingestion.web.answers import asked_wait, is_cut, is_temporary

NOW = datetime(2024, 9, 12, 10, 0, 0, tzinfo=UTC)
UNNAMED = 60.0
LATER = "Thu, 12 Sep 2024 10:02:00 GMT"


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (503, {"Retry-After": " 7 "}, 7.0),
        (429, {"Retry-After": LATER}, 120.0),
        (429, {"Retry-After": LATER, "Date": "Thu, 12 Sep 2024 10:01:30 GMT"}, 30.0),
        (429, {"Retry-After": LATER, "Date": "today"}, 120.0),
        (429, {"Retry-After": "Thu, 12 Sep 2024 09:00:00 GMT"}, UNNAMED),
        (429, {"Retry-After": "0"}, UNNAMED),
        (429, {"Retry-After": "soon"}, UNNAMED),
        (429, {"Retry-After": "-5"}, UNNAMED),
        (429, {"Retry-After": "9" * 30}, 31_622_400.0),
        (429, {}, UNNAMED),
        (503, {}, None),
        (200, {"Retry-After": "7"}, None),
        (500, {"Retry-After": "7"}, None),
    ],
)
def test_waits(status: int, headers: dict[str, str], wait: float | None) -> None:
    """Seconds and dates alike; a date is read by the server's own clock where it shows one."""
    assert asked_wait(status, headers, NOW, UNNAMED) == wait


def test_what_is_worth_asking_again() -> None:
    """Failures of the server pass; refusals do not."""
    assert [status for status in (200, 301, 400, 403, 404, 408, 429, 500, 502, 503, 504) if is_temporary(status)] == [
        408, 500, 502, 503, 504,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("html", "cut"),
    [
        ("<!DOCTYPE html><html><body>text", True),
        ("<html><body></body></html>", False),
        ("<HTML></HTML>\n<!-- page generated in 22.94ms -->", False),
        ('{"ok": true}', False),
        ("", False),
    ],
)
def test_cut_pages(html: str, cut: bool) -> None:
    """A page that begins and does not end is cut; what is no page is not."""
    assert is_cut(html) is cut
