"""The agents: their registry, what they did, and how much of it per day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.agents import AgentCard, TaskRecord, new_id
from tg_parser.domain.pages import Position
from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.engine.transactions import Database, insert_rows, upsert
from tg_parser.storage.stores.paging import newest_rows
from tg_parser.storage.tables.agents import agent_registry, agent_stats, task_history

_agent = agent_registry.c
_task = task_history.c
_day = agent_stats.c
_DEFINITION = (
    "agent_type", "version", "description", "capabilities_json", "model", "provider", "is_active", "updated_at",
)  # fmt: skip
_KEY = ("agent_name", "date", "task_type")
_ADDED_UP = ("total_tasks", "successful_tasks", "failed_tasks", "total_processing_time_ms")
_ADD_UP = f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET " + ", ".join(
    [f"{name} = agent_stats.{name} + excluded.{name}" for name in _ADDED_UP]
    + [
        f"{name} = CASE WHEN agent_stats.{name} {better} excluded.{name} THEN agent_stats.{name}"
        f" ELSE excluded.{name} END"
        for name, better in (("min_processing_time_ms", "<"), ("max_processing_time_ms", ">"))
    ]
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AgentState:
    """A registered agent with its totals."""

    card: AgentCard
    is_active: bool
    tasks: int
    errors: int
    average_ms: float
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class DailyStats:
    """What an agent did on one day (UTC) in one kind of task."""

    date: str
    task_type: str
    tasks: int
    successful: int
    failed: int
    total_ms: int
    min_ms: int | None
    max_ms: int | None


class AgentStorage:
    """The agents in the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, cards: Sequence[AgentCard], at: datetime) -> None:
        """Register agents; their history stays."""
        rows = [_registry_row(card, at) for card in cards]

        async def register(conn: AsyncConnection) -> None:
            await upsert(self._database, conn, agent_registry, rows, key=("name",), update=_DEFINITION)

        await self._database.write(register)

    async def record(self, tasks: Sequence[TaskRecord], retention: timedelta) -> None:
        """Add tasks to the history, the daily statistics and the registry, all in one transaction."""
        if not tasks:
            return
        ids = [new_id(task.at) for task in tasks]

        async def record(conn: AsyncConnection) -> None:
            rows = [_task_row(id_, task, retention) for id_, task in zip(ids, tasks, strict=True)]
            await insert_rows(self._database, conn, task_history, rows, key=("id",))
            await self._database.dialect.insert_many(conn, agent_stats, _stats_rows(tasks), _ADD_UP)
            for name in sorted({task.agent_name for task in tasks}):
                await conn.execute(_counted(name, [task for task in tasks if task.agent_name == name]))

        await self._database.write(record)

    async def agents(self) -> list[AgentState]:
        """Every agent by name."""
        return [_state(row) for row in await self._database.rows(select(agent_registry).order_by(_agent.name))]

    async def agent(self, name: str) -> AgentState | None:
        """The agent called `name`."""
        row = await self._database.row(select(agent_registry).where(_agent.name == name))
        return None if row is None else _state(row)

    async def stats(self, name: str, days: int) -> list[DailyStats]:
        """The last `days` days on which the agent did something, newest first."""
        own = _day.agent_name == name
        newest = select(_day.date).where(own).distinct().order_by(_day.date.desc()).limit(days)
        statement = select(agent_stats).where(own, _day.date.in_(newest)).order_by(_day.date.desc(), _day.task_type)
        return [_stats(row) for row in await self._database.rows(statement)]

    async def history(
        self, name: str, limit: int, *, failed_only: bool = False, after: Position | None = None
    ) -> tuple[list[TaskRecord], Position | None]:
        """The latest tasks of the agent behind `after`, newest first, and where the next ones begin."""
        statement = select(task_history).where(_task.agent_name == name)
        if failed_only:
            statement = statement.where(_task.success.is_(False))
        found = await newest_rows(self._database, statement, (_task.created_at, _task.id), limit, after)
        return [_record(row) for row in found.rows], found.end


def _registry_row(card: AgentCard, at: datetime) -> Row:
    return {
        "name": card.name,
        "agent_type": card.agent_type,
        "version": card.version,
        "description": card.description,
        "capabilities_json": list(card.capabilities),
        "model": card.model,
        "provider": card.provider,
        "is_active": True,
        "total_tasks_processed": 0,
        "total_errors": 0,
        "avg_processing_time_ms": 0.0,
        "created_at": at,
        "updated_at": at,
    }


def _task_row(id_: str, task: TaskRecord, retention: timedelta) -> Row:
    return {
        "id": id_,
        "agent_name": task.agent_name,
        "task_type": task.task_type,
        "source_ref": task.source_ref,
        "channel_id": task.channel_id,
        "input_json": storable_json(task.input),
        "output_json": storable_json(task.output),
        "success": task.success,
        "error": None if task.error is None else storable(task.error),
        "processing_time_ms": task.milliseconds,
        "created_at": task.at,
        "expires_at": task.at + retention,
    }


def _stats_rows(tasks: Sequence[TaskRecord]) -> list[Row]:
    days = defaultdict[tuple[str, str, str], list[TaskRecord]](list)
    for task in tasks:
        days[task.agent_name, f"{task.at:%Y-%m-%d}", task.task_type].append(task)
    return [_stats_row(key, days[key]) for key in sorted(days)]


def _stats_row(key: tuple[str, str, str], done: Sequence[TaskRecord]) -> Row:
    times = [task.milliseconds for task in done]
    good = sum(task.success for task in done)
    return {
        **dict(zip(_KEY, key, strict=True)),
        "total_tasks": len(done),
        "successful_tasks": good,
        "failed_tasks": len(done) - good,
        "total_processing_time_ms": sum(times),
        "min_processing_time_ms": min(times),
        "max_processing_time_ms": max(times),
    }


def _counted(name: str, done: Sequence[TaskRecord]) -> Any:
    """SQL that adds `done` to the counters of an agent, so that processes do not overwrite each other's counts."""
    total, last = _agent.total_tasks_processed + len(done), max(task.at for task in done)
    spent = _agent.avg_processing_time_ms * _agent.total_tasks_processed + sum(task.milliseconds for task in done)
    return (
        update(agent_registry)
        .where(_agent.name == name)
        .values(
            total_tasks_processed=total,
            total_errors=_agent.total_errors + sum(not task.success for task in done),
            avg_processing_time_ms=spent / total,
            last_used_at=case((func.coalesce(_agent.last_used_at, last) > last, _agent.last_used_at), else_=last),
        )
    )


def _state(row: Mapping[str, Any]) -> AgentState:
    card = AgentCard(
        name=row["name"],
        agent_type=row["agent_type"],
        description=row["description"] or "",
        capabilities=tuple(row["capabilities_json"]),
        version=row["version"],
        provider=row["provider"],
        model=row["model"],
    )
    counts = row["total_tasks_processed"], row["total_errors"], row["avg_processing_time_ms"]
    return AgentState(card, row["is_active"], *counts, row["last_used_at"])


def _stats(row: Mapping[str, Any]) -> DailyStats:
    return DailyStats(*(row[column.name] for column in agent_stats.c if column.name != "agent_name"))


def _record(row: Mapping[str, Any]) -> TaskRecord:
    return TaskRecord(
        agent_name=row["agent_name"],
        task_type=row["task_type"],
        at=row["created_at"],
        milliseconds=row["processing_time_ms"] or 0,
        input=row["input_json"],
        output=row["output_json"],
        source_ref=row["source_ref"],
        channel_id=row["channel_id"],
        error=None if row["success"] else row["error"] or "unknown",
    )
