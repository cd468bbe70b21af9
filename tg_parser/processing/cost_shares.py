"""Splits the tokens and dollars of a call among its messages, pure: the shares add up to the whole."""

from __future__ import annotations

_NANO = 10**9


def share(total: int | None, place: int, sharers: int) -> int | None:
    """The share of `total` for the message at `place`, from 0; the first messages get the remainder."""
    if total is None:
        return None
    part, rest = divmod(total, sharers)
    return part + (place < rest)


def cost_share(total: float | None, place: int, sharers: int) -> float | None:
    """The same for dollars, in whole billionths."""
    if total is None or sharers == 1:
        return total
    nano = share(round(total * _NANO), place, sharers)
    return None if nano is None else nano / _NANO


def added(one: float | None, other: float | None) -> float | None:
    """What two calls cost together; unknown if one of them is."""
    return None if one is None or other is None else one + other
