"""What a server's answer means for the client: wait, try again, or use it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_TOO_MANY, _UNAVAILABLE = 429, 503
_TEMPORARY = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_LONGEST_WAIT = 366 * 86_400.0
_EDGE = 2_000
"""How many characters to search for the beginning and end of a page: comments may come before and after them."""


def asked_wait(status: int, headers: Mapping[str, str], now: datetime, unnamed: float) -> float | None:
    """Seconds the server asks to wait; `unnamed` if it gives no number, None if it does not ask."""
    named = _retry_after(headers, now) if status in {_TOO_MANY, _UNAVAILABLE} else None
    return unnamed if named is None and status == _TOO_MANY else named


def is_temporary(status: int) -> bool:
    """Whether the same request may succeed a moment later."""
    return status in _TEMPORARY


def is_cut(html: str) -> bool:
    """Whether a page begins but does not end."""
    beginning, end = html[:_EDGE].lower(), html[-_EDGE:].lower()
    return ("<html" in beginning or "<!doctype" in beginning) and "</html" not in end


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        seconds = float(value[:18])
    elif (moment := _http_date(value)) is not None:
        # Relative to the server's own clock, because ours may be wrong.
        seconds = (moment - (_http_date(headers.get("Date", "")) or now)).total_seconds()
    else:
        return None
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else None


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
