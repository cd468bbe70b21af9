"""The stage: fetch, store, then move the cursor. Killed in between, the next run stores again and nothing doubles."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from tg_parser.domain.errors import TgParserError
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.sources import Attempt, Source
from tg_parser.domain.times import utc_now
from tg_parser.ingestion.source import Batch, MessageSource, Window
from tg_parser.storage.ingestion_storage import IngestionStorage
from tg_parser.storage.raw_storage import RawStorage


class Collector:
    """Brings the messages of one source into the raw storage and records the attempt (M5, M9)."""

    def __init__(self, sources: IngestionStorage, raw: RawStorage) -> None:
        self._sources = sources
        self._raw = raw

    async def collect(
        self,
        source: Source,
        stream: MessageSource,
        window: Window,
        counts: Counter[str],
        report: ReportProgress = silent,
    ) -> None:
        """Store everything `stream` gives and add it up in `counts`. An error is recorded, then raised."""
        started = utc_now()
        try:
            async for batch in stream.batches(window):
                await self._store(source, batch, counts)
                report(Progress("ingest", counts["seen"]))
        except TgParserError as error:
            await self._record(source, started, counts, error)
            raise
        await self._record(source, started, counts, None)

    async def _store(self, source: Source, batch: Batch, counts: Counter[str]) -> None:
        stored = await self._raw.store(batch.messages, utc_now())
        posts = [int(message.id) for message in batch.messages if message.message_type == "post"]
        if posts:
            await self._sources.advance_cursor(source.source_id, max(posts), utc_now())
        counts.update(
            seen=len(batch.messages),
            new=stored.inserted,
            revised=stored.revised,
            refreshed=stored.refreshed,
            unchanged=stored.unchanged,
            service=sum(message.service_action is not None for message in batch.messages),
        )
        counts.update({f"skipped:{reason}": number for reason, number in batch.skipped.items()})
        counts.update({f"note:{what}": number for what, number in batch.notes.items()})

    async def _record(
        self, source: Source, started: datetime, counts: Counter[str], error: TgParserError | None
    ) -> None:
        await self._sources.record_attempt(
            Attempt(
                source_id=source.source_id,
                started_at=started,
                finished_at=utc_now(),
                success=error is None,
                error_class=type(error).__name__ if error else None,
                error_message=error.message if error else None,
                counts=dict(counts),
            )
        )
