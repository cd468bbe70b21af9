"""Runs jobs inside one process, for SQLite: it looks for ready jobs itself, and one process at a time does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from tg_parser.domain.errors import BusyError, StorageError
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.execution import JobExecutor
from tg_parser.jobs.heart import Heart
from tg_parser.jobs.runner import RunnerOptions, end_in_order, fail_stuck, regularly, take_over, until_set
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.jobs import JobStorage

log = structlog.get_logger(__name__)

LOCK = "job-runner"
_LOOK_SECONDS = 5.0
_LISTEN_SECONDS = 0.05
"""Seconds between looks for jobs that another process has requested."""


class EmbeddedRunner:
    """Runs jobs in this process. At the start it resumes jobs of an earlier one: nothing else can be running them."""

    def __init__(
        self, storage: JobStorage, executor: JobExecutor, locks: Locks, heart: Heart, options: RunnerOptions
    ) -> None:
        self._storage = storage
        self._executor = executor
        self._locks = locks
        self._heart = heart
        self._options = options
        self._asked = asyncio.Event()

    def look_now(self) -> None:
        """Look for a job at once instead of waiting for the next look."""
        self._asked.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop` is set. While another process runs them, wait until it ends."""
        while not stop.is_set():
            try:
                async with self._locks.exclusive(LOCK):
                    await self._run_alone(stop)
            except BusyError:
                await until_set(stop, self._options.look_every)

    async def _run_alone(self, stop: asyncio.Event) -> None:
        # The process that ran jobs before has ended, or this one would not hold the lock.
        await take_over(self._storage, None, self._executor.worker)
        running: set[asyncio.Task[None]] = set()
        async with (
            self._heart.beating(self._executor),
            regularly(self._look_after_stuck, _LOOK_SECONDS),
            self._hearing_of_others(),
        ):
            while not stop.is_set():
                self._asked.clear()
                if not await self._begun(running):
                    await self._until_there_may_be_more(stop, running)
            await end_in_order(running, self._options.grace)

    async def _look_after_stuck(self) -> None:
        await fail_stuck(self._storage, self._options)

    @asynccontextmanager
    async def _hearing_of_others(self) -> AsyncIterator[None]:
        """Within the block, look for jobs soon after another process writes: it may have requested one."""
        with self._storage.changes() as changes:

            async def listen() -> None:
                if changes.any():
                    self._asked.set()

            async with regularly(listen, min(_LISTEN_SECONDS, self._options.look_every)):
                yield

    async def _begun(self, running: set[asyncio.Task[None]]) -> bool:
        """Start the next job if one is ready and there is room for it."""
        if len(running) >= self._options.concurrency:
            return False
        worker, kinds = self._executor.worker, self._executor.kinds
        try:
            job = None
            if await self._storage.any_ready(worker, utc_now(), kinds=kinds):
                job = await self._storage.begin(worker, utc_now(), kinds=kinds)
        except StorageError as error:
            log.warning("no job can be started now; retrying", reason=error.message)
            return False
        if job is None:
            return False
        task = asyncio.create_task(self._executor.execute(job))
        running.add(task)
        task.add_done_callback(running.discard)
        return True

    async def _until_there_may_be_more(self, stop: asyncio.Event, running: set[asyncio.Task[None]]) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._asked)]
        try:
            await asyncio.wait(
                [*waits, *running], timeout=self._options.look_every, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()
