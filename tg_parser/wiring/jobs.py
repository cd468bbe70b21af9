"""Builds jobs for an application: the service, and the runner that fits the database."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tg_parser.services.job_files import JobFiles
from tg_parser.services.jobs import JobService
from tg_parser.storage.engine.engine_factory import create_engine_from_settings
from tg_parser.storage.engine.postgres_address import conninfo
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.jobs import JobStorage
from tg_parser.wiring.event_loop import loop_factory

if TYPE_CHECKING:
    from tg_parser.config.settings import Settings
    from tg_parser.jobs.execution import JobExecutor, JobFunction
    from tg_parser.jobs.runner import JobRunner
    from tg_parser.services.schedule import ScheduleService
    from tg_parser.wiring.app import App


@dataclass(frozen=True, slots=True)
class Jobs:
    """The service for jobs, and optionally a runner in this process."""

    service: JobService
    runner: JobRunner
    executor: JobExecutor


def jobs_over(app: App, *, concurrency: int | None = None, queues: Sequence[str] = ()) -> Jobs:
    """Return the jobs of an application; `queues` are the kinds that this process runs, all if empty."""
    # Commands that only submit jobs need not load what runs them.
    from tg_parser.jobs.embedded import EmbeddedRunner  # noqa: PLC0415
    from tg_parser.jobs.execution import JobExecutor  # noqa: PLC0415
    from tg_parser.jobs.heart import Heart  # noqa: PLC0415
    from tg_parser.jobs.runner import RunnerOptions  # noqa: PLC0415
    from tg_parser.wiring.job_work import JobWork  # noqa: PLC0415
    from tg_parser.wiring.webhooks import webhook_delivery  # noqa: PLC0415

    settings = app.settings
    on_server = settings.database.type == "postgresql"
    storage = _storage(app, on_server=on_server)
    asked = _Bell()
    service = JobService(storage, app.sources, asked.ring)
    files = JobFiles(settings.jobs.exports_dir, storage)
    work: dict[str, JobFunction] = {
        kind: do
        for kind, do in JobWork(app, service, files, webhook_delivery(app, storage)).by_kind().items()
        if not queues or kind in queues
    }
    executor = JobExecutor(storage, work, _worker_name(), settings.jobs.longest)
    options = RunnerOptions(
        concurrency=concurrency or settings.jobs.concurrency,
        takeover_after=settings.jobs.takeover_after,
        grace=settings.jobs.grace,
        give_up_after=settings.jobs.give_up_after,
        longest=settings.jobs.longest,
    )
    heart = Heart(
        lambda: _storage_of_one(settings), min(5.0, settings.jobs.takeover_after / 6), loop_factory(sys.platform)
    )
    if on_server:
        # Only workers on PostgreSQL need the queue, which takes a while to load.
        from tg_parser.jobs.procrastinate_app import ProcrastinateRunner  # noqa: PLC0415

        runner = ProcrastinateRunner(
            conninfo(settings.database),
            storage,
            executor,
            heart,
            options,
            queues=sorted(work),
            listen=not settings.database.transaction_pooler,
        )
        return Jobs(service, runner, executor)
    embedded = EmbeddedRunner(storage, executor, app.shared.databases.locks, heart, options)
    asked.then(embedded.look_now)
    return Jobs(service, embedded, executor)


def job_files(app: App) -> JobFiles:
    """Return the files written by jobs."""
    return JobFiles(app.settings.jobs.exports_dir, _storage(app, on_server=False))


def job_service(app: App) -> JobService:
    """Return a job service for processes that submit jobs without running them."""
    return JobService(job_storage(app), app.sources, lambda: None)


def schedule_service(app: App, jobs: JobService) -> ScheduleService:
    """Return the schedule, which submits its jobs to `jobs`."""
    from tg_parser.services.schedule import ScheduleService  # noqa: PLC0415 - as above
    from tg_parser.storage.stores.schedule import ScheduleStorage  # noqa: PLC0415

    return ScheduleService(app.settings.schedule, ScheduleStorage(app.shared.databases.processing), app.sources, jobs)


@asynccontextmanager
async def schedule_kept(app: App, jobs: JobService) -> AsyncIterator[None]:
    """For the duration of the block, notify webhooks of failed sources, and with SCHEDULER_ENABLED submit due
    jobs."""
    from tg_parser.jobs.runner import regularly  # noqa: PLC0415 - as above
    from tg_parser.services.schedule import TICK  # noqa: PLC0415
    from tg_parser.wiring.webhooks import LOOK_SECONDS, source_failures  # noqa: PLC0415

    schedule = schedule_service(app, jobs)

    async def tick() -> None:
        await schedule.tick()

    async with AsyncExitStack() as kept:
        await kept.enter_async_context(regularly(source_failures(app).tell, LOOK_SECONDS))
        if app.settings.schedule.enabled:
            await app.sources.forget_next_polls()
            await kept.enter_async_context(regularly(tick, TICK.total_seconds() / 2))
        yield


class _Bell:
    def __init__(self) -> None:
        self._heard: Callable[[], None] = lambda: None

    def then(self, heard: Callable[[], None]) -> None:
        self._heard = heard

    def ring(self) -> None:
        self._heard()


def job_storage(app: App) -> JobStorage:
    """Return the job storage of an application; new jobs are delivered to workers."""
    return _storage(app, on_server=app.settings.database.type == "postgresql")


def _storage(app: App, *, on_server: bool) -> JobStorage:
    if not on_server:
        return JobStorage(app.shared.databases.processing)
    from tg_parser.jobs.procrastinate_app import deliver  # noqa: PLC0415 - as above

    return JobStorage(app.shared.databases.processing, deliver)


@asynccontextmanager
async def _storage_of_one(settings: Settings) -> AsyncIterator[JobStorage]:
    """Yield a job storage on a separate connection."""
    small = settings.database.model_copy(update={"pool_size": 1, "max_overflow": 0})
    engine = create_engine_from_settings(settings.model_copy(update={"database": small}), "processing")
    database = Database("processing", engine, retry=settings.retry)
    try:
        yield JobStorage(database)
    finally:
        await database.close()


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
