"""Connection pools of this process, and the sessions of all processes on the server."""

from __future__ import annotations

from tg_parser.services.views.upkeep import PoolReport, ReplicaState, SessionGroup
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.server_sessions import max_connections, server_sessions


class PoolService:
    """Implements `db pool`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def report(self) -> PoolReport:
        """Return the pools of this process, the last known state of replicas, and the sessions of all processes."""
        database = self._databases.processing
        return PoolReport(
            pools={name: pool.figures() for name, pool in self._databases.pools.items()},
            replicas=tuple(map(ReplicaState.copied_from, self._databases.replica_states)),
            sessions=tuple(SessionGroup(**row) for row in await server_sessions(database)),
            max_connections=await max_connections(database),
        )
