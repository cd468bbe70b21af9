"""Expired rows of the agents' history, read for an archive and then deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.agents import OPEN
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables.agents import handoff_history, task_history

ARCHIVED = {table.name: table for table in (task_history, handoff_history)}
"""The tables whose old rows are archived, by name."""


class AgentRetention:
    """Old rows of the history; a handoff that is still open never counts as old."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pages(self, table: str, before: datetime, size: int) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """The rows of `table` made before a moment, by id, `size` at a time."""
        archived = ARCHIVED[table]
        statement = select(archived).where(archived.c.created_at < before, *_finished(table))
        async for page in self._database.pages(statement, archived.c.id, size):
            yield page

    async def delete(self, table: str, ids: Sequence[str]) -> int:
        """Delete rows by id; returns how many still existed."""
        gone = delete(ARCHIVED[table]).where(self._database.dialect.any_of(ARCHIVED[table].c.id, ids))

        async def remove(conn: AsyncConnection) -> int:
            return int((await conn.execute(gone)).rowcount)

        return await self._database.write(remove)


def _finished(table: str) -> list[ColumnElement[bool]]:
    return [handoff_history.c.status.not_in(OPEN)] if table == handoff_history.name else []
