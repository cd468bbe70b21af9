"""Pools: how this process stands, and which sessions of which processes the server has."""

from __future__ import annotations

from sqlalchemy import text

from tg_parser.services.views.upkeep import PoolReport, ReplicaState, SessionGroup
from tg_parser.storage.engine.databases import Databases


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
            replicas=tuple(map(ReplicaState.copied_from, self._databases.replica_states)),
            sessions=tuple(sessions),
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
