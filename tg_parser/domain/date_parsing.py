"""Parses dates given by people, the same way in every command and interface (pure).

2026-11-05             the beginning of that day
2026-11                the beginning of that month
2026-11-05T09:30       a time; also with a zone: 2026-11-05T09:30+03:00, …Z
7d, 12h, 2w            that long ago: days, hours, weeks

Without a zone, times are in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tg_parser.domain.errors import UsageError
from tg_parser.domain.utc_time import iso_z

FORMS = "2026-11-05, 2026-11, 2026-11-05T09:30+03:00, or a time ago such as 7d, 12h; UTC unless a zone is given"

PATTERN = (
    r"^(?:\d{4}-\d{2}(?:-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d{2}:\d{2})?)?)?"
    r"|[1-9]\d{0,5}[hdw])$"
)
"""Pattern of dates, for API descriptions."""

_AGE = re.compile(r"(?P<number>\d{1,6})(?P<unit>[hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_MONTH = re.compile(r"\d{4}-\d{2}")


def parse_age(written: str) -> timedelta | None:
    """Parse a duration such as `7d`, `12h`, `2w`; return None for anything else and for zero."""
    match = _AGE.fullmatch(written.strip().lower())
    age = int(match["number"]) * _UNITS[match["unit"]] if match else None
    return age or None


def parse_date(written: str, now: datetime) -> datetime:
    """Return the time in UTC that `written` means, given the time `now`. Raises UsageError."""
    text = written.strip()
    try:
        if age := parse_age(text):
            return now.astimezone(UTC) - age
        moment = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{written!r} is not a date.", f"Use one of these forms: {FORMS}.") from None


def parse_span(first: str | None, last: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Parse two dates into a half-open range. Raises UsageError, also for an empty range."""
    begin, end = (None if each is None else parse_date(each, now) for each in (first, last))
    require_span(begin, end)
    return begin, end


def require_span(begin: datetime | None, end: datetime | None) -> None:
    """Raise UsageError if the range between two times is empty."""
    if begin is not None and end is not None and begin >= end:
        raise UsageError(
            f"The range from {iso_z(begin)} to {iso_z(end)} is empty.",
            "The end date is exclusive: all of November is from 2026-11 to 2026-12.",
        )
