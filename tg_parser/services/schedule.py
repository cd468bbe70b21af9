"""The schedule: what is due becomes a job, once however many workers keep it and however long none did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tg_parser.config.schedule_settings import ScheduleSettings
from tg_parser.domain.errors import TgParserError
from tg_parser.domain.jobs import Job, JobKind, JsonObject
from tg_parser.domain.schedule import LastRun, next_poll, next_time
from tg_parser.domain.sources import Source
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.jobs import Asking, JobService
from tg_parser.services.sources import SourceService
from tg_parser.storage.stores.schedule import ScheduleStorage

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=30)
AT_ONCE = 50
"""Jobs that one tick asks for at most: after an outage the sources come one batch after another."""
_SCHEDULER = Asking(asked_by="scheduler")
_BY_CRON = frozenset({"cleanup", "backup"})
_SKIPPED: dict[str, list[str]] = {"process": ["topicize", "export"], "topicize": ["export"]}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is done regularly: which job, and when it was and will be asked for."""

    name: str
    kind: JobKind
    parameters: JsonObject
    next_at: datetime
    last: LastRun | None = None


class ScheduleService:
    """Knows what is due, and asks for it."""

    def __init__(
        self,
        settings: ScheduleSettings,
        storage: ScheduleStorage,
        sources: SourceService,
        jobs: JobService,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._sources = sources
        self._jobs = jobs
        self._clock = clock

    async def entries(self) -> list[Entry]:
        """What is done regularly, what comes next first."""
        last = await self._storage.last_runs()
        found = self._by_cron(last) + self._polls(await self._sources.list(), last)
        return sorted(found, key=lambda each: (each.next_at, each.name))

    async def tick(self) -> list[Job]:
        """Ask for what is due, where it is this worker's turn; the jobs."""
        now = self._clock()
        if not await self._storage.take_tick(now, TICK):
            return []
        entries = await self.entries()
        for new in entries:
            if new.last is None and new.kind in _BY_CRON:
                # Its times count from now on: what would have been due before is not made up for.
                await self._storage.note(new.name, LastRun(now))
        due = [each for each in entries if each.next_at <= now]
        made = [await self._asked(each, now) for each in due[:AT_ONCE]]
        return [job for job in made if job is not None]

    async def _asked(self, entry: Entry, now: datetime) -> Job | None:
        """The job of an entry; asked for a second time because of a crash in between, it is the same."""
        try:
            job = await self._jobs.submit(entry.kind, entry.parameters, _SCHEDULER)
        except TgParserError as error:
            log.warning("what is due cannot be asked for", entry=entry.name, reason=error.message)
            return None
        await self._storage.note(entry.name, LastRun(now, job.job_id))
        return job

    def _by_cron(self, last: Mapping[str, LastRun]) -> list[Entry]:
        now = self._clock()
        return [
            Entry(kind, kind, {}, next_time(cron, last[kind].at if kind in last else now), last.get(kind))
            for kind, cron in self._crons()
            if cron is not None
        ]

    def _crons(self) -> tuple[tuple[JobKind, str | None], ...]:
        return ("cleanup", self._settings.cleanup), ("backup", self._settings.backup)

    def _polls(self, sources: Sequence[Source], last: Mapping[str, LastRun]) -> list[Entry]:
        found = []
        for source in sources:
            name = f"source:{source.source_id}"
            asked = last.get(name)
            at = next_poll(source, asked.at if asked else None, timedelta(seconds=self._settings.interval))
            if at is not None:
                found.append(Entry(name, *self._work_on(source.source_id), at, asked))
        return found

    def _work_on(self, source_id: str) -> tuple[JobKind, JsonObject]:
        if self._settings.steps == "ingest":
            return "ingest", {"source": source_id}
        return "run", {"source": source_id, "skip": _SKIPPED[self._settings.steps]}
