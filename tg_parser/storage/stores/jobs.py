"""Jobs and their states. A state changes only from the one before it; only the attempt that made a result stores it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from tg_parser.domain.jobs import ENDED, Job, JobError, JobState, passed_on_at, require_legal
from tg_parser.domain.storable import storable_json
from tg_parser.domain.webhooks import Webhook
from tg_parser.storage.engine.transactions import Database, insert_rows, upsert
from tg_parser.storage.stores.job_reading import TAKEOVER, JobReading
from tg_parser.storage.stores.job_rows import error_values, job_of, row_of
from tg_parser.storage.stores.job_statements import (
    BEGIN,
    BEGIN_FREE,
    END,
    GIVE_BACK,
    IN_TURN,
    cancelling,
    changed_by,
    changed_job,
    first_job,
    ready,
    required_job,
    shared_by,
    taking_over,
    this_attempt,
)
from tg_parser.storage.stores.webhook_outbox import add_to_job, note_end
from tg_parser.storage.tables.jobs import job_upkeep, jobs

_job = jobs.c

Row = dict[str, Any]
Deliver = Callable[[AsyncConnection, Sequence[Job]], Awaitable[None]]
"""Notifies workers of waiting jobs, in the transaction that queues them."""


class Heard(NamedTuple):
    """A worker's running jobs, and those among them whose cancellation was requested."""

    own: frozenset[str]
    unwanted: frozenset[str] = frozenset()


async def nobody_is_told(_: AsyncConnection, __: Sequence[Job]) -> None:
    """Workers look for themselves."""


class JobStorage(JobReading):
    """The jobs in the processing database, and every change of their states."""

    def __init__(self, database: Database, deliver: Deliver = nobody_is_told) -> None:
        super().__init__(database)
        self._deliver = deliver

    async def add(self, job: Job, webhook: Webhook | None = None) -> Job:
        """Queue `job`; if the same work waits already, or the same key was used before, return that job instead.

        `webhook` is notified when the job ends.
        """

        async def add(conn: AsyncConnection) -> Job:
            await self._database.dialect.claim(conn, [f"job:{job.digest}", f"job-key:{job.idempotency_key}"])
            same = and_(_job.status == "queued", _job.digest == job.digest)
            if job.idempotency_key is not None:
                asked_before = and_(_job.client == (job.asked_by or ""), _job.idempotency_key == job.idempotency_key)
                same = or_(asked_before, same)
            known = await first_job(conn, select(jobs).where(same).order_by(_job.job_id))
            if known is None:
                await self.let_wait(conn, [job])
            return await self._told(conn, known or job, webhook)

        return await self._database.write(add)

    async def _told(self, conn: AsyncConnection, job: Job, webhook: Webhook | None) -> Job:
        """Return the job and notify `webhook` of its end, unless it has ended; it cannot end during the call."""
        if webhook is not None:
            job = await required_job(conn, job.job_id, locked=True)
            if job.state not in ENDED:
                await add_to_job(self._database, conn, webhook, job.job_id)
        return job

    async def let_wait(self, conn: AsyncConnection, waiting: Sequence[Job]) -> None:
        """Store new jobs and notify workers of them, in the transaction of `conn`."""
        await insert_rows(self._database, conn, jobs, [row_of(each) for each in waiting], key=("job_id",))
        if waiting:
            await self._deliver(conn, waiting)

    async def begin(
        self, worker: str, now: datetime, *, kinds: Collection[str], job_id: str | None = None
    ) -> Job | None:
        """Start the oldest job that may run now, or `job_id` if it may; None if there is none.

        A job may run once it is due and no job with the same lock is running, on a worker that has no part
        of its work yet.
        """
        values = {"by_worker": worker, "now": now, "kinds": sorted(kinds)}
        has_part = shared_by(worker)
        oldest = select(jobs, has_part.label("has_part")).where(*ready(now, kinds))
        oldest = oldest.where(~has_part if job_id is None else _job.job_id == job_id)
        oldest = oldest.order_by(*IN_TURN).limit(1)

        async def begin(conn: AsyncConnection) -> Job | None:
            if job_id is not None and (begun := await changed_by(conn, BEGIN_FREE, {**values, "which": job_id})):
                return begun
            found = (await conn.execute(oldest.with_for_update(of=jobs, skip_locked=True))).mappings().first()
            if found is None:
                return None
            job = job_of(dict(found))
            if found["has_part"]:
                await self._pass_on(conn, job, now)
                return None
            if job.lock is not None:
                # Of two jobs with one lock, both of which may run, one goes first.
                await self._database.dialect.claim(conn, [f"job-lock:{job.lock}"])
                held = select(func.count()).where(_job.status == "running", _job.lock_name == job.lock)
                if await conn.scalar(held):
                    return None
            return await changed_by(conn, BEGIN, {**values, "which": job.job_id})

        return await self._database.write(begin)

    async def beat(self, worker: str, now: datetime) -> Heard:
        """Record a heartbeat of `worker`; return its jobs, and those among them whose cancellation was requested."""
        own = update(jobs).where(_job.status == "running", _job.worker == worker).values(heartbeat_at=now)

        async def beat(conn: AsyncConnection) -> Heard:
            found = (await conn.execute(own.returning(_job.job_id, _job.cancel_requested_at))).all()
            unwanted = frozenset(row.job_id for row in found if row.cancel_requested_at is not None)
            return Heard(frozenset(row.job_id for row in found), unwanted)

        return await self._database.write(beat)

    async def note_progress(self, job: Job, progress: Mapping[str, Any]) -> None:
        """Keep how far the attempt of `job` is; one that another worker has taken over changes nothing."""
        change = update(jobs).where(*this_attempt(job)).values(progress_json=dict(progress))
        await self._database.write(lambda conn: conn.execute(change))

    async def finish(
        self,
        job: Job,
        state: JobState,
        now: datetime,
        *,
        result: Mapping[str, Any] | None = None,
        error: JobError | None = None,
    ) -> Job | None:
        """End the attempt of `job` for good; return None if the job is no longer on this attempt."""
        require_legal(job.job_id, "running", state)
        return await self._release(job, END, {"state": state, "result": storable_json(result)}, error, now)

    async def give_back(self, job: Job, run_at: datetime, now: datetime, error: JobError | None = None) -> Job | None:
        """Requeue the job for `run_at`, or end it if requested; return None if another attempt has it now."""
        return await self._release(job, GIVE_BACK, {"at": run_at}, error, now)

    async def take_over(self, silent_since: datetime | None, now: datetime, by: str) -> list[Job]:
        """Requeue jobs whose workers have sent no heartbeat since then; a job that already killed a worker fails.

        Jobs of the live worker `by` are left alone. Without a time, all other workers count as dead.
        """
        dead = and_(_job.status == "running", _job.worker != by)
        if silent_since is not None:
            dead = and_(dead, _job.heartbeat_at < silent_since)

        async def take_over(conn: AsyncConnection) -> list[Job]:
            found = (await conn.execute(select(jobs).where(dead).with_for_update(skip_locked=True))).mappings().all()
            changed = [await self._taken_over(conn, job_of(dict(row)), now) for row in found]
            taken = [job for job in changed if job is not None]
            # Last, as others wait for this row until the end of the transaction.
            ran = {"name": TAKEOVER, "last_at": now, "jobs": len(taken)}
            await upsert(self._database, conn, job_upkeep, [ran], key=("name",), accumulate=("jobs",))
            return taken

        return await self._database.write(take_over)

    async def fail_begun_before(self, then: datetime, now: datetime, error: JobError) -> list[Job]:
        """Fail jobs that have been running since before then, whichever worker has them; return them."""
        begun = select(jobs).where(_job.status == "running", _job.started_at < then)
        failed = [
            await self.finish(job_of(row), "failed", now, error=error) for row in await self._database.rows(begun)
        ]
        return [job for job in failed if job is not None]

    async def request_cancel(self, job_id: str, now: datetime) -> Job:
        """End a waiting job at once, and ask the worker of a running one to. Raises JobNotFoundError, JobStateError."""

        async def cancel(conn: AsyncConnection) -> Job:
            job = await required_job(conn, job_id)
            if job.state == "running":
                asked = update(jobs).where(_job.job_id == job_id, _job.cancel_requested_at.is_(None))
                await conn.execute(asked.values(cancel_requested_at=now))
                return await required_job(conn, job_id)
            require_legal(job_id, job.state, "cancelled")
            cancelled = await changed_job(conn, cancelling(job_id, now))
            if cancelled is None:
                return await required_job(conn, job_id)
            await self._tell_of_end(conn, cancelled, now)
            await self._deliver_next(conn, job.lock, now)
            return cancelled

        return await self._database.write(cancel)

    async def deliver_again(self, ready_since: datetime, worker: str, *, kinds: Collection[str], limit: int) -> int:
        """Tell workers once more of jobs that have been ready since then, oldest first; returns their number.

        Of those alone that `worker`, which has room, could do.
        """
        late = select(jobs).where(*ready(ready_since, kinds), ~shared_by(worker))

        async def again(conn: AsyncConnection) -> int:
            rows = await conn.execute(late.order_by(*IN_TURN).limit(limit))
            found = [job_of(dict(row)) for row in rows.mappings()]
            if found:
                await self._deliver(conn, found)
            return len(found)

        return await self._database.write(again)

    async def delete_ended(self, before: datetime) -> int:
        """Delete jobs that ended before then; returns their number."""
        old = delete(jobs).where(_job.status.in_(sorted(ENDED)), _job.completed_at < before)
        return int((await self._database.write(lambda conn: conn.execute(old))).rowcount)

    async def _release(
        self, job: Job, change: ReturningUpdate[Any], values: Row, error: JobError | None, now: datetime
    ) -> Job | None:
        facts = {f"new_{name}": value for name, value in error_values(error).items()}
        which = {"which": job.job_id, "this_attempt": job.attempt, "now": now}

        async def release(conn: AsyncConnection) -> Job | None:
            changed = await changed_by(conn, change, {**which, **values, **facts})
            if changed is None:
                return None
            if changed.state == "queued" and changed.cancel_requested_at is not None:
                changed = await changed_job(conn, cancelling(job.job_id, now)) or changed
            await self._deliver_or_tell(conn, changed, now)
            await self._deliver_next(conn, changed.lock, now)
            return changed

        return await self._database.write(release)

    async def _deliver_or_tell(self, conn: AsyncConnection, job: Job, now: datetime) -> None:
        """Tell workers of a job that waits again, and webhooks of one that has ended, in the same transaction."""
        if job.state == "queued":
            await self._deliver(conn, [job])
        else:
            await self._tell_of_end(conn, job, now)

    async def _tell_of_end(self, conn: AsyncConnection, job: Job, now: datetime) -> None:
        await self.let_wait(conn, await note_end(self._database, conn, job, now))

    async def _pass_on(self, conn: AsyncConnection, job: Job, now: datetime) -> None:
        """Tell another worker: at once at first, then with growing pauses. Later, workers with room ask themselves."""
        if (at := passed_on_at(job, now)) is not None:
            await self._deliver(conn, [replace(job, run_at=at)])

    async def _taken_over(self, conn: AsyncConnection, job: Job, now: datetime) -> Job | None:
        changed = await changed_job(conn, taking_over(job, now))
        if changed is not None:
            await self._deliver_or_tell(conn, changed, now)
        await self._deliver_next(conn, job.lock, now)
        return changed

    async def _deliver_next(self, conn: AsyncConnection, lock: str | None, now: datetime) -> None:
        """Tell workers of the job that waited longest for `lock`, which is free now."""
        if lock is None:
            return
        waiting = select(jobs).where(_job.status == "queued", _job.lock_name == lock, _job.run_at <= now)
        if (job := await first_job(conn, waiting.order_by(*IN_TURN))) is not None:
            await self._deliver(conn, [job])
