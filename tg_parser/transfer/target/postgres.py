"""PostgreSQL as the target of a migration. A row is identified by the transaction that wrote it (`xmin`); the ledger
knows the transactions of a run: rows changed or written since then have other ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import Column, ColumnElement, Table, func, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import StorageError
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables import METADATA, DatabaseName
from tg_parser.transfer.ledger import MigrationRun, OnConflict
from tg_parser.transfer.rows.fields import Field, FieldKind
from tg_parser.transfer.target.copy import OF_RUN, Driver, copy_into, driver_of, merge_into, statement
from tg_parser.transfer.target.port import (
    UNDO_OTHERWISE,
    Destination,
    Merged,
    Row,
    TakenError,
    tables_of,
    touched_since,
    untouchable,
)
from tg_parser.transfer.validate import Tagged


class PostgresTarget:
    """One server for all three databases."""

    refusals: tuple[type[Exception], ...] = (
        psycopg.DataError,
        psycopg.IntegrityError,
        psycopg.errors.ProgramLimitExceeded,
    )

    def __init__(self, databases: Databases) -> None:
        self._server = databases.processing

    @property
    def homes(self) -> Sequence[Database]:
        """The server, for all three."""
        return (self._server,)

    def home(self, database: str) -> Database:  # noqa: ARG002 - all three are on it
        """The server, for all three."""
        return self._server

    def refusal(self, error: Exception) -> str:
        """The server's own words."""
        words = error.diag.message_primary if isinstance(error, psycopg.Error) else None
        return f"PostgreSQL refuses it ({words or error})"

    def kind(self, reason: Column[str]) -> ColumnElement[str]:
        """The part before the bracket."""
        return func.split_part(reason, " (", 1)

    async def mark(self, conn: AsyncConnection) -> int:
        """The number of the current transaction."""
        return int((await conn.execute(text("SELECT pg_current_xact_id()::text"))).scalar_one())

    async def note_what_is_there(self, run_id: str) -> None:
        """Nothing to do: existing rows have older transactions."""

    async def put(
        self, conn: AsyncConnection, to: Destination, rows: Iterable[Tagged], policy: OnConflict, *, careful: bool
    ) -> Merged:
        """COPY into the table, or, when careful, through a temporary one."""
        driver = await driver_of(conn)
        if careful:
            return await merge_into(driver, to, rows, policy)
        try:
            return Merged(await copy_into(driver, to, (row for _, row in rows)), {})
        except psycopg.errors.UniqueViolation:
            raise TakenError from None

    async def fetch(self, conn: AsyncConnection, to: Destination, keys: Sequence[Row]) -> list[Row]:
        """One statement with an array for each part of the key."""
        driver = await driver_of(conn)
        cursor = await driver.execute(_select(to), [list(part) for part in zip(*keys, strict=True)])
        return await cursor.fetchall()

    async def rows_of_run(self, conn: AsyncConnection, to: Destination, run: MigrationRun) -> tuple[int, int]:
        """By the transactions of the run."""
        ours, _, written = await _run_state(await driver_of(conn), to, run)
        return ours, written

    async def undo(self, run: MigrationRun, of: Sequence[Database], *, state: str) -> dict[str, int]:
        """In one transaction, with other writers kept out."""
        destinations = [Destination.of_table(table, run.run_id) for table in tables_of(of)]

        async def work(conn: AsyncConnection) -> dict[str, int]:
            await self._server.dialect.lift_time_limit(conn)
            driver = await driver_of(conn)
            for to in destinations:
                await driver.execute(statement(to, "LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
            await _require_untouched(driver, run, destinations)
            for to in destinations:
                await driver.execute(statement(to, _RESTORE), {"run": run.run_id, "target": to.table.name})
            removed = {}
            for to in reversed(destinations):
                cursor = await driver.execute(statement(to, _REMOVE), {"run": run.run_id})
                removed[to.table.name] = cursor.rowcount
            await _forget(driver, run, [database.name for database in of])
            await driver.execute("UPDATE migration_runs SET state = %s WHERE run_id = %s", (state, run.run_id))
            return {name: count for name, count in removed.items() if count}

        return await self._server.write(work)

    async def finish(self, written: Sequence[Table]) -> None:
        """Set the sequences after the highest number, and update the planner's statistics."""

        async def finish(conn: AsyncConnection) -> None:
            await self._server.dialect.lift_time_limit(conn)
            for table in written:
                for column in table.c:
                    if column.identity is not None:
                        await conn.execute(text(_ADVANCE.format(table=table.name, column=column.name)))
                await conn.execute(text(f"ANALYZE {table.name}"))

        await self._server.write(finish)


_ADVANCE = """
SELECT setval(pg_get_serial_sequence('{table}', '{column}'), greatest(max({column}), 1), max({column}) IS NOT NULL)
FROM {table}
"""
_STATE = (
    "SELECT count(*) FILTER (WHERE " + OF_RUN + ") AS ours,"
    " count(*) FILTER (WHERE NOT " + OF_RUN + " AND age(t.xmin) < age(%(first)s::text::xid)) AS later"
    " FROM {table} AS t"
)
_WRITTEN = (
    "SELECT coalesce(sum(written), 0) AS written FROM migration_batches WHERE run_id = %(run)s AND target = %(target)s"
)
_RESTORE = """
INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, r.original)).* FROM migration_replaced AS r
WHERE r.run_id = %(run)s AND r.target = %(target)s ON CONFLICT ({keys}) DO UPDATE SET {update}
"""
_REMOVE = "DELETE FROM {table} AS t WHERE " + OF_RUN
_READ: dict[FieldKind, LiteralString] = {
    FieldKind.JSON: "t.{}::text",
    FieldKind.TIME: "to_char(t.{} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    FieldKind.BOOLEAN: "t.{}::integer",
}


def _select(to: Destination) -> sql.Composed:
    names = [sql.Identifier(each.name) for each in to.key_fields]
    return statement(
        to,
        "SELECT {read} FROM unnest({arrays}) AS i ({names}) JOIN {table} AS t ON {same_key}",
        read=sql.SQL(", ").join(sql.SQL(_READ.get(each.kind, "t.{}")).format(_name(each)) for each in to.fields),
        arrays=sql.SQL(", ").join(
            sql.SQL("%s::bigint[]" if each.kind is FieldKind.INTEGER else "%s::text[]") for each in to.key_fields
        ),
        names=sql.SQL(", ").join(names),
    )


def _name(field: Field) -> sql.Identifier:
    return sql.Identifier(field.name)


async def _require_untouched(driver: Driver, run: MigrationRun, destinations: Sequence[Destination]) -> None:
    touched = list[str]()
    for to in destinations:
        touched += touched_since(to.table.name, *(await _run_state(driver, to, run)))
    if touched:
        raise StorageError(untouchable(run, touched), UNDO_OTHERWISE)


async def _run_state(driver: Driver, to: Destination, run: MigrationRun) -> tuple[int, int, int]:
    """Rows of the run that are unchanged, rows written since, and the number that the run wrote."""
    arguments = {"run": run.run_id, "target": to.table.name, "first": run.first_xid % 2**32}
    ours, later = await _numbers(driver, statement(to, _STATE), arguments)
    (written,) = await _numbers(driver, statement(to, _WRITTEN), arguments)
    return ours, later, written


async def _numbers(driver: Driver, query: sql.Composed, arguments: dict[str, Any]) -> tuple[int, ...]:
    row = await (await driver.execute(query, arguments)).fetchone()
    return tuple(int(value) for value in row) if row else ()


async def _forget(driver: Driver, run: MigrationRun, names: Sequence[DatabaseName]) -> None:
    prefixes = [f"{name}." for name in names]
    targets = [table for name in names for table in METADATA[name].tables]
    for table in ("migration_batches", "migration_quarantine", "migration_changes"):
        query = sql.SQL("DELETE FROM {} WHERE run_id = %s AND split_part(table_name, '.', 1) || '.' = ANY(%s)")
        await driver.execute(query.format(sql.Identifier(table)), (run.run_id, prefixes))
    await driver.execute("DELETE FROM migration_replaced WHERE run_id = %s AND target = ANY(%s)", (run.run_id, targets))
