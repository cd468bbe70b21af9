"""Field types for what programs send: nothing is taken for what it is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 4.0 is 4."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or "-" not in value.lstrip("-"):
        raise ValueError("a date is written as 2026-03-01 or 2026-03-01T12:00:00Z")
    return value


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a date is between the years 1 and 9999") from None


WHOLE = BeforeValidator(_whole)
"""Behind StrictInt and its limits: 4.0 is a whole number too; a text is none, nor are true and false."""

NO_NUL = r"^[^\x00]*$"
"""The pattern of a text that every database can look for."""

Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_utc)]
"""A date in ISO 8601, in UTC where no zone is written; no number."""
