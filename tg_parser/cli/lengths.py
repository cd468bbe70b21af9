"""Durations in options."""

from __future__ import annotations

from datetime import timedelta

from tg_parser.domain.date_parsing import parse_age
from tg_parser.domain.errors import UsageError


def length_of(option: str, written: str) -> timedelta:
    """Parse a duration given in an option. Raises UsageError."""
    if (length := parse_age(written)) is None:
        raise UsageError(f"{option}: {written!r} is not a duration.", "Use a form such as 90d, 12h or 2w.")
    return length
