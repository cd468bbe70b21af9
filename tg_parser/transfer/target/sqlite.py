"""SQLite files as the target of a migration. Every row of a run is recorded with its digest in the same file: one that
changed since has another digest, and one that is not recorded was written since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any

import aiosqlite
import orjson
from sqlalchemy import Column, ColumnElement, LargeBinary, MetaData, Table, Text, func
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import StorageError
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.sqlite_names import quoted
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables.columns import BigNumber
from tg_parser.transfer.ledger import MigrationRun, OnConflict, batches, changes, quarantine, runs
from tg_parser.transfer.rows.forms import OF_SOURCE, conversions, converted
from tg_parser.transfer.target.port import (
    UNDO_OTHERWISE,
    Destination,
    Merged,
    Row,
    tables_of,
    touched_since,
    untouchable,
)
from tg_parser.transfer.validate import Tagged

TOGETHER = 1000

metadata = MetaData()
noted_rows = Table(
    "migration_rows",
    metadata,
    Column("target", Text, primary_key=True),
    Column("row_id", BigNumber, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
)


class SqliteTarget:
    """Three files; each has its own ledger, because no transaction spans two of them."""

    refusals: tuple[type[Exception], ...] = (IntegrityError, DataError)

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._by_name = {str(database.name): database for database in databases.all}

    @property
    def homes(self) -> Sequence[Database]:
        """The three files."""
        return self._databases.all

    def home(self, database: str) -> Database:
        """The file of that name."""
        return self._by_name[database]

    def refusal(self, error: Exception) -> str:
        """SQLite's own words."""
        return f"SQLite refuses it ({getattr(error, 'orig', error)})"

    def kind(self, reason: Column[str]) -> ColumnElement[str]:
        """The part before the bracket."""
        return func.substr(reason, 1, func.instr(reason.concat(" ("), " (") - 1)

    async def mark(self, conn: AsyncConnection) -> int:  # noqa: ARG002 - the rows themselves are noted
        """Transactions have no numbers."""
        return 0

    async def note_what_is_there(self, run_id: str) -> None:
        """Record every row of every table with its digest, under a mark of this run."""
        for home in self.homes:

            async def note(conn: AsyncConnection, home: Database = home) -> None:
                await _prepare(conn)
                for table in tables_of([home]):
                    to = Destination.of_table(table, _before(run_id))
                    await conn.exec_driver_sql(_sql(to, _NOTE_ALL), (to.run_id, table.name))

            await home.write(note)

    async def put(
        self, conn: AsyncConnection, to: Destination, rows: Iterable[Tagged], policy: OnConflict, *, careful: bool
    ) -> Merged:
        """Through a temporary table: being careful costs nothing more."""
        del careful
        await _prepare(conn)
        await conn.exec_driver_sql(_sql(to, _INCOMING))
        await conn.exec_driver_sql(_sql(to, "CREATE INDEX temp.incoming_keys ON incoming ({keys})"))
        await _fill(conn, to, rows)
        own = {"run": to.run_id, "target": to.table.name}
        met = await _leave_out(conn, _sql(to, _TWICE), own)
        there = _sql(to, _THERE, only=_sql(to, _SAME_OR_OURS) if policy == "replace" else "true")
        for row_id, same in (await _leave_out(conn, there, own)).items():
            met[row_id] = met.get(row_id, True) and same
        if policy == "replace":
            await conn.exec_driver_sql(_sql(to, _KEPT))
            await conn.exec_driver_sql(_sql(Destination.of_table(to.table, to.run_id), _KEEP_REPLACED), own)
        written = await conn.exec_driver_sql(_sql(to, _INSERT + (_UPDATE if policy == "replace" else "")))
        await conn.exec_driver_sql(_sql(to, _NOTE), own)
        await conn.exec_driver_sql("DROP TABLE temp.incoming")
        return Merged(written.rowcount, met)

    async def fetch(self, conn: AsyncConnection, to: Destination, keys: Sequence[Row]) -> list[Row]:
        """The keys go as one JSON array."""
        found = await conn.exec_driver_sql(_sql(to, _FETCH, same_part=_same_part(to)), (orjson.dumps(keys).decode(),))
        return [tuple(row) for row in found]

    async def rows_of_run(self, conn: AsyncConnection, to: Destination, run: MigrationRun) -> tuple[int, int]:
        """By the digests of its rows."""
        await _prepare_reading(conn)
        ours, _, written = await _run_state(conn, to, run)
        return ours, written

    async def undo(self, run: MigrationRun, of: Sequence[Database], *, state: str) -> dict[str, int]:
        """All files are checked first; then one after the other is rolled back, which may be repeated."""
        touched = [line for home in of for line in await home.read(partial(_touched, home, run))]
        if touched:
            raise StorageError(untouchable(run, touched), UNDO_OTHERWISE)
        removed: dict[str, int] = {}
        for home in of:
            removed |= await home.write(partial(_undone, home, run))
        note = runs.update().where(runs.c.run_id == run.run_id).values(state=state)
        await self.homes[-1].write(lambda conn: conn.execute(note))
        return removed

    async def finish(self, written: Sequence[Table]) -> None:
        """Nothing to do: SQLite numbers rows by itself."""


def _before(run_id: str) -> str:
    return f"{run_id} before"


async def _touched(home: Database, run: MigrationRun, conn: AsyncConnection) -> list[str]:
    """Describe what was written since; empty if the run wrote nothing here or is already undone."""
    await _prepare_reading(conn)
    lines = list[str]()
    noted = await conn.exec_driver_sql("SELECT 1 FROM migration_batches WHERE run_id = ? LIMIT 1", (run.run_id,))
    if noted.first() is None:
        return lines
    for table in tables_of([home]):
        lines += touched_since(table.name, *(await _run_state(conn, Destination.of_table(table, run.run_id), run)))
    return lines


async def _undone(home: Database, run: MigrationRun, conn: AsyncConnection) -> dict[str, int]:
    # The file is locked now: writes between the check and the lock count too.
    if touched := await _touched(home, run, conn):
        raise StorageError(untouchable(run, touched), UNDO_OTHERWISE)
    await _prepare(conn)
    removed: dict[str, int] = {}
    destinations = [Destination.of_table(table, run.run_id) for table in tables_of([home])]
    for to in destinations:
        own = {"run": run.run_id, "target": to.table.name}
        await conn.exec_driver_sql(_sql(to, _KEPT))
        await conn.exec_driver_sql(_sql(to, _RESTORE), own)
        await conn.exec_driver_sql(_sql(to, _NOT_OURS_ANY_MORE), own)
    for to in reversed(destinations):
        gone = await conn.exec_driver_sql(_sql(to, _REMOVE), {"run": run.run_id, "target": to.table.name})
        if gone.rowcount:
            removed[to.table.name] = gone.rowcount
        await conn.exec_driver_sql(_sql(to, "DELETE FROM {kept} WHERE migration_run = ?"), (run.run_id,))
    for table in (batches, quarantine, changes):
        await conn.execute(table.delete().where(table.c.run_id == run.run_id))
    await conn.execute(noted_rows.delete().where(noted_rows.c.run_id == run.run_id))
    return removed


async def _prepare(conn: AsyncConnection) -> None:
    await conn.run_sync(metadata.create_all)
    await _prepare_reading(conn)


async def _prepare_reading(conn: AsyncConnection) -> None:
    driver = (await conn.get_raw_connection()).driver_connection
    if not isinstance(driver, aiosqlite.Connection):
        raise TypeError("a migration needs aiosqlite's own connection")
    await driver.create_function("row_digest", -1, _digest, deterministic=True)


def _digest(*values: Any) -> bytes:
    return hashlib.blake2b(repr(values).encode(), digest_size=16).digest()


async def _fill(conn: AsyncConnection, to: Destination, rows: Iterable[Tagged]) -> None:
    marks = ", ".join("?" * (len(to.fields) + 1))
    statement = f"INSERT INTO temp.incoming VALUES ({marks})"
    which = conversions(to.fields, OF_SOURCE)
    tagged = iter(rows)
    while chunk := [(*map(_plain, converted(row, which)), row_id) for row_id, row in islice(tagged, TOGETHER)]:
        await conn.exec_driver_sql(statement, chunk)


def _plain(value: Any) -> Any:
    """The driver accepts only plain str, no subclasses."""
    return str(value) if isinstance(value, str) else value


async def _leave_out(conn: AsyncConnection, query: str, own: dict[str, str]) -> dict[int, bool]:
    """Remove the rows found from the incoming ones; returns by row id whether the existing row is identical."""
    found: list[tuple[int, int, int]] = [tuple(row) for row in await conn.exec_driver_sql(query, own)]
    if found:
        gone = [(position,) for position, _, _ in found]
        await conn.exec_driver_sql("DELETE FROM temp.incoming WHERE rowid = ?", gone)
    met: dict[int, bool] = {}
    for _, row_id, same in found:
        met[row_id] = met.get(row_id, True) and bool(same)
    return met


async def _run_state(conn: AsyncConnection, to: Destination, run: MigrationRun) -> tuple[int, int, int]:
    """Rows of the run that are unchanged, rows written since, and the number that the run wrote."""
    own = {"run": run.run_id, "before": _before(run.run_id), "target": to.table.name}
    state: tuple[int | None, ...] = tuple((await conn.exec_driver_sql(_sql(to, _STATE), own)).one())
    written = await conn.exec_driver_sql(_WRITTEN, own)
    return int(state[0] or 0), int(state[1] or 0), int(written.scalar_one())


def _sql(to: Destination, template: str, **more: str) -> str:
    """`template` with {table}, {listing}, {same_key}, {same_row} of `i` (incoming) and `t` (the target), and others."""
    names, keys = [quoted(name) for name in to.columns], [quoted(name) for name in to.keys]
    return template.format(
        table=f"main.{quoted(to.table.name)}",
        kept=f"main.{quoted(f'migration_replaced_{to.table.name}')}",
        listing=", ".join(names),
        fields=", ".join(f"t.{name}" for name in names),
        keys=", ".join(keys),
        whole=", ".join(f"t.{quoted(column.name)}" for column in to.table.c),
        same_key=" AND ".join(f"i.{key} = t.{key}" for key in keys),
        same_row=" AND ".join(f"i.{name} IS t.{name}" for name in names),
        update=", ".join(f"{name} = excluded.{name}" for name in names),
        **more,
    )


def _same_part(to: Destination) -> str:
    parts = [f"t.{quoted(name)} = json_extract(i.value, '$[{number}]')" for number, name in enumerate(to.keys)]
    return " AND ".join(parts)


_INCOMING = "CREATE TEMPORARY TABLE incoming AS SELECT {listing}, 0 AS migration_row_id FROM {table} WHERE false"
_TWICE = """
SELECT i.rowid, i.migration_row_id, min({same_row}) FROM temp.incoming AS i JOIN temp.incoming AS t
ON {same_key} AND t.rowid < i.rowid GROUP BY i.rowid
"""
_THERE = """
SELECT i.rowid, i.migration_row_id, {same_row} FROM temp.incoming AS i JOIN {table} AS t ON {same_key} WHERE ({only})
"""
_SAME_OR_OURS = """
({same_row}) OR t.rowid IN (SELECT n.row_id FROM migration_rows AS n WHERE n.run_id = :run AND n.target = :target)
"""
_KEPT = "CREATE TABLE IF NOT EXISTS {kept} AS SELECT '' AS migration_run, t.* FROM {table} AS t WHERE false"
_KEEP_REPLACED = """
INSERT INTO {kept} (migration_run, {listing})
SELECT :run, {whole} FROM {table} AS t JOIN temp.incoming AS i ON {same_key}
"""
_INSERT = "INSERT INTO {table} ({listing}) SELECT {listing} FROM temp.incoming WHERE true"
_UPDATE = " ON CONFLICT ({keys}) DO UPDATE SET {update}"
_NOTE = """
INSERT OR REPLACE INTO migration_rows (target, row_id, run_id, digest)
SELECT :target, t.rowid, :run, row_digest({whole}) FROM temp.incoming AS i JOIN {table} AS t ON {same_key}
"""
_NOTE_ALL = """
INSERT OR REPLACE INTO migration_rows (run_id, target, row_id, digest)
SELECT ?, ?, t.rowid, row_digest({whole}) FROM {table} AS t
"""
_FETCH = "SELECT {fields} FROM json_each(?) AS i CROSS JOIN {table} AS t ON {same_part}"
_STATE = """
SELECT sum(ours), sum(NOT ours AND NOT before) FROM (
    SELECT coalesce(n.digest = t.digest, 0) AS ours, coalesce(b.digest = t.digest, 0) AS before
    FROM (SELECT t.rowid AS row_id, row_digest({whole}) AS digest FROM {table} AS t) AS t
    LEFT JOIN migration_rows AS n ON n.target = :target AND n.row_id = t.row_id AND n.run_id = :run
    LEFT JOIN migration_rows AS b ON b.target = :target AND b.row_id = t.row_id AND b.run_id = :before
)
"""
_WRITTEN = """
SELECT coalesce(sum(written), 0) FROM migration_batches WHERE run_id = :run AND target = :target
"""
_RESTORE = """
INSERT INTO {table} ({listing}) SELECT {listing} FROM {kept} WHERE migration_run = :run
ON CONFLICT ({keys}) DO UPDATE SET {update}
"""
_NOT_OURS_ANY_MORE = """
DELETE FROM migration_rows WHERE run_id = :run AND target = :target AND row_id IN
(SELECT t.rowid FROM {table} AS t JOIN {kept} AS i ON {same_key} WHERE i.migration_run = :run)
"""
_REMOVE = """
DELETE FROM {table} WHERE rowid IN (SELECT row_id FROM migration_rows WHERE run_id = :run AND target = :target)
"""
