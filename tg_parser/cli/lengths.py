"""Lengths of time in options."""

from __future__ import annotations

from datetime import timedelta

from tg_parser.domain.date_parsing import parse_age
from tg_parser.domain.errors import UsageError


def length_of(option: str, written: str) -> timedelta:
    """A length of time as it is written in an option. Raises UsageError."""
    if (length := parse_age(written)) is None:
        raise UsageError(f"{option}: {written!r} is no length of time.", "Write it as 90d, 12h or 2w.")
    return length
