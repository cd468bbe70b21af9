"""Times: timezone-aware UTC inside, ISO 8601 with Z outside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def iso_z(moment: datetime) -> str:
    """`moment` as ISO 8601 in UTC with a Z: whole seconds without a fraction, else six digits."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_text(moment: datetime) -> str:
    """A moment for people, everywhere the same: `2026-11-05 09:30:00 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    PlainSerializer(iso_z, return_type=str, when_used="json"),
]
