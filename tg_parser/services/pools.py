"""Pools: how this process stands, and which sessions of which processes the server has."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.pool import PoolFigures


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """A read replica; `left_out` is the reason why nobody reads from it, None where it serves."""

    name: str
    left_out: str | None


@dataclass(frozen=True, slots=True)
class SessionGroup:
    """The sessions of one process on the server, and the age in seconds of its oldest open transaction."""

    application: str
    sessions: int
    active: int
    idle_in_transaction: int
    oldest_transaction: float | None


@dataclass(frozen=True, slots=True)
class PoolReport:
    """All that is known of connections; `sessions` is empty where there is no server."""

    pools: dict[str, PoolFigures]
    replicas: list[ReplicaState]
    sessions: list[SessionGroup]
    max_connections: int | None


class PoolService:
    """`db pool`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def report(self) -> PoolReport:
        """The pools of this process, the replicas as last looked at, and the sessions of all processes."""
        sessions: list[SessionGroup] = []
        limit: int | None = None
        if not self._databases.processing.dialect.embedded:
            rows = await self._databases.processing.rows(text(_SESSIONS_SQL))
            sessions = [SessionGroup(**row) for row in rows]
            (found,) = await self._databases.processing.rows(text(_LIMIT_SQL))
            limit = found["connections"]
        return PoolReport(
            pools={name: pool.figures() for name, pool in self._databases.pools.items()},
            replicas=[ReplicaState(each.name, each.left_out) for each in self._databases.replica_states],
            sessions=sessions,
            max_connections=limit,
        )


_LIMIT_SQL = "SELECT current_setting('max_connections')::int AS connections"
_SESSIONS_SQL = """
SELECT coalesce(nullif(application_name, ''), 'unnamed') AS application, count(*)::int AS sessions,
       (count(*) FILTER (WHERE state = 'active'))::int AS active,
       (count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::int AS idle_in_transaction,
       round(extract(epoch FROM max(clock_timestamp() - xact_start)), 3)::float8 AS oldest_transaction
FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1 ORDER BY 1
"""
