"""Telegram's marked ids: one number that encodes the kind of a chat and its id. All conversions are here (pure).

A person has a positive number; a basic group the negative of its id; a channel or supergroup -(10^12 + its bare id),
however many digits that has.
"""

from __future__ import annotations

_CHANNELS = 10**12
_MOST_DIGITS = 18


def marked_channel_id(bare: int | str) -> str:
    """Return the canonical id of the channel or supergroup with Telegram's `bare` id, a positive whole number."""
    return str(-_CHANNELS - int(bare))


def internal_channel_id(channel_id: str) -> str | None:
    """Return the bare id of a channel or supergroup, as used in t.me/c links; None for other chats."""
    number = _negative(channel_id)
    return str(number - _CHANNELS) if number > _CHANNELS else None


def marked_group_id(bare: int | str) -> str:
    """Return the canonical id of the basic group with Telegram's `bare` id, a positive whole number."""
    return str(-int(bare))


def _negative(channel_id: str) -> int:
    """Return the absolute value of a negative id; 0 for anything else."""
    digits = channel_id.removeprefix("-")
    fits = digits != channel_id and digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS
    return int(digits) if fits else 0
