"""Jobs as they are: one, a page of them, how many."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import false, func, or_, select

from tg_parser.domain.jobs import Job, JobState
from tg_parser.storage.engine.file_changes import FileChanges, changes_of
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.job_rows import job_of
from tg_parser.storage.stores.job_statements import newest, ready, required_job, shared_by
from tg_parser.storage.tables.jobs import job_upkeep, jobs

_job = jobs.c
TAKEOVER = "takeover"
"""The name of the row that says when jobs of dead workers were last looked for."""


class Takeover(NamedTuple):
    """When jobs of dead workers were last looked for, and how many were taken over since the first time."""

    at: datetime
    jobs: int


class JobReading:
    """Reads jobs from the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, job_id: str) -> Job:
        """The job. Raises JobNotFoundError."""
        return await self._database.read(lambda conn: required_job(conn, job_id))

    def changes(self) -> AbstractContextManager[FileChanges]:
        """Watch, within the block, for writes by others to the file of the jobs. SQLite only."""
        return changes_of(self._database.engine)

    async def any_ready(self, worker: str, now: datetime, *, kinds: Collection[str]) -> bool:
        """Return whether `worker` could start a job now; writers do not have to wait for the answer."""
        one = select(_job.job_id).where(*ready(now, kinds), ~shared_by(worker))
        return await self._database.row(one) is not None

    async def many(self, job_ids: Collection[str]) -> list[Job]:
        """Those of `job_ids` that are jobs."""
        asked = select(jobs).where(self._database.dialect.any_of(_job.job_id, job_ids))
        return [job_of(row) for row in await self._database.rows(asked)]

    async def page(
        self,
        *,
        limit: int,
        before: str | None = None,
        states: Collection[JobState] = (),
        kinds: Collection[str] = (),
        channels: Collection[str] | None = None,
        asked_by: str | None = None,
    ) -> list[Job]:
        """Jobs, newest first, older than the job `before`; of some channels alone where these are named, and then
        also those that `asked_by` asked for."""
        statement = newest(states, kinds, before).limit(limit)
        if channels is not None:
            own = false() if asked_by is None else _job.client == asked_by
            statement = statement.where(or_(self._database.dialect.any_of(_job.channel_id, channels), own))
        return [job_of(row) for row in await self._database.rows(statement)]

    async def helpers(self, job_id: str) -> list[Job]:
        """The jobs that share the work of a job and have not ended."""
        going_on = _job.status.in_(["queued", "running"])
        ordered = select(jobs).where(_job.helps == job_id, going_on).order_by(_job.job_id)
        return [job_of(row) for row in await self._database.rows(ordered)]

    async def known(self, job_ids: Collection[str]) -> set[str]:
        """Those of `job_ids` that are jobs."""
        if not job_ids:
            return set()
        rows = await self._database.rows(select(_job.job_id).where(self._database.dialect.any_of(_job.job_id, job_ids)))
        return {row["job_id"] for row in rows}

    async def counts(self) -> dict[tuple[str, str], int]:
        """Return the number of jobs of each kind in each state."""
        counted = select(_job.job_type, _job.status, func.count().label("number")).group_by(_job.job_type, _job.status)
        rows = await self._database.rows(counted)
        return {(row["job_type"], row["status"]): row["number"] for row in rows}

    async def last_takeover(self) -> Takeover | None:
        """When any worker last looked for jobs of dead workers, and how many were taken over since ever."""
        row = await self._database.row(select(job_upkeep).where(job_upkeep.c.name == TAKEOVER))
        return None if row is None else Takeover(row["last_at"], row["jobs"])
