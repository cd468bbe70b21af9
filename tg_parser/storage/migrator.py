"""Alembic from code: each logical database has its own history and version table."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import SchemaMismatchError, UsageError
from tg_parser.storage.tables import METADATA, DatabaseName
from tg_parser.storage.transactions import Database

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

State = Literal["empty", "current", "behind", "newer", "foreign"]


async def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema forward. Two processes at once are safe: the second finds the work done."""
    await _run(database, lambda config: command.upgrade(config, revision))


async def downgrade(database: Database, revision: str) -> None:
    """Take the schema back."""
    await _run(database, lambda config: command.downgrade(config, revision))


async def stamp(database: Database, revision: str) -> None:
    """Note `revision` as the present one."""
    await _run(database, lambda config: command.stamp(config, revision))


async def current(database: Database) -> str | None:
    """The revision the schema stands at; None where there is none."""
    return await database.read(lambda conn: conn.run_sync(_current, database.name))


def head(name: DatabaseName) -> str:
    """The newest revision this version knows."""
    return str(_scripts(name).get_current_head())


def history(name: DatabaseName) -> list[str]:
    """The known revisions with their subjects, newest first."""
    return [f"{script.revision}  {script.doc}" for script in _scripts(name).walk_revisions()]


async def check(database: Database) -> State:
    """How the schema stands to this version; `foreign` is a database with tables of somebody else and none of ours."""
    revision = await current(database)
    if revision == head(database.name):
        return "current"
    if revision is not None:
        return "behind" if revision in _known(database.name) else "newer"
    tables = await database.read(lambda conn: conn.run_sync(lambda sync: set(inspect(sync).get_table_names())))
    ours = set(METADATA[database.name].tables)
    return "foreign" if tables & ours else "empty"


async def ensure_schema(database: Database) -> None:
    """Make an empty schema, bring a SQLite file forward, refuse what is not safe. Raises SchemaMismatchError."""
    state = await check(database)
    if state == "empty" or (state == "behind" and database.dialect.embedded):
        await upgrade(database)
    elif state == "behind":
        raise SchemaMismatchError(
            f"The {database.name} schema in {database.place} is older than this version.",
            "Make a backup, then run: tg-parser db upgrade",
        )
    elif state == "newer":
        raise SchemaMismatchError(
            f"The {database.name} schema in {database.place} is newer than this version.",
            "Use the TG_parser version that wrote it, or a newer one.",
        )
    elif state == "foreign":
        raise SchemaMismatchError(
            f"{database.place} holds tables with the names of ours, but no note of their version.",
            "Point the settings at another place, or note the version with: tg-parser db stamp",
        )


async def _run(database: Database, work: Callable[[Config], None]) -> None:
    async def migrate(conn: AsyncConnection) -> None:
        await database.dialect.lift_time_limit(conn)
        await database.dialect.claim(conn, ["migrate"])
        await conn.run_sync(lambda sync: work(_config(database.name, sync)))

    try:
        await database.write(migrate)
    except CommandError as error:
        raise UsageError(
            f"The {database.name} schema cannot go there: {error}.", "See: tg-parser db history"
        ) from error


def _config(name: DatabaseName, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(MIGRATIONS / "versions" / name).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    attributes: dict[str, Any] = {"connection": connection, "database": name, "metadata": METADATA[name]}
    config.attributes.update(attributes)
    return config


@cache
def _scripts(name: DatabaseName) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(name))


def _known(name: DatabaseName) -> frozenset[str]:
    return frozenset(script.revision for script in _scripts(name).walk_revisions())


def version_table(name: DatabaseName) -> str:
    """Where Alembic notes the revision of a logical database."""
    return f"alembic_version_{name}"


def _current(connection: Connection, name: DatabaseName) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": version_table(name)}).get_current_revision()
