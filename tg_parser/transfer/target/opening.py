"""Opens the target of a migration: picks the backend, checks that it fits, and that it is empty unless allowed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table, inspect, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import SchemaMismatchError, UsageError
from tg_parser.storage.engine import migrator
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.document_changes import count_change
from tg_parser.storage.tables.processing import processed_documents
from tg_parser.transfer.ledger import OnConflict
from tg_parser.transfer.target.port import TransferTarget, tables_of
from tg_parser.transfer.target.postgres import PostgresTarget
from tg_parser.transfer.target.sqlite import SqliteTarget

LOCK = "migrate-from-sqlite"


def target_of(databases: Databases) -> TransferTarget:
    """The databases as a target."""
    return SqliteTarget(databases) if databases.processing.dialect.embedded else PostgresTarget(databases)


def require_other_place(databases: Databases, source: Path) -> None:
    """Raises UsageError if the target is the source itself."""
    files = [Path(each.engine.url.database or "") for each in databases.all if each.dialect.embedded]
    if source.resolve() in {file.resolve().parent for file in files}:
        raise UsageError(
            f"{source} cannot be both read and written.",
            f"Give another folder for the new files: --to-sqlite {source}-new",
        )


async def require_fit(databases: Databases) -> None:
    """Raises an error if the target has a schema that is newer or not ours."""
    for database in databases.all:
        state = await migrator.check(database)
        if state in {"newer", "foreign"}:
            found = "is newer than this version" if state == "newer" else "has tables with our names, but no revision"
            raise SchemaMismatchError(
                f"The {database.name} schema in {database.place} {found}.", "Choose another database."
            )


async def upgrade(databases: Databases) -> None:
    """Create the schema, or upgrade it to this version."""
    for database in databases.all:
        if await migrator.check(database) != "current":
            await migrator.upgrade(database)


async def filled_tables(databases: Databases) -> list[str]:
    """The tables that have rows."""
    found = list[str]()
    for database in databases.all:
        there = await database.read(lambda conn: conn.run_sync(lambda sync: set(inspect(sync).get_table_names())))
        for table in tables_of([database]):
            some: Select[*tuple[Any, ...]] = select(literal_column("1").label("one")).select_from(table)
            if table.name in there and await database.row(some) is not None:
                found.append(table.name)
    return found


async def require_room(databases: Databases, on_conflict: OnConflict) -> None:
    """Raises UsageError if the target has rows and no conflict policy was given."""
    filled = await filled_tables(databases)
    if filled and on_conflict == "fail":
        raise UsageError(
            f"{databases.processing.place} is not empty: {', '.join(filled)}.",
            "Choose an empty database, or what to do with existing rows: --on-conflict skip or replace.",
        )


async def finish(databases: Databases, target: TransferTarget, written: Sequence[Table]) -> None:
    """Update what depends on the tables once the rows are in."""
    await target.finish(written)
    if processed_documents in written:
        # The rows bypassed the stores, which count their writes.
        await databases.processing.write(lambda conn: _count_changes(databases, conn))


async def _count_changes(databases: Databases, conn: AsyncConnection) -> None:
    await databases.processing.dialect.lift_time_limit(conn)
    channels = await conn.execute(select(processed_documents.c.channel_id).distinct())
    await count_change(databases.processing, conn, channels.scalars())
