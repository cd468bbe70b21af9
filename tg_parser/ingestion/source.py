"""The port: where messages come from. One implementation a way to reach Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tg_parser.domain.messages import Adapter, Chat, RawMessage


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in the order of their ids. `skipped` counts what was there and is no message, by reason; `notes`
    counts what was taken, but not as it stood: a date without zone, a repaired escape."""

    messages: list[RawMessage]
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """Which messages are wanted: after a cursor, within dates (half-open), at most `limit`."""

    after_id: int | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None
    limit: int | None = None


class MessageSource(Protocol):
    """One chat, readable in batches. Reading may be repeated; it never writes."""

    @property
    def chat(self) -> Chat:
        """The chat the messages belong to."""
        ...

    @property
    def via(self) -> Adapter:
        """The adapter's name, kept with every message."""
        ...

    def batches(self, window: Window) -> AsyncIterator[Batch]:
        """Batches in id order. Raises SourceError; what was yielded before the error is good."""
        ...
