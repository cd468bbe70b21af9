"""Pages of lists: requests, positions, and the cursors given to callers.

A cursor is opaque and bound to the list, filter and order it was returned for. It holds a position in the order, not a
row number: rows added or removed in the meantime cause neither duplicates nor omissions.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from tg_parser.domain.errors import InvalidCursorError, UsageError
from tg_parser.domain.storable import storable

MOST_ON_A_PAGE = 500

Order = Literal["newest", "oldest", "ref"]
"""By the date of the message, or by its ref, as exports are ordered."""

Place = Sequence[Any]
"""The content of a cursor: texts and numbers."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for a page: at most `limit` items after `cursor`. Raises UsageError."""

    limit: int = 50
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_ON_A_PAGE:
            raise UsageError(f"A page can have 1 to {MOST_ON_A_PAGE} items, not {self.limit}.", limit=self.limit)


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the order of messages."""

    date: datetime
    ref: str


def cursor_of(place: Place, *of: object) -> str:
    """Return the cursor for `place` in the list described by `of`: its name, filter, order, …"""
    return urlsafe_b64encode(orjson.dumps([_digest(of), *place])).decode().rstrip("=")


def place(written: str, *of: object) -> list[Any]:
    """Return the place in a cursor of this list. Raises InvalidCursorError."""
    try:
        digest, *found = orjson.loads(urlsafe_b64decode(written.encode("ascii") + b"=" * (-len(written) % 4)))
    except (ValueError, TypeError):
        raise InvalidCursorError from None
    if digest != _digest(of) or not all(_is_plain(part) for part in found):
        raise InvalidCursorError
    return list(found)


def id_in(written: str | None, *of: object) -> str | None:
    """Return the id in a cursor of a list ordered by id. Raises InvalidCursorError."""
    if written is None:
        return None
    found = place(written, *of)
    if len(found) != 1:
        raise InvalidCursorError
    return str(found[0])


def position_cursor(position: Position, *of: object) -> str:
    """Return the cursor for a position in the order of messages."""
    return cursor_of((position.date.isoformat(), position.ref), *of)


def position_of(written: str | None, *of: object) -> Position | None:
    """Return the position in a cursor, or None without one. Raises InvalidCursorError."""
    if written is None:
        return None
    try:
        date, ref = place(written, *of)
        return Position(datetime.fromisoformat(date).astimezone(UTC), str(ref))
    except (ValueError, TypeError, OverflowError):
        raise InvalidCursorError from None


def _is_plain(part: object) -> bool:
    return isinstance(part, int | float) or (isinstance(part, str) and storable(part) == part)


def _digest(of: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest()[:12]
