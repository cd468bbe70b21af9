"""What is read from, and which channels may be seen: the one place that says so."""

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
"""How many items a stream reads at once."""


@dataclass(frozen=True, slots=True)
class Access:
    """The stores, and the channels that may be seen: what belongs to another one is as if it did not exist.

    `allowed` None is all. A topic may be seen where all its messages may be.
    """

    sources: SourceService
    raw: RawStorage
    messages: MessageReading
    documents: ProcessingStorage
    topics: TopicStorage
    allowed: frozenset[str] | None = None

    def allows(self, channel_id: str) -> bool:
        """Whether what belongs to a channel may be seen."""
        return self.allowed is None or channel_id in self.allowed

    def narrowed(self, channel_ids: Sequence[str] | None) -> tuple[str, ...] | None:
        """Those of the channels that may be seen; None is all."""
        if self.allowed is None:
            return None if channel_ids is None else tuple(channel_ids)
        return tuple(sorted(self.allowed if channel_ids is None else self.allowed.intersection(channel_ids)))

    async def addresses(self, channel_ids: Collection[str]) -> dict[str, ChatAddress]:
        """What links need to know, by channel id."""
        return await self.sources.addresses(channel_ids) if channel_ids else {}

    async def require_topic(self, topic_id: str) -> None:
        """Raise NotFoundError where there is no such topic, or it may not be seen."""
        if topic_id not in await self.topics.titles([topic_id], self.allowed):
            raise NotFoundError(f"There is no topic {topic_id!r}.", case="no_topic", topic_id=topic_id)

    async def topics_of(self, refs: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the topics of messages, by ref."""
        return await self.topics.topics_of(refs, self.allowed)
