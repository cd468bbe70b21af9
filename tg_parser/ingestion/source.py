"""The ports: where messages come from. One implementation a way to reach Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from tg_parser.domain.messages import Adapter, Chat, RawMessage
from tg_parser.domain.peers import Peer


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in the order of their ids. `skipped` counts elements that are not messages, by reason; `notes`
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
    """What Telegram shows now of messages that were asked for by id: as they are, or `gone`. Of `asked` messages
    neither may be sure."""

    messages: list[RawMessage]
    gone: list[int]
    asked: int


class ChatSource(MessageSource, Protocol):
    """A chat that can be asked again about messages it has shown before."""

    def shown(self, ids: Sequence[int]) -> AsyncIterator[Shown]:
        """Yield the current posts of `ids` (ascending), in parts. An id is in `gone` only if that is certain."""
        ...


@runtime_checkable
class CommentedSource(ChatSource, Protocol):
    """A channel whose posts can be commented in a discussion group.

    `first_group` is the bare id of the channel's first group, whose comments are known by their number alone.
    """

    async def discussion_group(self) -> str | None:
        """The bare id of the group where posts are commented now; None without one that may be read."""
        ...

    async def reply_counts(self, ids: Sequence[int]) -> dict[int, int]:
        """How many comments Telegram counts under the posts `ids`, without their texts. Raises SourceError."""
        ...

    def comments(self, post_id: int, after_id: int, first_group: str) -> AsyncIterator[Batch]:
        """The comments under a post after the comment `after_id`, oldest first. Raises SourceError."""
        ...

    def comments_shown(self, thread_of: Mapping[int, int], first_group: str) -> AsyncIterator[Shown]:
        """What there is now of the group's comments whose posts `thread_of` tells. Raises SourceError."""
        ...


class ChatOpener(Protocol):
    """A way to reach Telegram: opens a chat by name or number."""

    def open(self, peer: Peer) -> AbstractAsyncContextManager[ChatSource]:
        """Yield the chat of `peer`, readable for the duration of the block. Raises SourceError if it is not."""
        ...
