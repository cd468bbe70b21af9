"""Builds JSON values from parser events, one element of a list at a time."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

MAX_DEPTH = 64
"""Containers nested deeper inside an element are left out: no export has them, and some stores cannot store them."""

Events = Iterator[tuple[str, Any]]


class RawItem(NamedTuple):
    """One element of a chat's `messages`, whatever it is."""

    value: Any


class ElementBuilder:
    """Builds the elements of an open list from events that come in batches."""

    def __init__(self) -> None:
        self.last: Any = None
        self._open: list[Any] = []
        self._key = ""

    def read(self, events: Events) -> Generator[RawItem, None, bool]:
        """The elements that `events` complete; True if the list itself ended, False if the events ran out."""
        stack, key = self._open, self._key
        for event, value in events:
            if event == "map_key":
                key = value
            elif event in ("end_map", "end_array"):
                if not stack:
                    return True
                done = stack.pop()
                if not stack:
                    self.last = done
                    yield RawItem(done)
            elif event in ("start_map", "start_array"):
                child: Any = {} if event == "start_map" else []
                if 0 < len(stack) < MAX_DEPTH:
                    _put(stack[-1], key, child)
                stack.append(child)
            else:
                scalar = plain_number(value) if event == "number" else value
                if stack:
                    _put(stack[-1], key, scalar)
                else:
                    yield RawItem(scalar)
        self._key = key
        return False


def plain_number(value: int | Decimal) -> int | float | str:
    """`value` in a form that JSON writers support: whole numbers beyond 64 bits and infinite ones become text."""
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    number = float(value)
    return number if math.isfinite(number) else str(value)


def _put(parent: Any, key: str, value: Any) -> None:
    if type(parent) is dict:
        parent[key] = value
    else:
        parent.append(value)
