"""The port for running jobs, with two implementations, and the code they share."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from tg_parser.domain.errors import StorageError
from tg_parser.domain.jobs import ran_too_long
from tg_parser.domain.utc_time import utc_now
from tg_parser.observability import metrics
from tg_parser.storage.stores.jobs import JobStorage

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """Number of jobs to run at once, and the intervals of a runner in seconds."""

    concurrency: int = 4
    takeover_after: float = 60.0
    grace: float = 30.0
    look_every: float = 1.0
    give_up_after: float = 600.0
    longest: float = 86_400.0


class JobRunner(Protocol):
    """Starts jobs as they become ready, until stopped."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; then finish what fits in the grace time and give back the rest."""
        ...


async def take_over(storage: JobStorage, silent_since: datetime | None, worker: str) -> None:
    """Requeue the jobs of workers silent since then (of all workers without a time), except those of `worker`."""
    for job in await storage.take_over(silent_since, utc_now(), worker):
        metrics.count_takeover(job.kind)
        log.warning("a job of a worker that died is taken over", job_id=job.job_id, state=job.state)


async def fail_stuck(storage: JobStorage, options: RunnerOptions) -> None:
    """Fail jobs that live workers should have ended but did not, which releases their locks."""
    stuck = options.longest + options.grace + options.takeover_after
    now = utc_now()
    for job in await storage.fail_begun_before(now - timedelta(seconds=stuck), now, ran_too_long(options.longest)):
        log.warning("a job that its worker did not end in time has failed", job_id=job.job_id)


@contextlib.asynccontextmanager
async def regularly(work: Callable[[], Awaitable[None]], seconds: float) -> AsyncIterator[None]:
    """Within the block, repeat `work`."""
    task = asyncio.create_task(_for_ever(work, seconds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _for_ever(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Repeat `work`; try again when the database is away for a while."""
    while True:
        try:
            await work()
        except StorageError as error:
            log.warning("jobs cannot be checked now; retrying", reason=error.message)
        await asyncio.sleep(seconds)


async def end_in_order(running: set[asyncio.Task[None]], grace: float) -> None:
    """Let jobs finish within the grace time, which a cancellation cuts short; give back the others."""
    try:
        if running:
            await asyncio.wait(running, timeout=grace)
    finally:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)


async def until_set(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, at most for this long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
