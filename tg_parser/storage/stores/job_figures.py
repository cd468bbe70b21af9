"""Jobs in numbers, and whether anybody does them: for those who watch."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, func, select, text

from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables.jobs import jobs

_job = jobs.c
_LIVING = text("""
    SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - :span * '1s'::interval)
         + (SELECT count(*) FROM jobs WHERE status = 'running' AND heartbeat_at > now() - :span * '1s'::interval)
        AS signs
""")
"""A worker whose event loop is busy is silent in the queue, but still heard of by its jobs."""


class JobCount(NamedTuple):
    """The number of jobs of a kind in a state; `oldest` is the earliest due time if queued, or start if running."""

    kind: str
    state: str
    number: int
    oldest: datetime | None


class JobFigures:
    """Part of the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, channels: Collection[str] | None = None) -> list[JobCount]:
        """Return the number of jobs by kind and state; with `channels`, of those channels only."""
        since = case((_job.status == "queued", _job.run_at), (_job.status == "running", _job.started_at))
        columns = _job.job_type, _job.status, func.count().label("number"), func.min(since).label("oldest")
        statement = select(*columns).group_by(_job.job_type, _job.status).order_by(_job.job_type, _job.status)
        if channels is not None:
            statement = statement.where(self._database.dialect.any_of(_job.channel_id, channels))
        rows = await self._database.rows(statement)
        return [JobCount(row["job_type"], row["status"], row["number"], row["oldest"]) for row in rows]

    async def last_done(self, kind: str) -> datetime | None:
        """Return when the last job of a kind was done, among the jobs still stored."""
        done = select(func.max(_job.completed_at).label("last")).where(_job.job_type == kind, _job.status == "done")
        moment: datetime | None = (await self._database.rows(done))[0]["last"]
        return moment

    async def workers_live(self, seconds: float) -> bool:
        """Return whether any worker sent a heartbeat in the last `seconds`. Only PostgreSQL's queue records workers."""
        rows = await self._database.rows(_LIVING.bindparams(span=seconds))
        return bool(rows[0]["signs"])
