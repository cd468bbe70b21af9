"""The schedule: creates jobs when they are due, exactly once, however many workers there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tg_parser.config.schedule_settings import ScheduleSettings
from tg_parser.domain.errors import TgParserError
from tg_parser.domain.jobs import Job, JobKind, JsonObject
from tg_parser.domain.schedule import LastRun, next_poll, next_time
from tg_parser.domain.sources import Source, Steps
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.jobs import Asking, JobService
from tg_parser.services.sources import SourceService
from tg_parser.storage.stores.schedule import ScheduleStorage

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=30)
AT_ONCE = 50
"""Maximum number of jobs per tick, so that after an outage sources are polled in batches."""
_SCHEDULER = Asking(asked_by="scheduler")
_BY_CRON = frozenset({"cleanup", "backup"})
_WORK: dict[Steps, tuple[JobKind, JsonObject]] = {
    "ingest": ("ingest", {}),
    "process": ("run", {"skip": ["topicize", "export"]}),
    "topicize": ("run", {"skip": ["export"]}),
}


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """Regular work: the kind of job, when it last ran and will run next, and for a source the last stage."""

    name: str
    kind: JobKind
    parameters: JsonObject
    next_at: datetime
    last: LastRun | None = None
    steps: Steps | None = None


class ScheduleService:
    """Knows which jobs are due, and submits them."""

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

    async def entries(self) -> list[ScheduleEntry]:
        """Return all regular work, next run first."""
        last = await self._storage.last_runs()
        found = self._by_cron(last) + self._polls(await self._sources.list(), last)
        return sorted(found, key=lambda each: (each.next_at, each.name))

    async def tick(self) -> list[Job]:
        """Submit due jobs if it is this worker's turn; return them."""
        now = self._clock()
        if not await self._storage.take_tick(now, TICK):
            return []
        made = [await self._asked(each, now) for each in await self._due_by_cron(now)]
        while len(made) < AT_ONCE and (sources := await self._sources.due(now, AT_ONCE)):
            made += [await self._asked(each, now) for each in await self._due_polls(sources, now)]
        return [job for job in made if job is not None]

    async def _due_by_cron(self, now: datetime) -> list[ScheduleEntry]:
        entries = self._by_cron(await self._storage.last_runs(_BY_CRON))
        for new in entries:
            if new.last is None:
                # First seen now: runs before this moment are not made up for.
                await self._storage.note(new.name, LastRun(now))
        return [each for each in entries if each.next_at <= now]

    async def _due_polls(self, sources: Sequence[Source], now: datetime) -> list[ScheduleEntry]:
        """Return the due polls of `sources`, and set when each source has to be checked next."""
        last = await self._storage.last_runs([_name(each) for each in sources])
        due = [each for each in self._polls(sources, last) if each.next_at <= now]
        asked = {each.name for each in due}
        moments = {each.source_id: self._next(each, now if _name(each) in asked else None, last) for each in sources}
        await self._sources.set_next_polls({name: at for name, at in moments.items() if at is not None})
        return due

    async def _asked(self, entry: ScheduleEntry, now: datetime) -> Job | None:
        """Submit the job of an entry; after a crash in between, the same job is returned."""
        try:
            job = await self._jobs.submit(entry.kind, entry.parameters, _SCHEDULER)
        except TgParserError as error:
            log.warning("a scheduled job cannot be created", entry=entry.name, reason=error.message)
            return None
        await self._storage.note(entry.name, LastRun(now, job.job_id))
        return job

    def _by_cron(self, last: Mapping[str, LastRun]) -> list[ScheduleEntry]:
        now = self._clock()
        return [
            ScheduleEntry(kind, kind, {}, next_time(cron, last[kind].at if kind in last else now), last.get(kind))
            for kind, cron in self._crons()
            if cron is not None
        ]

    def _crons(self) -> tuple[tuple[JobKind, str | None], ...]:
        return ("cleanup", self._settings.cleanup), ("backup", self._settings.backup)

    def _polls(self, sources: Sequence[Source], last: Mapping[str, LastRun]) -> list[ScheduleEntry]:
        moments = [(each, self._next(each, None, last)) for each in sources]
        return [self._poll(each, at, last.get(_name(each))) for each, at in moments if at is not None]

    def _next(self, source: Source, asked_at: datetime | None, last: Mapping[str, LastRun]) -> datetime | None:
        """Return the next poll of a source last polled at `asked_at`, or else as recorded in `last`."""
        known = last.get(_name(source))
        asked_at = asked_at or (known.at if known else None)
        return next_poll(source, asked_at, timedelta(seconds=self._settings.interval))

    def _poll(self, source: Source, at: datetime, last: LastRun | None) -> ScheduleEntry:
        steps = source.steps or self._settings.steps
        kind, more = _WORK[steps]
        return ScheduleEntry(_name(source), kind, {"source": source.source_id, **more}, at, last, steps)


def _name(source: Source) -> str:
    return f"source:{source.source_id}"
