"""The schema of each logical database: its revision, whether it may be used, and how it is upgraded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Literal

from sqlalchemy import Connection, inspect, text

from tg_parser.domain.errors import SchemaMismatchError
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables import METADATA, DatabaseName

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

SchemaState = Literal["empty", "current", "behind", "newer", "foreign"]


async def upgrade(database: Database, revision: str = "head") -> None:
    """Upgrade the schema. Safe for two processes at once: the second finds nothing left to do."""
    await _alembic().upgrade(database, revision)


async def downgrade(database: Database, revision: str) -> None:
    """Downgrade the schema."""
    await _alembic().downgrade(database, revision)


async def stamp(database: Database, revision: str) -> None:
    """Record `revision` as the current one without running anything."""
    await _alembic().stamp(database, revision)


async def current(database: Database) -> str | None:
    """The revision of the schema; None if there is none."""
    return await database.read(lambda conn: conn.run_sync(_current, database.name))


def head(name: DatabaseName) -> str:
    """The newest revision this version knows."""
    return known_revisions(name)[0]


def history(name: DatabaseName) -> list[str]:
    """The known revisions with their subjects, newest first."""
    return [f"{revision}  {subject}" for revision, subject in _alembic().history(name)]


async def check(database: Database) -> SchemaState:
    """The state of the schema as seen by this version."""
    # Tables first: another process may create the schema in between, and tables never appear without their revision.
    tables = await database.read(lambda conn: conn.run_sync(lambda sync: set(inspect(sync).get_table_names())))
    revision = await current(database)
    return schema_state(revision, known_revisions(database.name), bool(tables & set(METADATA[database.name].tables)))


def schema_state(revision: str | None, known: Sequence[str], has_our_tables: bool) -> SchemaState:
    """`known` revisions come newest first; `foreign` are tables with our names but no recorded revision."""
    if revision is None:
        return "foreign" if has_our_tables else "empty"
    if revision not in known:
        return "newer"
    return "current" if revision == known[0] else "behind"


async def ensure_schema(database: Database) -> None:
    """Create an empty schema, upgrade a SQLite file, refuse what is not safe. Raises SchemaMismatchError."""
    state = await check(database)
    if state == "current":
        return
    if not may_upgrade(state, embedded=database.dialect.embedded):
        sentence, hint = _REFUSALS[state]
        where = f"The {database.name} schema in {database.place}"
        raise SchemaMismatchError(f"{where} {sentence}.", hint, case=f"schema_{state}", database=database.name)
    await upgrade(database)


def may_upgrade(state: SchemaState, *, embedded: bool) -> bool:
    """Whether a schema is upgraded without asking: an empty one always, an old one only if nobody else uses it."""
    return state == "empty" or (state == "behind" and embedded)


_REFUSALS = {
    "behind": ("is older than this version", None),
    "newer": ("is newer than this version", "Use the TG_parser version that wrote it, or a newer one."),
    "foreign": (
        "has tables with our names, but no recorded version",
        "They are not of this version of TG_parser. Point the settings at another place.",
    ),
}


@cache
def known_revisions(name: DatabaseName) -> list[str]:
    """The revisions this version knows, newest first, read from their file names, which begin with the number."""
    files = (MIGRATIONS / "versions" / name).glob("[0-9]*.py")
    return [f"{name}_{file.name.partition('_')[0]}" for file in sorted(files, reverse=True)]


def version_table(name: DatabaseName) -> str:
    """The table where Alembic records the revision of a logical database."""
    return f"alembic_version_{name}"


def _current(connection: Connection, name: DatabaseName) -> str | None:
    table = version_table(name)
    if not inspect(connection).has_table(table):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {table}"))
    return revision


def _alembic() -> ModuleType:
    # Alembic takes a tenth of a second to load and reads every revision: only for those who change a schema.
    from tg_parser.storage.engine import alembic_commands  # noqa: PLC0415

    return alembic_commands
