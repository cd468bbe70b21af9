"""Runs jobs in any number of processes and machines on PostgreSQL: procrastinate notifies workers of ready jobs.

The table of jobs alone decides what may run. A delivery that arrives twice, too late, or for a job cancelled
in the meantime does no harm, and a lost one is made again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import procrastinate
import psycopg
import psycopg_pool
import stamina
import structlog
from procrastinate import exceptions
from procrastinate.jobs import Job as Delivery
from procrastinate.jobs import Notification, Status
from procrastinate.manager import NotificationCallback
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import StorageUnavailableError
from tg_parser.domain.jobs import PASSED_ON_FOR, Job
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.execution import JobExecutor
from tg_parser.jobs.heart import Heart
from tg_parser.jobs.runner import RunnerOptions, fail_stuck, regularly, take_over, until_set
from tg_parser.storage.stores.jobs import JobStorage

log = structlog.get_logger(__name__)

TASK = "tg_parser.run_job"
_REDELIVERED_AT_A_TIME = 100
_CLOSING_SECONDS, _ENDING_SECONDS = 5.0, 30.0
"""Time for the queue to close and for jobs to end cleanly after their grace time."""
_CONNECTION_SECONDS = 5.0
"""How long a worker waits for a connection to the queue; meanwhile it receives no notifications."""
_BETWEEN_SECONDS = 0.2
"""Pause between the end of one connection to the queue and the next."""
_FORGET_DELIVERIES_OF_DEAD_WORKERS = "DELETE FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL"
_DELETED_EVERY_SECONDS = 0.5
_DELETE_DELIVERIES = "DELETE FROM procrastinate_jobs WHERE id = ANY(%(ids)s)"
_AWAY = (exceptions.ConnectorException, psycopg.Error, OSError)


async def deliver(conn: AsyncConnection, jobs: Sequence[Job]) -> None:
    """Notify workers of jobs in the transaction of `conn`: job and delivery appear together or not at all."""
    driver = (await conn.get_raw_connection()).driver_connection
    manager = procrastinate.manager.JobManager(_CONNECTOR)
    await manager.batch_defer_jobs_async([_delivery(job) for job in jobs], connection=driver)


def _delivery(job: Job) -> Delivery:
    return Delivery(
        id=None,
        queue=job.kind,
        lock=None,
        queueing_lock=None,
        task_name=TASK,
        task_kwargs={"job_id": job.job_id},
        scheduled_at=job.run_at,
    )


async def _autocommit(conn: psycopg.AsyncConnection[Any]) -> None:
    """Let each statement of procrastinate commit by itself; explicit transactions would cost two round trips each."""
    await conn.set_autocommit(True)


def _unchecked(**options: Any) -> psycopg_pool.AsyncConnectionPool:
    """Skip the check before each query: when a connection breaks, the whole queue is reopened."""
    return psycopg_pool.AsyncConnectionPool(**options | {"check": None})


class Deliveries(procrastinate.manager.JobManager):
    """Looks again if a delivery arrived during a look, and deletes finished deliveries in batches.

    A delivery that remains does no harm: its job has started.
    """

    def __init__(self, connector: procrastinate.connector.BaseConnector) -> None:
        super().__init__(connector)
        self._told = False
        self._done_with: list[int] = []

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Delivery | None:
        """Return the next delivery, even one that arrives during the look: the worker forgets earlier notifications."""
        self._told = True
        while self._told:
            self._told = False
            if (delivery := await super().fetch_job(queues, worker_id)) is not None:
                return delivery
        return None

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Notify the worker of deliveries, and remember that there are some."""

        async def told(*, channel: str, notification: Notification) -> None:
            self._told = True
            await on_notification(channel=channel, notification=notification)

        await super().listen_for_jobs(on_notification=told, queues=queues)

    async def finish_job(self, job: Delivery, status: Status, delete_job: bool) -> None:  # noqa: ARG002 - the base's
        """Record that a worker has finished with a delivery, whatever the outcome."""
        if job.id is not None:
            self._done_with.append(job.id)

    @contextlib.asynccontextmanager
    async def deleted(self) -> AsyncIterator[None]:
        """Delete finished deliveries within the block and at its end."""
        async with regularly(self._delete, _DELETED_EVERY_SECONDS):
            yield
        await self._delete()

    async def _delete(self) -> None:
        ids, self._done_with = self._done_with, []
        if ids:
            with contextlib.suppress(*_AWAY):
                await self.connector.execute_query_async(_DELETE_DELIVERIES, ids=ids)


_CONNECTOR = procrastinate.PsycopgConnector()
"""Never opened: it only provides methods for a connection passed to it."""


class ProcrastinateRunner:
    """A worker of the queue, which reopens its connection with growing pauses after the server was away."""

    def __init__(
        self,
        conninfo: str,
        storage: JobStorage,
        executor: JobExecutor,
        heart: Heart,
        options: RunnerOptions,
        *,
        queues: Sequence[str] | None = None,
        listen: bool = True,
    ) -> None:
        """`queues` are kinds of jobs; None means all. Without `listen`, as behind a transaction pooler, the worker
        polls for jobs."""
        self._conninfo = conninfo
        self._storage = storage
        self._executor = executor
        self._heart = heart
        self._options = options
        self._listen = listen
        self._queues: dict[str, Any] = {"queues": list(queues)} if queues else {}

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop` is set. If the server stays away, set it and raise StorageUnavailableError."""
        looks = min(10.0, self._options.takeover_after / 3)
        async with self._heart.beating(self._executor), regularly(self._look_after_others, looks):
            work, stopped = asyncio.create_task(self._work_again_and_again(stop)), asyncio.create_task(stop.wait())
            gone = asyncio.create_task(self._server_gone())
            try:
                await asyncio.wait({work, stopped, gone}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    stop.set()
                # It ends by itself, unless the server is away at that moment.
                ending = self._options.grace + _ENDING_SECONDS if self._executor.running else 0
                await asyncio.wait({work}, timeout=ending + _CLOSING_SECONDS)
            finally:
                for task in (stopped, gone, work):
                    task.cancel()
                await asyncio.wait({work})
            if not work.cancelled():
                work.result()
            if not gone.cancelled():
                gone.result()

    async def _server_gone(self) -> None:
        """Raise an error when the server has been away for too long, so that the service manager notices."""
        await self._heart.silent_for(self._options.give_up_after)
        raise StorageUnavailableError(
            f"The database has not answered for {self._options.give_up_after:g} seconds, so the worker ends.",
            "Start the server, then the worker. WORKER_GIVE_UP_SECONDS says how long a worker waits.",
        )

    async def _work_again_and_again(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            # Pauses grow while the server is away, and start over with each outage.
            async for attempt in stamina.retry_context(on=_AWAY, attempts=None, timeout=None, wait_max=30.0):
                with attempt:
                    if not stop.is_set():
                        await self._work(stop)
            await until_set(stop, _BETWEEN_SECONDS)

    async def _work(self, stop: asyncio.Event) -> None:
        """Work until the queue is closed by `stop` or by a lost server, after which procrastinate returns."""
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=self._conninfo,
                min_size=1,
                max_size=3,
                timeout=_CONNECTION_SECONDS,
                configure=_autocommit,
                pool_factory=_unchecked,
            )
        )
        app.job_manager = deliveries = Deliveries(app.connector)

        @app.task(name=TASK)
        async def run_job(job_id: str) -> None:
            job = await self._storage.begin(self._executor.worker, utc_now(), kinds=self._executor.kinds, job_id=job_id)
            if job is not None:
                await self._executor.execute(job)

        async with app.open_async(), deliveries.deleted():
            await app.connector.execute_query_async(_FORGET_DELIVERIES_OF_DEAD_WORKERS)
            work = asyncio.create_task(
                app.run_worker_async(
                    **self._queues,
                    name=self._executor.worker,
                    concurrency=self._options.concurrency,
                    fetch_job_polling_interval=self._options.look_every,
                    shutdown_graceful_timeout=self._options.grace,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    listen_notify=self._listen,
                )
            )
            with _cancelled_when(stop, work), contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(asyncio.wait({work}))

    async def _look_after_others(self) -> None:
        silent_since = utc_now() - timedelta(seconds=self._options.takeover_after)
        await take_over(self._storage, silent_since, self._executor.worker)
        await fail_stuck(self._storage, self._options)
        # A worker with room has been notified of everything, unless a delivery was lost.
        if self._executor.running < self._options.concurrency:
            kinds = self._executor.kinds
            ready_since = utc_now() - PASSED_ON_FOR
            await self._storage.deliver_again(
                ready_since, self._executor.worker, kinds=kinds, limit=_REDELIVERED_AT_A_TIME
            )


@contextlib.contextmanager
def _cancelled_when(stop: asyncio.Event, work: asyncio.Task[None]) -> Iterator[None]:
    async def cancel() -> None:
        await stop.wait()
        work.cancel()

    watch = asyncio.create_task(cancel())
    try:
        yield
    finally:
        watch.cancel()
