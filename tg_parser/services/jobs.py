"""Jobs: submit, look up, follow, cancel and retry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tg_parser.domain.errors import JobStateError
from tg_parser.domain.jobs import ENDED, Job, JobState, JsonObject, new_job_id
from tg_parser.domain.progress import Progress, ReportProgress
from tg_parser.domain.utc_time import utc_now
from tg_parser.domain.webhooks import Webhook
from tg_parser.observability import tracing
from tg_parser.services.job_requests import JobParameters, checked
from tg_parser.services.sources import SourceService
from tg_parser.storage.stores.job_reading import Takeover
from tg_parser.storage.stores.jobs import JobStorage

LOCKED = {"ingest": "collect", "recheck": "collect", "run": "collect", "topicize": "topicize"}
"""Locks by kind of job: two kinds with the same word never run at the same time on one channel.

Processing needs none, as its workers claim single messages. After collecting, a `run` relies on the stages' locks.
"""
_ALONE = frozenset({"backup", "cleanup"})
"""Kinds of which only one job runs at a time."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who requests a job, and the key of the request."""

    asked_by: str | None = None
    request_id: str | None = None
    idempotency_key: str | None = None
    webhook: Webhook | None = None
    """Webhook to notify when the job has ended, created by WebhookService.of_job."""


class JobService:
    """Submits and manages jobs. `look_now` wakes a runner in this process."""

    def __init__(
        self,
        storage: JobStorage,
        sources: SourceService,
        look_now: Callable[[], None],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._storage = storage
        self._sources = sources
        self._look_now = look_now
        self._clock = clock

    def look_now(self) -> None:
        """Wake a runner in this process because a job is waiting."""
        self._look_now()

    async def submit(self, kind: str, parameters: JsonObject, asking: Asking = Asking()) -> Job:
        """Create a job, or return an identical one that is still waiting. Raises UsageError, UnknownSourceError."""
        wanted = checked(kind, parameters)
        channel_id = await self._channel_of(wanted)
        told = wanted.model_dump(mode="json", exclude_defaults=True)
        return await self._wait(kind, told, channel_id, _lock(kind, channel_id), asking)

    async def get(self, job_id: str) -> Job:
        """Return the job. Raises JobNotFoundError."""
        return await self._storage.get(job_id)

    async def page(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        states: Collection[JobState] = (),
        kinds: Collection[str] = (),
        channels: Collection[str] | None = None,
        asked_by: str | None = None,
    ) -> list[Job]:
        """Return jobs older than the job `before`, newest first; with `channels`, only jobs on them or requested by
        `asked_by`."""
        return await self._storage.page(
            limit=limit, before=before, states=states, kinds=kinds, channels=channels, asked_by=asked_by
        )

    async def many(self, job_ids: Collection[str]) -> list[Job]:
        """Return the jobs among `job_ids` that exist."""
        return await self._storage.many(job_ids)

    async def cancel(self, job_id: str) -> Job:
        """Cancel a waiting job at once, or let a running one stop. Raises JobNotFoundError, JobStateError.

        Jobs that help it are cancelled too.
        """
        cancelled = await self._storage.request_cancel(job_id, self._clock())
        for helper in await self.helpers(job_id):
            with suppress(JobStateError):
                await self._storage.request_cancel(helper.job_id, self._clock())
        return cancelled

    async def helpers(self, job_id: str) -> list[Job]:
        """Return the unfinished jobs that share the work of a job."""
        return await self._storage.helpers(job_id)

    async def last_takeover(self) -> Takeover | None:
        """Return when a worker last looked for jobs of dead workers, or None if never."""
        return await self._storage.last_takeover()

    async def retry(self, job_id: str, asking: Asking = Asking()) -> Job:
        """Create a job with the parameters of one that has ended. Raises JobNotFoundError, JobStateError, and
        UnknownSourceError if one of its sources was removed or renamed."""
        old = await self._storage.get(job_id)
        if old.state not in ENDED:
            raise JobStateError(job_id, old.state, "queued")
        return await self.submit(old.kind, old.parameters, asking)

    async def followed(self, job_id: str, report: ReportProgress, *, look_every: float = 0.5) -> Job:
        """Report the job's progress until it has ended, then return it."""
        while (job := await self._storage.get(job_id)).state not in ENDED:
            for step, counted in (job.progress or {}).get("steps", {}).items():
                report(Progress(step, counted["done"], counted["total"]))
            await asyncio.sleep(look_every)
        return job

    async def delete_old(self, days: int) -> int:
        """Delete jobs that ended more than `days` days ago; return their number."""
        return await self._storage.delete_ended(self._clock() - timedelta(days=days))

    async def _wait(
        self, kind: str, parameters: JsonObject, channel_id: str | None, lock: str | None, asking: Asking
    ) -> Job:
        """Create a waiting job or return an identical waiting one; wake a runner in this process."""
        now = self._clock()
        job = Job(
            job_id=new_job_id(now),
            kind=kind,
            created_at=now,
            run_at=now,
            parameters=parameters,
            channel_id=channel_id,
            lock=lock,
            asked_by=asking.asked_by,
            request_id=asking.request_id,
            idempotency_key=asking.idempotency_key,
            helps=parameters.get("helps"),
            traceparent=tracing.traceparent(),
        )
        kept = await self._storage.add(job, asking.webhook)
        self._look_now()
        return kept

    async def _channel_of(self, wanted: JobParameters) -> str | None:
        """Return the channel of a job on a single channel. All given sources must exist."""
        channels = [(await self._sources.get(each)).channel_id for each in wanted.source_ids() or ()]
        return channels[0] if len(channels) == 1 else None


def _lock(kind: str, channel_id: str | None) -> str | None:
    if kind in _ALONE:
        return kind
    return f"{LOCKED[kind]}:{channel_id}" if kind in LOCKED else None
