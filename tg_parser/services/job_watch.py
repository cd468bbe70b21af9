"""Follows jobs for any number of clients with one database query."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog

from tg_parser.domain.errors import JobNotFoundError, StorageError
from tg_parser.domain.jobs import ENDED, Job
from tg_parser.services.jobs import JobService

log = structlog.get_logger(__name__)


class _Watched:
    """A job as last seen, and the number of its followers."""

    __slots__ = ("changed", "followers", "job")

    def __init__(self, job: Job | None) -> None:
        self.job = job
        self.changed = asyncio.Event()
        self.followers = 0

    def becomes(self, job: Job | None) -> None:
        if job != self.job:
            self.job = job
            self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class JobWatch:
    """Follows jobs until they end, or until it is closed."""

    def __init__(self, jobs: JobService, *, look_every: float = 0.5) -> None:
        self._jobs = jobs
        self._look_every = look_every
        self._watched: dict[str, _Watched] = {}
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def followers(self) -> int:
        """Return how many clients follow a job."""
        return sum(each.followers for each in self._watched.values())

    async def follow(self, job_id: str, *, quiet: float) -> AsyncIterator[Job | None]:
        """Yield the job, then again after each change until it has ended; yield None after `quiet` seconds without a
        change. Raises JobNotFoundError."""
        watched = self._watched.get(job_id)
        if watched is None:
            job = await self._jobs.get(job_id)
            watched = self._watched.setdefault(job_id, _Watched(job))
        watched.followers += 1
        self._keep_looking()
        try:
            while not self._closed:
                seen, changed = watched.job, watched.changed
                if seen is None:
                    raise JobNotFoundError(job_id)
                yield seen
                if seen.state in ENDED:
                    return
                while not self._closed and watched.job is seen:
                    try:
                        async with asyncio.timeout(quiet):
                            await changed.wait()
                    except TimeoutError:
                        yield None
        finally:
            watched.followers -= 1
            if not watched.followers:
                self._watched.pop(job_id, None)

    def close(self) -> None:
        """Release everyone who follows a job."""
        self._closed = True
        for watched in self._watched.values():
            watched.wake()

    def _keep_looking(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while self._watched and not self._closed:
            await asyncio.sleep(self._look_every)
            asked = list(self._watched)
            try:
                found = {job.job_id: job for job in await self._jobs.many(asked)}
            except StorageError as error:
                log.warning("cannot read the followed jobs at the moment", reason=error.message)
                continue
            for job_id in asked:
                if (watched := self._watched.get(job_id)) is not None:
                    watched.becomes(found.get(job_id))
