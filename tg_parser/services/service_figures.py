"""Figures of sources and jobs for monitoring, with one query per table, however many sources there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from tg_parser.domain.sources import Source
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.cached import CachedValue
from tg_parser.services.views.health import ServiceStatus, SourceHealth
from tg_parser.storage.stores.backlogs import BacklogStorage, Waiting
from tg_parser.storage.stores.job_figures import JobFigures
from tg_parser.storage.stores.sources import IngestionStorage

KEPT_SECONDS = 15.0
MOST_SHARE = 0.05
"""Counting waiting messages reads all messages of an installation: two seconds for a million of them in a file."""


@dataclass(frozen=True, slots=True)
class Backlogs:
    """All sources, and by channel the waiting and failed messages."""

    sources: list[Source]
    waiting: Mapping[str, Waiting]
    failures: Mapping[str, int]


class FiguresService:
    """Figures of sources are up to 15 seconds old, and older with very many messages: see MOST_SHARE."""

    def __init__(
        self,
        sources: IngestionStorage,
        backlogs: BacklogStorage,
        jobs: JobFigures,
        clock: Callable[[], datetime] = utc_now,
        kept: float = KEPT_SECONDS,
    ) -> None:
        self._sources = sources
        self._storage = backlogs
        self._jobs = jobs
        self._clock = clock
        self._backlogs = CachedValue(self._counted, kept, share=MOST_SHARE)

    async def status(self, channels: Collection[str] | None = None) -> ServiceStatus:
        """Return sources by id and jobs by state, optionally of some channels only. Raises StorageError."""
        found = await self.backlogs()
        jobs: dict[str, int] = {}
        for count in await self._jobs.counts(channels):
            jobs[count.state] = jobs.get(count.state, 0) + count.number
        shown = [each for each in found.sources if channels is None or each.channel_id in channels]
        return ServiceStatus(
            timestamp=self._clock(), sources=tuple(_health_of(each, found) for each in shown), jobs=jobs
        )

    async def backlogs(self) -> Backlogs:
        """Return the unfinished work of every source. Raises StorageError."""
        return await self._backlogs.get()

    async def _counted(self) -> Backlogs:
        sources = await self._sources.list_sources()
        return Backlogs(sources, await self._storage.waiting(), await self._storage.failures())


def _health_of(source: Source, found: Backlogs) -> SourceHealth:
    waiting = found.waiting.get(source.channel_id)
    return SourceHealth(
        source_id=source.source_id,
        status=source.status,
        last_success_at=source.last_success_at,
        last_attempt_at=source.last_attempt_at,
        rate_limit_until=source.rate_limit_until,
        backlog=waiting.messages if waiting else 0,
        oldest_due=waiting.oldest if waiting else None,
        failures=found.failures.get(source.channel_id, 0),
        fail_count=source.fail_count,
        last_error=source.last_error,
    )
