"""Statements about jobs, and jobs as they answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, Update, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from tg_parser.domain.errors import JobNotFoundError
from tg_parser.domain.jobs import MAX_TAKEOVERS, WEBHOOK, Job, JobError
from tg_parser.storage.stores.job_rows import error_values, job_of
from tg_parser.storage.tables.jobs import jobs

_job = jobs.c
_DEAD_WORKER = JobError("worker_died", "The worker died twice while it ran this job.")
# Made once: workers ask them for every job.
_other = aliased(jobs).c
_LOCKED = select(1).where(_other.status == "running", _other.lock_name == _job.lock_name).exists()
_PART = select(1).where(
    _other.status == "running", func.coalesce(_other.helps, _other.job_id) == func.coalesce(_job.helps, _job.job_id)
)
IN_TURN = (_job.run_at, _job.job_id)
"""The order in which jobs begin."""
_now: BindParameter[Any] = bindparam("now")
_worker: BindParameter[Any] = bindparam("by_worker")
_kinds: BindParameter[Any] = bindparam("kinds", expanding=True)
_told_of = update(jobs).where(_job.job_id == bindparam("which"))
BEGIN = (
    _told_of.where(_job.status == "queued")
    .values(status="running", worker=_worker, started_at=_now, heartbeat_at=_now)
    .values(attempt=_job.attempt + 1, progress_json=None)
    .returning(*jobs.c)
)
"""Begins the waiting job `which`, for `by_worker`."""
BEGIN_FREE = BEGIN.where(
    _job.run_at <= _now,
    _job.job_type.in_(_kinds),
    _job.lock_name.is_(None),
    ~_PART.where(_other.worker == _worker).exists(),
)
"""The same, if it may run now for all that it says itself: it has no lock."""
_this = _told_of.where(_job.status == "running", _job.attempt == bindparam("this_attempt"))
_ERROR: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("error", "error_json")}
END = (
    _this.values(worker=None, heartbeat_at=None, status=bindparam("state"), completed_at=_now, **_ERROR)
    .values(result_json=bindparam("result"))
    .returning(*jobs.c)
)
"""Ends an attempt for good."""
GIVE_BACK = _this.values(worker=None, heartbeat_at=None, status="queued", run_at=bindparam("at"), **_ERROR).returning(
    *jobs.c
)
"""Lets the job of an attempt wait until `at`."""


def ready(now: datetime, kinds: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Condition for jobs that may run: they are due, and no job with the same lock is running."""
    return _job.status == "queued", _job.run_at <= now, _job.job_type.in_(sorted(kinds)), ~_LOCKED


def newest(states: Collection[str], kinds: Collection[str], before: str | None) -> Select[*tuple[Any, ...]]:
    """Select jobs older than the job `before`, newest first; without states, in all of them; without kinds, of all that
    are requested."""
    statement = select(jobs).order_by(_job.job_id.desc())
    if before is not None:
        statement = statement.where(_job.job_id < before)
    if states:
        statement = statement.where(_job.status.in_(sorted(states)))
    return statement.where(_job.job_type.in_(sorted(kinds)) if kinds else _job.job_type != WEBHOOK)


def shared_by(worker: str) -> ColumnElement[bool]:
    """Condition for jobs whose work `worker` already shares in: it cannot help itself."""
    return _PART.where(_other.worker == worker).exists()


def cancelling(job_id: str, now: datetime) -> Update:
    """Return the update that cancels a waiting job."""
    waiting = update(jobs).where(_job.job_id == job_id, _job.status == "queued")
    return waiting.values(status="cancelled", completed_at=now)


def taking_over(job: Job, now: datetime) -> Update:
    """Return the changes to a job whose worker died: requeue it, unless it should end or has killed a worker before."""
    values: dict[str, Any] = {"worker": None, "heartbeat_at": None, "takeovers": job.takeovers + 1}
    if job.cancel_requested_at is not None:
        values |= {"status": "cancelled", "completed_at": now}
    elif job.takeovers >= MAX_TAKEOVERS:
        values |= {"status": "failed", "completed_at": now, **error_values(_DEAD_WORKER)}
    else:
        values |= {"status": "queued", "run_at": now}
    return update(jobs).where(*this_attempt(job)).values(values)


def this_attempt(job: Job) -> tuple[ColumnElement[bool], ...]:
    """That the attempt of `job` still runs."""
    return _job.job_id == job.job_id, _job.status == "running", _job.attempt == job.attempt


async def first_job(conn: AsyncConnection, statement: Select[*tuple[Any, ...]]) -> Job | None:
    """The first job that is found."""
    row = (await conn.execute(statement.limit(1))).mappings().first()
    return None if row is None else job_of(dict(row))


async def required_job(conn: AsyncConnection, job_id: str, *, locked: bool = False) -> Job:
    """Return the job; if `locked`, no other transaction can change it. Raises JobNotFoundError."""
    statement = select(jobs).where(_job.job_id == job_id)
    job = await first_job(conn, statement.with_for_update() if locked else statement)
    if job is None:
        raise JobNotFoundError(job_id)
    return job


async def changed_job(conn: AsyncConnection, change: Update) -> Job | None:
    """Return the job after `change`; None if nothing changed."""
    return await changed_by(conn, change.returning(*jobs.c), {})


async def changed_by(conn: AsyncConnection, statement: ReturningUpdate[Any], values: Mapping[str, Any]) -> Job | None:
    """Return the job after one of the statements above; None if nothing changed."""
    row = (await conn.execute(statement, dict(values))).mappings().first()
    return None if row is None else job_of(dict(row))
