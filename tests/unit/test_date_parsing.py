"""Dates that people write become moments in UTC, the same way for every command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.date_parsing import parse_date, parse_span
from tg_parser.domain.errors import UsageError
from tg_parser.domain.utc_time import moment_text

NOW = datetime(2026, 11, 28, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-05", datetime(2026, 11, 5, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        (" 2026-02 ", datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-11-05T09:30", datetime(2026, 11, 5, 9, 30, tzinfo=UTC)),
        ("2026-11-05 09:30:15", datetime(2026, 11, 5, 9, 30, 15, tzinfo=UTC)),
        ("2026-11-05T09:30+03:00", datetime(2026, 11, 5, 6, 30, tzinfo=UTC)),
        ("2026-11-05T09:30Z", datetime(2026, 11, 5, 9, 30, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 21, 7, 30, tzinfo=UTC)),
        ("12h", datetime(2026, 11, 27, 19, 30, tzinfo=UTC)),
        ("2W", datetime(2026, 11, 14, 7, 30, tzinfo=UTC)),
    ],
)
def test_every_form_means_one_moment(written: str, moment: datetime) -> None:
    """Day, month, moment with and without a zone, and how long ago."""
    assert parse_date(written, NOW) == moment


@pytest.mark.parametrize(
    "written",
    ["yesterday", "", "2026", "2026-13", "2026-11-31", "d", "0d", "-7d", "7m", "999999w", "5.11.2026"],
)
def test_anything_else_is_refused_with_the_forms(written: str) -> None:
    """What is no date is told with its value and with what may be written, as wrong usage."""
    with pytest.raises(UsageError) as caught:
        parse_date(written, NOW)
    assert caught.value.message == f"{written!r} is not a date."
    assert "2026-11-05, 2026-11," in (caught.value.hint or "")
    assert "UTC" in (caught.value.hint or "")


def test_span_is_half_open_and_not_empty() -> None:
    """All of November is from 2026-11 to 2026-12; from a month to the same month is nothing, and is said."""
    november = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert parse_span("2026-11", "2026-12", NOW) == november
    assert parse_span(None, "7d", NOW) == (None, NOW - timedelta(days=7))
    with pytest.raises(UsageError, match="The range from 2026-11-01T00:00:00Z to 2026-11-01T00:00:00Z is empty"):
        parse_span("2026-11", "2026-11", NOW)


def test_moments_for_people_have_one_form_with_the_zone() -> None:
    """Whatever zone it is in, a moment is shown in UTC and says so."""
    assert moment_text(datetime(2026, 11, 5, 1, 0, tzinfo=timezone(timedelta(hours=3)))) == "2026-11-04 22:00:00 UTC"


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_back(moment: datetime) -> None:
    """Any moment in ISO form is read as itself."""
    assert parse_date(moment.isoformat(), NOW) == moment


@given(st.text(max_size=12))
def test_no_text_breaks_the_reading(written: str) -> None:
    """Any text is a date or wrong usage, nothing else."""
    try:
        parse_date(written, NOW)
    except UsageError:
        return
