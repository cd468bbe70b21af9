"""When scheduled work last ran, and which worker has the next turn."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.schedule import LastRun
from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.tables.schedule import schedule_entries

_entry = schedule_entries.c
_TICK = "tick"


class ScheduleStorage:
    """Part of the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_tick(self, now: datetime, every: timedelta) -> bool:
        """Return whether it is the caller's turn to run the schedule; only one caller per interval gets True."""
        last = select(_entry.last_at).where(_entry.name == _TICK)

        async def take(conn: AsyncConnection) -> bool:
            await self._database.dialect.claim(conn, ["schedule"])
            taken = await conn.scalar(last)
            # A clock that was set back does not stop the schedule.
            if taken is not None and now - every < taken <= now + every:
                return False
            await self._store(conn, _TICK, LastRun(now))
            return True

        return await self._database.write(take)

    async def last_runs(self, names: Collection[str] | None = None) -> dict[str, LastRun]:
        """Return the last runs by the name of their entry, optionally of some entries only."""
        statement = select(schedule_entries).where(_entry.name != _TICK)
        if names is not None:
            statement = statement.where(self._database.dialect.any_of(_entry.name, names))
        rows = await self._database.rows(statement)
        return {row["name"]: LastRun(row["last_at"], row["job_id"]) for row in rows}

    async def note(self, name: str, run: LastRun) -> None:
        """Store that an entry has run."""
        await self._database.write(lambda conn: self._store(conn, name, run))

    async def _store(self, conn: AsyncConnection, name: str, run: LastRun) -> None:
        row = {"name": name, "last_at": run.at, "job_id": run.job_id}
        await upsert(self._database, conn, schedule_entries, [row], key=("name",))
