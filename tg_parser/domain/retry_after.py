"""Interprets a server's Retry-After header (pure)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_WAIT = 366 * 86_400.0


def asked_seconds(retry_after: str, date: str, now: datetime) -> float | None:
    """Return the seconds a server asks to wait, from its headers Retry-After and Date, or None."""
    value = retry_after.strip()
    if value.isascii() and value.isdecimal():
        seconds = float(value[:18])
    elif (moment := _http_date(value)) is not None:
        # Relative to the server's own clock, because ours may be wrong.
        seconds = (moment - (_http_date(date) or now)).total_seconds()
    else:
        return None
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else None


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
