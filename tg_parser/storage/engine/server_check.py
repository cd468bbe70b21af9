"""Whether a PostgreSQL server is fit for the three databases; checked once at the start."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import StorageError
from tg_parser.storage.engine.transactions import Database

log = structlog.get_logger(__name__)

OLDEST_VERSION = 14
"""Older versions get no fixes any more, and cannot report the outcome of a transaction."""


class ServerFacts(NamedTuple):
    """What a server reports about itself; `version` as in 150004."""

    version: int
    in_recovery: bool
    read_only: bool
    encoding: str
    connections: int
    settings_kept: bool
    """Whether the settings we ask for in every session are in force."""


async def check_server(database: Database, pool_limit: int) -> None:
    """Refuse a server that cannot be used; warn about one with too few connections. Raises StorageError."""
    facts = await database.read(_facts)
    if problem := unfit(facts):
        sentence, hint = problem
        raise StorageError(f"{database.place} {sentence}.", hint)
    if pool_limit > facts.connections:
        log.warning(
            f"{database.place} allows {facts.connections} connections, and DB_POOL_SIZE + DB_MAX_OVERFLOW could ask "
            f"for {pool_limit}. Lower them, or raise the server's max_connections."
        )


async def server_time(database: Database) -> datetime | None:
    """What the server's clock shows; None for a file, which has no clock of its own."""
    if database.dialect.embedded:
        return None
    return await database.read(_clock)


def unfit(facts: ServerFacts) -> tuple[str, str] | None:
    """Why a server cannot be used, and what to do; None if it can."""
    major = facts.version // 10_000
    if major < OLDEST_VERSION:
        return (
            f"is of version {major}, and {OLDEST_VERSION} is the oldest that works",
            "Upgrade the server, or use another one.",
        )
    if facts.in_recovery:
        return (
            "is a standby, which takes no writes",
            "Set DB_HOST (or DB_URL) to the primary server; a standby belongs in DB_REPLICA_HOSTS.",
        )
    if not facts.settings_kept:
        return "is behind a pooler that drops the settings of a session", "Set DB_TRANSACTION_POOLER=true."
    if facts.read_only:
        return (
            "is read-only by its own setting",
            "Take default_transaction_read_only back for this role and database.",
        )
    if facts.encoding != "UTF8":
        return (
            f"has the encoding {facts.encoding}, which cannot hold every text",
            "Create the database anew with ENCODING 'UTF8' TEMPLATE template0.",
        )
    return None


async def _facts(conn: AsyncConnection) -> ServerFacts:
    return ServerFacts._make((await conn.exec_driver_sql(_FACTS_SQL)).one())


async def _clock(conn: AsyncConnection) -> datetime:
    shown: datetime = (await conn.exec_driver_sql("SELECT clock_timestamp()")).scalar_one()
    return shown


_FACTS_SQL = """
SELECT current_setting('server_version_num')::int,
       pg_is_in_recovery(),
       current_setting('default_transaction_read_only')::boolean,
       current_setting('server_encoding'),
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
       current_setting('plan_cache_mode') = 'force_custom_plan'
"""
