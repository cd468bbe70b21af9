"""Runs Alembic from code. A module of its own, because loading Alembic takes a tenth of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import UsageError
from tg_parser.storage.engine.migrator import MIGRATIONS
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables import METADATA, DatabaseName


async def upgrade(database: Database, revision: str) -> None:
    """Upgrade the schema. Safe for two processes at once: the second finds nothing left to do."""
    await _run(database, lambda config: command.upgrade(config, revision))


async def downgrade(database: Database, revision: str) -> None:
    """Downgrade the schema."""
    await _run(database, lambda config: command.downgrade(config, revision))


async def stamp(database: Database, revision: str) -> None:
    """Record `revision` as the current one without running anything."""
    await _run(database, lambda config: command.stamp(config, revision))


def history(name: DatabaseName) -> list[tuple[str, str]]:
    """The known revisions with their subjects, newest first."""
    scripts = ScriptDirectory.from_config(_config(name))
    return [(script.revision, str(script.doc)) for script in scripts.walk_revisions()]


async def _run(database: Database, work: Callable[[Config], None]) -> None:
    async def migrate(conn: AsyncConnection) -> None:
        await database.dialect.lift_time_limit(conn)
        await database.dialect.claim(conn, ["migrate"])
        await conn.run_sync(lambda sync: work(_config(database.name, sync)))

    try:
        async with _turn():
            await database.write(migrate)
    except CommandError as error:
        raise UsageError(
            f"The {database.name} schema cannot be changed to that revision: {error}.",
            case="no_such_revision",
            database=database.name,
        ) from error


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def _turn() -> asyncio.Lock:
    # Alembic keeps the migration in progress in module globals, so a process runs one at a time.
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())


def _config(name: DatabaseName, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(MIGRATIONS / "versions" / name).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    attributes: dict[str, Any] = {"connection": connection, "database": name, "metadata": METADATA[name]}
    config.attributes.update(attributes)
    return config
