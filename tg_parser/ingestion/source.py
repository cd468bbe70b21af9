"""The ports: where messages come from. One implementation a way to reach Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from tg_parser.domain.messages import Adapter, Chat, RawMessage
from tg_parser.domain.peers import Peer


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in the order of their ids. `skipped` counts what was there and is no message, by reason; `notes`
    counts what was taken, but not as it stood: a date without zone, a repaired escape. `reply_counts` is how many
    comments Telegram counts under posts, by their id, where it tells."""

    messages: list[RawMessage]
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    reply_counts: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """Which messages are wanted: ids between two marks (both excluded), dates (half-open), at most `limit`.

    `batch_size` is how many to fetch at a time; None leaves it to the source.
    """

    after_id: int | None = None
    before_id: int | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None
    limit: int | None = None
    batch_size: int | None = None


@dataclass(frozen=True, slots=True)
class Recheck:
    """Which stored posts are looked at again, with their comments: the `newest` ones, or those of the last `age`."""

    newest: int | None = None
    age: timedelta | None = None


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

    @property
    def newest_first(self) -> bool:
        """Whether batches go back in time; within a batch ids always rise."""
        ...

    @property
    def follows_cursor(self) -> bool:
        """Whether a forward reading begins right after the window's `after_id`; an export may begin anywhere."""
        ...

    def batches(self, window: Window) -> AsyncIterator[Batch]:
        """Batches in the order of `newest_first`. Raises SourceError; what was yielded before the error is good."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What Telegram shows now of messages that were asked for by id: as they are, or `gone`."""

    messages: list[RawMessage]
    gone: list[int]


class LiveSource(MessageSource, Protocol):
    """A chat that can be asked again about messages it has shown before."""

    def shown(self, ids: Sequence[int]) -> AsyncIterator[Shown]:
        """What there is now of the posts `ids` (ascending), in parts. An id is in `gone` only where that is sure."""
        ...


class Reach(Protocol):
    """A way to reach Telegram: opens a chat by name or number."""

    async def open(self, peer: Peer) -> LiveSource:
        """The chat of `peer`, found and readable. Raises SourceError with the reason where it is not."""
        ...
