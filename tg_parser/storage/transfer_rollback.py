"""Undo a run: remove exactly the rows it wrote and bring back those it replaced, if nothing has been written since.

A row is known by the transaction that wrote it (`xmin`), and the ledger knows the transactions of a run. A row that
changed since has another one; a row of another transaction after the run's beginning was written since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import NotFoundError, StorageError, UsageError
from tg_parser.storage.databases import Databases
from tg_parser.storage.tables import METADATA, DatabaseName
from tg_parser.storage.transactions import Database
from tg_parser.storage.transfer_copy import OF_RUN, Destination, Driver, driver_of
from tg_parser.storage.transfer_ledger import Ledger, Run
from tg_parser.storage.transfer_target import tables_of

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


async def rollback(databases: Databases, run_id: str) -> dict[str, int]:
    """Undo a run; the rows removed by table. Raises UsageError for an unknown run, StorageError for changed rows."""
    ledger = Ledger(databases.processing)
    run = await ledger.find(run_id) if await ledger.exists() else None
    if run is None:
        raise NotFoundError(
            f"{databases.processing.place} knows no migration {run_id}.", "See: SELECT * FROM migration_runs"
        )
    if run.state == "rolled back":
        raise UsageError(f"The migration {run_id} has been rolled back already.", None)
    async with databases.locks.exclusive("migrate-from-sqlite"):
        return await undo(databases, run, databases.all, state="rolled back")


async def undo(databases: Databases, run: Run, of: Sequence[Database], *, state: str) -> dict[str, int]:
    """Take a run's rows out of some of the databases in one transaction, and note the run's `state`."""
    destinations = [Destination(table, tuple(column.name for column in table.c), run.run_id) for table in tables_of(of)]

    async def work(conn: AsyncConnection) -> dict[str, int]:
        await databases.processing.dialect.lift_time_limit(conn)
        driver = await driver_of(conn)
        for to in destinations:
            await driver.execute(to.sql("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
        await _require_untouched(driver, run, destinations)
        removed = {}
        for to in destinations:
            await driver.execute(to.sql(_RESTORE), {"run": run.run_id, "target": to.table.name})
        for to in reversed(destinations):
            cursor = await driver.execute(to.sql(_REMOVE), {"run": run.run_id})
            removed[to.table.name] = cursor.rowcount
        await _forget(driver, run, [database.name for database in of])
        await driver.execute("UPDATE migration_runs SET state = %s WHERE run_id = %s", (state, run.run_id))
        return {name: count for name, count in removed.items() if count}

    return await databases.processing.write(work)


async def _require_untouched(driver: Driver, run: Run, destinations: Sequence[Destination]) -> None:
    touched = list[str]()
    for to in destinations:
        arguments = {"run": run.run_id, "target": to.table.name, "first": run.first_xid % 2**32}
        ours, later = await _numbers(driver, to.sql(_STATE), arguments)
        (written,) = await _numbers(driver, to.sql(_WRITTEN), arguments)
        if later:
            touched.append(f"{to.table.name}: {later} written since")
        if ours < written:
            touched.append(f"{to.table.name}: {written - ours} of the migrated changed or removed since")
    if touched:
        raise StorageError(
            f"The migration {run.run_id} cannot be undone: {'; '.join(touched)}.",
            "Undo later migrations first; else restore the target from a backup, or start over with an empty database.",
        )


async def rows_of_run(driver: Driver, to: Destination, run: Run) -> tuple[int, int]:
    """The rows of a table that this run wrote and that stand unchanged, and the number that it wrote."""
    arguments = {"run": run.run_id, "target": to.table.name, "first": run.first_xid % 2**32}
    ours, _ = await _numbers(driver, to.sql(_STATE), arguments)
    (written,) = await _numbers(driver, to.sql(_WRITTEN), arguments)
    return ours, written


async def _numbers(driver: Driver, statement: sql.Composed, arguments: dict[str, Any]) -> tuple[int, ...]:
    row = await (await driver.execute(statement, arguments)).fetchone()
    return tuple(int(value) for value in row) if row else ()


async def _forget(driver: Driver, run: Run, names: Sequence[DatabaseName]) -> None:
    prefixes = [f"{name}." for name in names]
    targets = [table for name in names for table in METADATA[name].tables]
    for table in ("migration_batches", "migration_quarantine", "migration_changes"):
        statement = sql.SQL("DELETE FROM {} WHERE run_id = %s AND split_part(table_name, '.', 1) || '.' = ANY(%s)")
        await driver.execute(statement.format(sql.Identifier(table)), (run.run_id, prefixes))
    await driver.execute("DELETE FROM migration_replaced WHERE run_id = %s AND target = ANY(%s)", (run.run_id, targets))
