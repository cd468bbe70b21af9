"""Processes the waiting messages of channels; several processes can share the work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from tg_parser.domain.progress import ProgressParts, ReportProgress, silent
from tg_parser.processing.processor import ProcessOptions, Processor, ProcessReport
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.documents import ProcessingStorage

__all__ = ["DocumentService", "ProcessOptions", "ProcessReport"]


class DocumentService:
    """Creates documents from waiting messages."""

    def __init__(self, processor: Processor, documents: ProcessingStorage, locks: Locks) -> None:
        self._processor = processor
        self._documents = documents
        self._locks = locks

    async def process(
        self, channel_ids: Sequence[str], options: ProcessOptions, report: ReportProgress = silent
    ) -> ProcessReport:
        """Process the waiting messages of `channel_ids` that no other process is working on.

        Only one process per channel may repeat work (`force`, `retry_failed`); a second one gets BusyError.
        """
        done = ProcessReport()
        parts = ProgressParts(
            report, len(channel_ids), {"process": await self.count_waiting_each(channel_ids, options)}
        )
        for channel_id in channel_ids:
            async with AsyncExitStack() as held:
                if options.force or options.retry_failed:
                    await held.enter_async_context(self._locks.exclusive(f"process:{channel_id}"))
                done += await self._processor.run(channel_id, options, parts.next())
        return done

    async def count_waiting(self, channel_ids: Sequence[str], options: ProcessOptions) -> int:
        """Return how many messages `process` would handle."""
        return sum(await self.count_waiting_each(channel_ids, options))

    async def count_waiting_each(self, channel_ids: Sequence[str], options: ProcessOptions) -> list[int]:
        """Return the same per channel, in the given order."""
        return [
            await self._documents.count_waiting(channel_id, force=options.force, retry_failed=options.retry_failed)
            for channel_id in channel_ids
        ]
