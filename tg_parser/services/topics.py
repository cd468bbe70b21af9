"""Finds the topics of channels, one process at a time, and lists them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from tg_parser.domain.progress import ReportProgress, silent
from tg_parser.domain.topics import TopicCard
from tg_parser.services.sources import SourceService
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer, TopicizeReport

__all__ = ["TopicService", "TopicizeReport"]


class TopicService:
    """Updates topics and shows them."""

    def __init__(self, topicizer: Topicizer, topics: TopicStorage, sources: SourceService, locks: Locks) -> None:
        self._topicizer = topicizer
        self._sources = sources
        self._topics = topics
        self._locks = locks

    async def topicize(
        self,
        channel_ids: Sequence[str],
        options: TopicOptions,
        *,
        force: bool = False,
        dry_run: bool = False,
        report: ReportProgress = silent,
    ) -> TopicizeReport:
        """Find the topics of `channel_ids` as one corpus. Raises BusyError if another process works on one of them."""
        async with AsyncExitStack() as held:
            for channel_id in sorted(channel_ids):
                await held.enter_async_context(self._locks.exclusive(f"topicize:{channel_id}"))
            named = replace(options, avoid=await self._sources.names(channel_ids))
            return await self._topicizer.run(channel_ids, named, force=force, dry_run=dry_run, report=report)

    async def cards(self, channel_ids: Sequence[str]) -> list[TopicCard]:
        """Return the active topics of channels, by id."""
        return await self._topics.cards(channel_ids=channel_ids)
