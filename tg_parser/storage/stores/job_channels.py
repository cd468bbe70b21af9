"""The channels that jobs are about, and their locks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables.jobs import jobs

_job = jobs.c


class JobChannels:
    """Which channels the jobs in the processing database are about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def renamed(self, old: str, new: str, since: datetime) -> None:
        """Jobs that were asked for since then, when a channel was known as `old`, are about `new`; their locks too."""
        of_old = and_(_job.channel_id == old, _job.created_at >= since)

        async def rename(conn: AsyncConnection) -> None:
            locks = select(_job.lock_name).where(of_old, _job.lock_name.is_not(None)).distinct()
            for lock in await conn.scalars(locks):
                await self._relock(conn, of_old, lock, f"{lock.removesuffix(old)}{new}")
            await conn.execute(update(jobs).where(of_old).values(channel_id=new))

        await self._database.write(rename)

    async def _relock(self, conn: AsyncConnection, chosen: ColumnElement[bool], old: str, new: str) -> None:
        await self._database.dialect.claim(conn, [f"job-lock:{new}"])
        held = await conn.scalar(select(func.count()).where(_job.status == "running", _job.lock_name == new))
        change = update(jobs).where(chosen, _job.lock_name == old).values(lock_name=new)
        # A lock is held by one running job only: if the new name has one running already, the other job keeps its lock.
        await conn.execute(change.where(_job.status != "running") if held else change)
