"""The target of a migration: fit, empty unless told otherwise, and set right once the rows are in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import SchemaMismatchError, UsageError
from tg_parser.storage import migrator
from tg_parser.storage.databases import Databases
from tg_parser.storage.document_changes import count_change
from tg_parser.storage.tables import METADATA
from tg_parser.storage.tables.processing import DERIVED, processed_documents
from tg_parser.storage.transactions import Database
from tg_parser.storage.transfer_ledger import OnConflict


def tables_of(databases: Iterable[Database]) -> list[Table]:
    """Every table of the product that holds data of its own, parents before children."""
    tables = (table for database in databases for table in METADATA[database.name].sorted_tables)
    return [table for table in tables if table.name not in DERIVED]


async def require_fit(databases: Databases) -> None:
    """Raise an error where the target is no PostgreSQL or holds a schema that is not ours or newer."""
    if databases.processing.dialect.embedded:
        raise UsageError("The target of a migration is PostgreSQL.", "Name it: --postgres-url postgresql://…")
    for database in databases.all:
        state = await migrator.check(database)
        if state in {"newer", "foreign"}:
            found = "is newer than this version" if state == "newer" else "has tables with our names, but no revision"
            raise SchemaMismatchError(
                f"The {database.name} schema in {database.place} {found}.", "Choose another database."
            )


async def upgrade(databases: Databases) -> None:
    """Make the schema, or bring it to this version."""
    for database in databases.all:
        if await migrator.check(database) != "current":
            await migrator.upgrade(database)


async def filled_tables(databases: Databases) -> list[str]:
    """The tables that hold rows."""
    found = list[str]()
    for table in tables_of(databases.all):
        there = await databases.processing.rows(select(func.to_regclass(table.name).label("there")))
        if there[0]["there"] is not None and await databases.processing.rows(
            text(f"SELECT 1 AS one FROM {table.name} LIMIT 1")
        ):
            found.append(table.name)
    return found


async def require_room(databases: Databases, on_conflict: OnConflict) -> None:
    """Raise UsageError where the target holds rows and nobody said what to do with them."""
    filled = await filled_tables(databases)
    if filled and on_conflict == "fail":
        raise UsageError(
            f"{databases.processing.place} is not empty: {', '.join(filled)}.",
            "Choose an empty database, or say what counts for rows that are there: --on-conflict skip or replace.",
        )


async def finish(databases: Databases, written: Sequence[Table]) -> None:
    """Let numbering go on after the highest number, and give the planner its figures."""

    async def finish(conn: AsyncConnection) -> None:
        await databases.processing.dialect.lift_time_limit(conn)
        for table in written:
            for column in table.c:
                if column.identity is not None:
                    await conn.execute(text(_ADVANCE.format(table=table.name, column=column.name)))
            await conn.execute(text(f"ANALYZE {table.name}"))
        if processed_documents in written:
            # The rows came by another way than through the storage, which counts what it writes.
            channels = await conn.execute(select(processed_documents.c.channel_id).distinct())
            await count_change(databases.processing, conn, channels.scalars())

    await databases.processing.write(finish)


_ADVANCE = """
SELECT setval(pg_get_serial_sequence('{table}', '{column}'), greatest(max({column}), 1), max({column}) IS NOT NULL)
FROM {table}
"""
