"""Reads the figures behind the state metrics: one query for all scrapes, with a time limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from tg_parser.domain.errors import TgParserError
from tg_parser.domain.sources import Source
from tg_parser.domain.spending import NANO
from tg_parser.domain.utc_time import utc_now
from tg_parser.observability.state import JobsFigures, SourceFigures, StateCollector, StateFigures
from tg_parser.services.cached import CachedValue, answered_within
from tg_parser.services.service_figures import Backlogs, FiguresService
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.job_figures import JobCount, JobFigures
from tg_parser.storage.stores.llm_spending import SpendingStorage

KEPT_SECONDS = 15.0
DATABASE_SECONDS, SCRAPE_SECONDS = 1.5, 5.0
"""Seconds for the database to respond at all, and to count; Prometheus waits for ten seconds."""

ReadMoment = Callable[[], Awaitable[datetime | None]]


class StateMetrics:
    """Keeps a collector's figures up to date. `last_backup` and `last_takeover` return the time of those events."""

    def __init__(
        self,
        collector: StateCollector,
        database: Database,
        figures: FiguresService,
        monthly_budget: float | None,
        *,
        last_backup: ReadMoment,
        last_takeover: ReadMoment,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._collector = collector
        self._database = database
        self._figures = figures
        self._jobs = JobFigures(database)
        self._spending = SpendingStorage(database)
        self._monthly_budget = monthly_budget
        self._last_backup = last_backup
        self._last_takeover = last_takeover
        self._clock = clock
        self._state = CachedValue(self._read, KEPT_SECONDS)

    async def refresh(self) -> None:
        """Update the collector; if counting takes too long, it keeps the last figures and their time."""
        shown = self._collector
        try:
            shown.figures, shown.up = await answered_within(SCRAPE_SECONDS, self._state.get()), True
        except TgParserError:
            shown.figures, shown.up = None, False
        except TimeoutError:
            # Either the database did not respond and the query has ended, or it is still counting.
            shown.up = self._state.is_looking
            shown.figures = shown.figures if shown.up else None

    async def _read(self) -> StateFigures:
        await answered_within(DATABASE_SECONDS, self._database.ping())
        now = self._clock()
        found = await self._figures.backlogs()
        spent = await self._spending.month_nanousd(f"{now:%Y-%m}") / NANO
        budget = self._monthly_budget
        return StateFigures(
            read_at=now.timestamp(),
            sources=[_source_figures(each, found, now) for each in found.sources],
            jobs=[_jobs_figures(each, now) for each in await self._jobs.counts()],
            month_cost=spent,
            budget_left=None if budget is None else max(0.0, budget - spent),
            last_backup=_stamp(await self._last_backup()),
            last_takeover=_stamp(await self._last_takeover()),
        )


def _source_figures(source: Source, found: Backlogs, now: datetime) -> SourceFigures:
    waiting = found.waiting.get(source.channel_id)
    is_polled = source.status != "paused" and source.via != "export"
    return SourceFigures(
        name=source.source_id,
        status=source.status,
        lag=_age(source.last_success_at or source.created_at, now) if is_polled else None,
        backlog=waiting.messages if waiting else 0,
        oldest=_age(waiting.oldest, now) if waiting else 0.0,
        failed_messages=found.failures.get(source.channel_id, 0),
        failed_attempts=source.fail_count,
    )


def _jobs_figures(count: JobCount, now: datetime) -> JobsFigures:
    oldest = None if count.oldest is None else _age(count.oldest, now)
    return JobsFigures(count.kind, count.state, count.number, oldest)


def _age(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())


def _stamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
