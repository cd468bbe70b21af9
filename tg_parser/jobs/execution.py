"""Runs one job that has started: progress, result, retries, and return to the queue."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import stamina
import structlog

from tg_parser.domain.errors import StorageError, TgParserError
from tg_parser.domain.jobs import Job, JobError, JobState, JsonObject, error_of, next_attempt, ran_too_long
from tg_parser.domain.progress import Progress, ReportProgress
from tg_parser.domain.utc_time import utc_now
from tg_parser.observability import metrics
from tg_parser.observability.tracing import span
from tg_parser.storage.stores.jobs import Heard, JobStorage

log = structlog.get_logger(__name__)

JobFunction = Callable[[Job, ReportProgress], Awaitable[JsonObject]]
"""Does the work of a job and returns its result as JSON. It stops cleanly when cancelled."""

PROGRESS_SECONDS = 1.0
_CANCELLED, _STOPPED, _LOST, _TOO_LONG = "cancelled", "stopped", "lost", "too long"


class JobExecutor:
    """Runs the jobs of a worker; `work` maps kinds of jobs to functions. No job runs longer than `longest` seconds."""

    def __init__(
        self, storage: JobStorage, work: Mapping[str, JobFunction], worker: str, longest: float = 86_400.0
    ) -> None:
        self.worker = worker
        self._longest = longest
        self.kinds = frozenset(work)
        self._storage = storage
        self._work = work
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._ending: dict[str, str] = {}
        self._storing = set[str]()
        """Jobs whose work is over and whose outcome is being stored: only the end of the worker interrupts that."""

    @property
    def running(self) -> int:
        """Return the number of running jobs."""
        return len(self._running)

    async def execute(self, job: Job) -> None:
        """Run a job that this worker has started. The outcome is stored; no error is raised."""
        task = asyncio.create_task(self._attempt(job), name=f"job {job.job_id}")
        self._running[job.job_id] = task
        deadline = asyncio.get_running_loop().call_later(self._longest, self._end, job.job_id, _TOO_LONG)
        try:
            await asyncio.wait({task})
        finally:
            if not task.done():
                self._end(job.job_id, _STOPPED)
                await asyncio.wait({task})
            deadline.cancel()
            del self._running[job.job_id]
            self._ending.pop(job.job_id, None)
            self._storing.discard(job.job_id)

    @property
    def running_ids(self) -> frozenset[str]:
        """Return the IDs of running jobs. Safe to call from any thread."""
        return frozenset(tuple(self._running))

    def hear(self, heard: Heard, running: frozenset[str]) -> None:
        """Stop jobs that should end, and those in `running` that another worker has taken over."""
        for job_id in heard.unwanted:
            self._end(job_id, _CANCELLED)
        for job_id in running - heard.own:
            self._end(job_id, _LOST)

    def _end(self, job_id: str, why: str) -> None:
        task = self._running.get(job_id)
        if job_id in self._storing and why != _STOPPED:
            return
        if task is not None and job_id not in self._ending:
            self._ending[job_id] = why
            task.cancel()

    async def _attempt(self, job: Job) -> None:
        ids = {"job_id": job.job_id, "request_id": job.request_id}
        with structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value}):
            try:
                with span(
                    f"job {job.kind}",
                    "consumer",
                    parent=job.traceparent,
                    job_id=job.job_id,
                    job_attempt=job.attempt,
                    request_id=job.request_id,
                ):
                    async with self._progress_of(job) as report:
                        result = await self._work[job.kind](job, report)
            except asyncio.CancelledError:
                await self._ended(job)
            except TgParserError as error:
                await self._failed(job, error)
            except Exception as error:
                log.exception("a job failed unexpectedly", kind=job.kind)
                unexpected = JobError("internal", f"An unexpected {type(error).__name__}: {error}")
                await self._finish(job, "failed", error=unexpected)
            else:
                await self._finish(job, "done", result=result)

    async def _failed(self, job: Job, error: TgParserError) -> None:
        again = next_attempt(error, job.attempt, utc_now())
        if again is None:
            await self._finish(job, "failed", error=error_of(error))
        else:
            await self._give_back(job, again, error_of(error))

    async def _ended(self, job: Job) -> None:
        """Store a cancellation or a timeout; after any other stop, give the job back."""
        why = self._ending.get(job.job_id)
        if why == _CANCELLED:
            await self._finish(job, "cancelled")
        elif why == _TOO_LONG:
            await self._finish(job, "failed", error=ran_too_long(self._longest))
        else:
            await self._give_back(job, utc_now(), None)

    async def _finish(
        self, job: Job, state: JobState, *, result: JsonObject | None = None, error: JobError | None = None
    ) -> None:
        ended = await self._kept(job, lambda: self._storage.finish(job, state, utc_now(), result=result, error=error))
        log.info("job ended" if ended else "job had been taken over", kind=job.kind, state=state, attempt=job.attempt)
        if ended is not None:
            _count(ended, error)

    async def _give_back(self, job: Job, run_at: datetime, error: JobError | None) -> None:
        back = await self._kept(job, lambda: self._storage.give_back(job, run_at, utc_now(), error))
        if back is None:
            return
        metrics.count_job_put_back(job.kind)
        log.info("job waits again", kind=job.kind, until=run_at.isoformat(), reason=error and error.code)

    async def _kept(self, job: Job, store: Callable[[], Awaitable[Job | None]]) -> Job | None:
        """Store the outcome of an attempt. A job being stopped does not wait for the database: others will notice."""
        self._storing.add(job.job_id)
        if job.job_id not in self._ending:
            return await _insist(store)
        try:
            return await store()
        except StorageError as error:
            log.warning(
                "the result of a stopped job cannot be stored; another worker takes the job over", reason=error.message
            )
            return None

    @contextlib.asynccontextmanager
    async def _progress_of(self, job: Job) -> AsyncIterator[ReportProgress]:
        """Progress of a job, written at most once a second and once more at the end."""
        steps = _Steps()
        writer = asyncio.create_task(self._write_progress(job, steps))
        try:
            yield steps.report
        finally:
            writer.cancel()
            await asyncio.wait({writer})
            with contextlib.suppress(StorageError):
                await self._note(job, steps)

    async def _write_progress(self, job: Job, steps: _Steps) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            with contextlib.suppress(StorageError):
                await self._note(job, steps)

    async def _note(self, job: Job, steps: _Steps) -> None:
        if steps.changed:
            steps.changed = False
            await self._storage.note_progress(job, steps.as_json(utc_now()))


def _count(job: Job, error: JobError | None) -> None:
    if job.started_at is not None and job.finished_at is not None:
        metrics.count_job(job.kind, job.state, (job.finished_at - job.started_at).total_seconds())
    if error is not None:
        metrics.count_failure("job", error.code)


class _Steps:
    """Progress of each step of a job, with the rate and remaining time of the last."""

    def __init__(self) -> None:
        self.changed = False
        self._steps: dict[str, tuple[datetime, Progress]] = {}
        self._last = ""

    def report(self, progress: Progress) -> None:
        began, _ = self._steps.get(progress.step, (utc_now(), progress))
        self._steps[progress.step] = began, progress
        self._last, self.changed = progress.step, True

    def as_json(self, now: datetime) -> JsonObject:
        began, last = self._steps[self._last]
        seconds = (now - began).total_seconds()
        rate = last.done / seconds if seconds > 0 else None
        left = None if not rate or last.total is None else max(0.0, (last.total - last.done) / rate)
        return {
            "step": self._last,
            "done": last.done,
            "total": last.total,
            "per_second": None if rate is None else round(rate, 2),
            "seconds_left": None if left is None else round(left),
            "steps": {name: {"done": each.done, "total": each.total} for name, (_, each) in self._steps.items()},
        }


async def _insist(store: Callable[[], Awaitable[Job | None]]) -> Job | None:
    """Store the outcome of an attempt, however long the database is away: paid work must not be repeated."""
    async for attempt in stamina.retry_context(on=_passes, attempts=None, timeout=None, wait_max=30.0):
        with attempt:
            return await store()
    raise AssertionError("a retry context either returns or raises")


def _passes(error: Exception) -> bool:
    return isinstance(error, StorageError) and error.retryable
