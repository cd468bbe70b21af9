"""The current time, and times as text. Imports nothing slow, so that the command line starts quickly."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def iso_z(moment: datetime) -> str:
    """Return `moment` as ISO 8601 in UTC with a Z: whole seconds without a fraction, else six digits."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat()[: -len("+00:00")] + "Z"


def moment_text(moment: datetime) -> str:
    """Return a time for people, in the same form everywhere: `2026-11-05 09:30:00 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
