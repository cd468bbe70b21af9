"""Handoffs between agents. A state is changed only by the process that read the one before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.agents import OPEN, Handoff, HandoffStatus
from tg_parser.domain.errors import HandoffError
from tg_parser.domain.pages import Position
from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.engine.transactions import Database, insert_rows
from tg_parser.storage.stores.paging import newest_rows
from tg_parser.storage.tables.agents import handoff_history

_handoff = handoff_history.c

Row = dict[str, Any]
_CHANGING = frozenset({"status", "result_json", "error", "processing_time_ms", "accepted_at", "completed_at"})


class HandoffStorage:
    """The handoffs in the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, handoffs: Sequence[Handoff]) -> None:
        """Add new handoffs as they are."""

        async def add(conn: AsyncConnection) -> None:
            await insert_rows(self._database, conn, handoff_history, [_row(each) for each in handoffs], key=("id",))

        await self._database.write(add)

    async def move(self, before: Handoff, after: Handoff) -> None:
        """Replace `before` by `after`. Raises HandoffError if it has left the state of `before`."""
        values = {name: value for name, value in _row(after).items() if name in _CHANGING}
        known = (_handoff.id == before.id, _handoff.status == before.status)

        async def move(conn: AsyncConnection) -> bool:
            return bool((await conn.execute(update(handoff_history).where(*known).values(values))).rowcount)

        if not await self._database.write(move):
            row = await self._database.row(select(_handoff.status).where(_handoff.id == before.id))
            raise HandoffError(before.id, row["status"] if row else "gone", after.status)

    async def open(self) -> list[Handoff]:
        """Every unfinished handoff, oldest first."""
        statement = select(handoff_history).where(_handoff.status.in_(OPEN)).order_by(_handoff.created_at, _handoff.id)
        return [_read(row) for row in await self._database.rows(statement)]

    async def latest(
        self,
        limit: int,
        *,
        status: HandoffStatus | None = None,
        agent: str | None = None,
        after: Position | None = None,
    ) -> tuple[list[Handoff], Position | None]:
        """Handoffs from or to `agent`, in `status`, behind `after`, newest first, and where the next ones begin."""
        statement = select(handoff_history)
        if status is not None:
            statement = statement.where(_handoff.status == status)
        if agent is not None:
            statement = statement.where((_handoff.source_agent == agent) | (_handoff.target_agent == agent))
        found = await newest_rows(self._database, statement, (_handoff.created_at, _handoff.id), limit, after)
        return [_read(row) for row in found.rows], found.end


def _row(handoff: Handoff) -> Row:
    return {
        "id": handoff.id,
        "source_agent": handoff.source_agent,
        "target_agent": handoff.target_agent,
        "task_type": handoff.task_type,
        "priority": handoff.priority,
        "status": handoff.status,
        "payload_json": storable_json(handoff.payload),
        "context_json": storable_json(handoff.context),
        "result_json": storable_json(handoff.result),
        "error": None if handoff.error is None else storable(handoff.error),
        "processing_time_ms": handoff.processing_time_ms,
        "created_at": handoff.created_at,
        "accepted_at": handoff.accepted_at,
        "completed_at": handoff.completed_at,
    }


def _read(row: Mapping[str, Any]) -> Handoff:
    return Handoff(
        id=row["id"],
        source_agent=row["source_agent"],
        target_agent=row["target_agent"],
        task_type=row["task_type"],
        created_at=row["created_at"],
        status=row["status"],
        priority=row["priority"],
        payload=row["payload_json"],
        context=row["context_json"] if isinstance(row["context_json"], dict) else {},
        result=row["result_json"],
        error=row["error"],
        processing_time_ms=row["processing_time_ms"],
        accepted_at=row["accepted_at"],
        completed_at=row["completed_at"],
    )
