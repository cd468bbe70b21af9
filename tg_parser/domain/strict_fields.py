"""Field types for input from programs, without implicit conversions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator


def _whole(value: Any) -> Any:
    """Accept 4.0 as 4, since JSON has only one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or "-" not in value.lstrip("-"):
        raise ValueError("a date must have the form 2026-03-01 or 2026-03-01T12:00:00Z")
    return value


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a date must be between the years 1 and 9999") from None


WHOLE = BeforeValidator(_whole)
"""Validator behind StrictInt: accepts 4.0 as a whole number, but no texts, true or false."""

NO_NUL = r"^[^\x00]*$"
"""Pattern of texts that all databases can search for."""

Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_utc)]
"""A date in ISO 8601, in UTC unless a zone is given; numbers are not accepted."""
