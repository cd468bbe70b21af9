"""What runs jobs: a port with two runners. Both beat for their jobs, and take over those of workers that died."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from tg_parser.domain.errors import StorageError
from tg_parser.domain.times import utc_now
from tg_parser.jobs.execution import JobExecutor
from tg_parser.storage.stores.jobs import JobStorage

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """How many jobs run at once, and the times of a runner, in seconds."""

    concurrency: int = 4
    beat_every: float = 5.0
    takeover_after: float = 60.0
    grace: float = 30.0
    look_every: float = 1.0


class JobRunner(Protocol):
    """Begins jobs as they become ready, until it is stopped."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; then finish what can be finished within the grace time and give back the rest."""
        ...


@contextlib.asynccontextmanager
async def cared_for(
    storage: JobStorage, executor: JobExecutor, options: RunnerOptions, redeliver: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """For the length of the block, this worker is heard of, and the jobs of dead workers are taken over."""

    async def beat() -> None:
        await executor.beat(utc_now())

    async def look_after() -> None:
        now = utc_now()
        for job in await storage.take_over(now - timedelta(seconds=options.takeover_after), now):
            log.warning("a job of a worker that died is taken over", job_id=job.job_id, state=job.state)
        await redeliver()

    every_so_often = [
        asyncio.create_task(_regularly(beat, options.beat_every)),
        asyncio.create_task(_regularly(look_after, min(10.0, options.takeover_after / 3))),
    ]
    try:
        yield
    finally:
        for task in every_so_often:
            task.cancel()
        await asyncio.wait(every_so_often)


async def _regularly(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Do `work` again and again; a database that is away for a while is asked again."""
    while True:
        try:
            await work()
        except StorageError as error:
            log.warning("the jobs cannot be looked after now", reason=error.message)
        await asyncio.sleep(seconds)


async def end_in_order(running: set[asyncio.Task[None]], grace: float) -> None:
    """Let jobs come to their end within the grace time; the others are given back."""
    if running:
        await asyncio.wait(running, timeout=grace)
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
