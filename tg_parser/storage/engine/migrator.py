"""Alembic from code: each logical database has its own history and version table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import SchemaMismatchError, UsageError
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables import METADATA, DatabaseName

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

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
    """How the schema stands to this version."""
    # Tables first: another process may make the schema in between, and its tables never come without their revision.
    tables = await database.read(lambda conn: conn.run_sync(lambda sync: set(inspect(sync).get_table_names())))
    revision = await current(database)
    return schema_state(revision, known_revisions(database.name), bool(tables & set(METADATA[database.name].tables)))


def schema_state(revision: str | None, known: Sequence[str], has_our_tables: bool) -> State:
    """`known` revisions come newest first; `foreign` are tables with our names of which nobody noted a revision."""
    if revision is None:
        return "foreign" if has_our_tables else "empty"
    if revision not in known:
        return "newer"
    return "current" if revision == known[0] else "behind"


async def ensure_schema(database: Database) -> None:
    """Make an empty schema, bring a SQLite file forward, refuse what is not safe. Raises SchemaMismatchError."""
    state = await check(database)
    if state == "current":
        return
    if not may_upgrade(state, embedded=database.dialect.embedded):
        sentence, hint = _REFUSALS[state]
        raise SchemaMismatchError(f"The {database.name} schema in {database.place} {sentence}.", hint)
    await upgrade(database)


def may_upgrade(state: State, *, embedded: bool) -> bool:
    """Whether a schema is brought forward unasked: an empty one always, an old one only where nobody else uses it."""
    return state == "empty" or (state == "behind" and embedded)


_REFUSALS = {
    "behind": ("is older than this version", "Make a backup, then run: tg-parser db upgrade"),
    "newer": ("is newer than this version", "Use the TG_parser version that wrote it, or a newer one."),
    "foreign": (
        "has tables with the names of ours, but no note of their version",
        "They are not of this version of TG_parser. Point the settings at another place.",
    ),
}


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
            f"The {database.name} schema cannot go there: {error}.", "See: tg-parser db history"
        ) from error


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def _turn() -> asyncio.Lock:
    # Alembic keeps the migration it is at in globals of its modules, so a process does one at a time.
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())


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


def known_revisions(name: DatabaseName) -> list[str]:
    """The revisions this version knows, newest first."""
    return [script.revision for script in _scripts(name).walk_revisions()]


def version_table(name: DatabaseName) -> str:
    """Where Alembic notes the revision of a logical database."""
    return f"alembic_version_{name}"


def _current(connection: Connection, name: DatabaseName) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": version_table(name)}).get_current_revision()
