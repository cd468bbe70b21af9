"""Dates as people write them, read the same way by every command and interface (pure).

    2026-11-05             the beginning of that day
    2026-11                the beginning of that month
    2026-11-05T09:30       a moment; also with a zone: 2026-11-05T09:30+03:00, …Z
    7d, 12h, 2w            that long ago: days, hours, weeks

Without a zone, UTC is meant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tg_parser.domain.errors import UsageError
from tg_parser.domain.utc_time import iso_z

FORMS = "2026-11-05, 2026-11, 2026-11-05T09:30+03:00, or a time ago as 7d, 12h; UTC where no zone is written"

PATTERN = (
    r"^(?:\d{4}-\d{2}(?:-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d{2}:\d{2})?)?)?"
    r"|[1-9]\d{0,5}[hdw])$"
)
"""What dates look like, for those who describe their requests."""

_AGE = re.compile(r"(?P<number>\d{1,6})(?P<unit>[hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_MONTH = re.compile(r"\d{4}-\d{2}")


def parse_age(written: str) -> timedelta | None:
    """`7d`, `12h`, `2w` as a length of time; None for anything else, and for a length of zero."""
    match = _AGE.fullmatch(written.strip().lower())
    age = int(match["number"]) * _UNITS[match["unit"]] if match else None
    return age or None


def parse_date(written: str, now: datetime) -> datetime:
    """What `written` means at the moment `now`, in UTC. Raises UsageError."""
    text = written.strip()
    try:
        if age := parse_age(text):
            return now.astimezone(UTC) - age
        moment = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{written!r} is not a date.", f"Write it as {FORMS}.") from None


def parse_span(first: str | None, last: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The half-open span between two written dates. Raises UsageError, also for an empty span."""
    begin, end = (None if each is None else parse_date(each, now) for each in (first, last))
    require_span(begin, end)
    return begin, end


def require_span(begin: datetime | None, end: datetime | None) -> None:
    """Raise UsageError where nothing can be between two moments."""
    if begin is not None and end is not None and begin >= end:
        raise UsageError(
            f"There is nothing between {iso_z(begin)} and {iso_z(end)}.",
            "The end date is exclusive: all of November is from 2026-11 to 2026-12.",
        )
