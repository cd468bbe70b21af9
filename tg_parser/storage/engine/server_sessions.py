"""The connections to the server: the sessions of every process, and the server's limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from tg_parser.storage.engine.transactions import Database

_LIMIT = text("SELECT current_setting('max_connections')::int AS connections")
_SESSIONS = text("""
SELECT coalesce(nullif(application_name, ''), 'unnamed') AS application, count(*)::int AS sessions,
       (count(*) FILTER (WHERE state = 'active'))::int AS active,
       (count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::int AS idle_in_transaction,
       round(extract(epoch FROM max(clock_timestamp() - xact_start)), 3)::float8 AS oldest_transaction
FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1 ORDER BY 1
""")


async def server_sessions(database: Database) -> Sequence[Any]:
    """One row per process, by name; none if there is no server."""
    return [] if database.dialect.embedded else await database.rows(_SESSIONS)


async def max_connections(database: Database) -> int | None:
    """How many connections the server accepts; None if there is no server."""
    if database.dialect.embedded:
        return None
    (found,) = await database.rows(_LIMIT)
    return int(found["connections"])
