"""What an adapter reads of an element beside its text: whether it is a message, and a date as it was written."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class SkippedElement(NamedTuple):
    """An element that is not a message, and why."""

    reason: str


class ReadDate(NamedTuple):
    """A moment, and whether its source named no time zone (it is then taken as UTC)."""

    moment: datetime
    zoneless: bool
