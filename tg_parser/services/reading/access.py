"""The stores to read from and the channels that may be read; the only place that decides this."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tg_parser.domain.errors import NotFoundError
from tg_parser.export.links import ChatAddress
from tg_parser.services.sources import SourceService
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.message_reading import MessageReading
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicStorage

AT_ONCE = 500
"""How many items a stream reads at a time."""


@dataclass(frozen=True, slots=True)
class Access:
    """The stores, and the channels a caller may read; other channels are treated as if they did not exist.

    `allowed` None means all. A topic may be read if all its messages may be read.
    """

    sources: SourceService
    raw: RawStorage
    messages: MessageReading
    documents: ProcessingStorage
    topics: TopicStorage
    allowed: frozenset[str] | None = None

    def allows(self, channel_id: str) -> bool:
        """Return whether the data of a channel may be read."""
        return self.allowed is None or channel_id in self.allowed

    def narrowed(self, channel_ids: Sequence[str] | None) -> tuple[str, ...] | None:
        """Return the given channels that may be read; None means all."""
        if self.allowed is None:
            return None if channel_ids is None else tuple(channel_ids)
        return tuple(sorted(self.allowed if channel_ids is None else self.allowed.intersection(channel_ids)))

    async def addresses(self, channel_ids: Collection[str]) -> dict[str, ChatAddress]:
        """Return the addresses needed for links, by channel id."""
        return await self.sources.addresses(channel_ids) if channel_ids else {}

    async def require_topic(self, topic_id: str) -> None:
        """Raise NotFoundError if the topic does not exist or may not be read."""
        if topic_id not in await self.topics.titles([topic_id], self.allowed):
            raise NotFoundError(f"There is no topic {topic_id!r}.", case="no_topic", topic_id=topic_id)

    async def topics_of(self, refs: Sequence[str]) -> dict[str, list[str]]:
        """Return the topic ids of messages, by ref."""
        return await self.topics.topics_of(refs, self.allowed)
