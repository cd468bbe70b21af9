"""What a server's answer means for the client: wait, try again, or use it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tg_parser.domain.retry_after import asked_seconds

_TOO_MANY, _UNAVAILABLE = 429, 503
_TEMPORARY = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_EDGE = 2_000
"""How many characters to search for the beginning and end of a page: comments may come before and after them."""


def asked_wait(status: int, headers: Mapping[str, str], now: datetime, unnamed: float) -> float | None:
    """Seconds the server asks to wait; `unnamed` if it gives no number, None if it does not ask."""
    asks = status in {_TOO_MANY, _UNAVAILABLE}
    named = asked_seconds(headers.get("Retry-After", ""), headers.get("Date", ""), now) if asks else None
    return unnamed if named is None and status == _TOO_MANY else named


def is_temporary(status: int) -> bool:
    """Whether the same request may succeed a moment later."""
    return status in _TEMPORARY


def is_cut(html: str) -> bool:
    """Whether a page begins but does not end."""
    beginning, end = html[:_EDGE].lower(), html[-_EDGE:].lower()
    return ("<html" in beginning or "<!doctype" in beginning) and "</html" not in end
