"""The collect stage: fetch, store, then move the cursor. The next run after a kill repeats, without duplicates."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from tg_parser.domain.backlog import Backlog
from tg_parser.domain.messages import RawMessage, begins_its_chat
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.sources import Source
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.raw_writer import RawWriter
from tg_parser.ingestion.source import Batch, MessageSource, Window
from tg_parser.observability.tracing import span
from tg_parser.storage.stores.comments import CommentStorage
from tg_parser.storage.stores.sources import IngestionStorage


class Collector:
    """Stores the messages of one source as raw messages."""

    def __init__(self, sources: IngestionStorage, comments: CommentStorage, raw_writer: RawWriter) -> None:
        self._sources = sources
        self._comments = comments
        self._raw_writer = raw_writer

    async def collect(
        self,
        source: Source,
        stream: MessageSource,
        window: Window,
        counts: Counter[str],
        report: ReportProgress = silent,
    ) -> None:
        """Store the messages of `stream` that are in `window` and add the totals to `counts`.

        A window with `after_id` is incremental; one without is a snapshot, which ignores the cursor.
        """
        with span("collect", source_id=source.source_id) as attributes:
            if not stream.newest_first:
                await self._forward(source, stream, window, counts, report)
            elif window.after_id is None:
                await self._whole(source, stream, window, counts, report)
            else:
                await self._backward(source, stream, window, counts, report)
            attributes.tell(messages_seen=counts["seen"], messages_new=counts["new"])

    async def _forward(
        self, source: Source, stream: MessageSource, window: Window, counts: Counter[str], report: ReportProgress
    ) -> None:
        """Read in ascending id order. Ids below the first post stay open unless proven stored: domain/backlog.py."""
        lowest = (window.after_id or 0) + 1 if stream.follows_cursor else None
        async with aclosing(_one_ahead(stream.batches(window))) as batches:
            async for batch in batches:
                await self._store(source, batch, counts, report)
                if posts := _post_ids(batch.messages):
                    if lowest is None:
                        lowest = 1 if begins_its_chat(batch.messages[0]) else min(posts)
                    await self._sources.cover(source.source_id, lowest, max(posts), utc_now())

    async def _backward(
        self, source: Source, stream: MessageSource, window: Window, counts: Counter[str], report: ReportProgress
    ) -> None:
        """Read newest first: ids that are not reached yet stay an open range, and the cursor stays below it."""
        backlog = Backlog.of(source.newest_post_id, source.open_ranges, source.last_post_id)
        for within in backlog.to_read():
            left = None if window.limit is None else window.limit - counts["seen"]
            if left == 0:
                return
            wanted = replace(window, after_id=within.after_id, before_id=within.before_id, limit=left)
            async with aclosing(_one_ahead(stream.batches(wanted))) as batches:
                async for batch in batches:
                    await self._store(source, batch, counts, report)
                    if posts := _post_ids(batch.messages):
                        backlog = backlog.stored(within, min(posts), max(posts))
                        await self._sources.save_backlog(source.source_id, backlog, utc_now())
            if window.limit is None or counts["seen"] < window.limit:
                backlog = backlog.closed(within)
                await self._sources.save_backlog(source.source_id, backlog, utc_now())

    async def _whole(
        self, source: Source, stream: MessageSource, window: Window, counts: Counter[str], report: ReportProgress
    ) -> None:
        """A snapshot of a chat that is read newest first: the cursor moves only after everything is stored."""
        newest = 0
        async with aclosing(_one_ahead(stream.batches(window))) as batches:
            async for batch in batches:
                await self._store(source, batch, counts, report)
                newest = max(newest, *_post_ids(batch.messages), 0)
        if newest and (window.limit is None or counts["seen"] < window.limit):
            await self._sources.save_backlog(source.source_id, Backlog(newest), utc_now())

    async def _store(self, source: Source, batch: Batch, counts: Counter[str], report: ReportProgress) -> None:
        await self._raw_writer.store(source, batch.messages, counts)
        if source.include_comments and batch.reply_counts:
            await self._comments.note_counts(source.source_id, batch.reply_counts, utc_now())
        counts.update({f"skipped:{reason}": number for reason, number in batch.skipped.items()})
        counts.update({f"note:{what}": number for what, number in batch.notes.items()})
        report(Progress("ingest", counts["seen"]))


def _post_ids(messages: list[RawMessage]) -> list[int]:
    return [int(message.id) for message in messages if message.message_type == "post"]


async def _one_ahead(batches: AsyncIterator[Batch]) -> AsyncGenerator[Batch, None]:
    """Yields `batches`; while one is being stored, the next is already being fetched."""
    coming = asyncio.ensure_future(anext(batches, None))
    try:
        while (batch := await coming) is not None:
            coming = asyncio.ensure_future(anext(batches, None))
            yield batch
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        if isinstance(batches, AsyncGenerator):
            await batches.aclose()
