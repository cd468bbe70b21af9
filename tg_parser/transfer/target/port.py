"""What a migration needs from its target; there are two: PostgreSQL, written by COPY, and SQLite, in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables import METADATA
from tg_parser.storage.tables.processing import DERIVED
from tg_parser.transfer.ledger import MigrationRun, OnConflict
from tg_parser.transfer.plan import key_columns
from tg_parser.transfer.rows.fields import Field, field_of
from tg_parser.transfer.validate import Tagged

Row = tuple[Any, ...]


class TakenError(Exception):
    """A row's key already exists; a careful write finds out which one. It never leaves the transfer."""


@dataclass(frozen=True)
class Destination:
    """Where rows go: the target's columns in order, and the run that writes them."""

    table: Table
    fields: tuple[Field, ...]
    run_id: str

    @classmethod
    def of_table(cls, table: Table, run_id: str) -> Destination:
        """All columns of `table`."""
        return cls(table, tuple(field_of(column) for column in table.c), run_id)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that are written."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The key columns."""
        return key_columns(self.table)

    @cached_property
    def key_fields(self) -> tuple[Field, ...]:
        """The fields of these columns."""
        by_name = {field.name: field for field in self.fields}
        return tuple(by_name[name] for name in self.keys)


@dataclass(frozen=True, slots=True)
class Merged:
    """The result: rows written, and for the others, by row id, whether an identical row existed."""

    written: int
    met: dict[int, bool]


class TransferTarget(Protocol):
    """The databases that are migrated into.

    The ledger entries of a batch are written in the transaction of its rows: on SQLite each file has its own ledger.
    """

    refusals: tuple[type[Exception], ...]
    """The exception for a row that the database refuses."""

    @property
    def homes(self) -> Sequence[Database]:
        """The databases with a ledger; the last one also keeps the runs."""
        ...

    def home(self, database: str) -> Database:
        """The database of a logical database's rows and their ledger."""
        ...

    def refusal(self, error: Exception) -> str:
        """Why the database refuses the row, in words."""
        ...

    def kind(self, reason: Column[str]) -> ColumnElement[str]:
        """A reason without the details in brackets at its end."""
        ...

    async def mark(self, conn: AsyncConnection) -> int:
        """The number that identifies the rows of this transaction; 0 if they are identified otherwise."""
        ...

    async def note_what_is_there(self, run_id: str) -> None:
        """Record the rows that exist before a run, if the database does not do so itself."""
        ...

    async def put(
        self, conn: AsyncConnection, to: Destination, rows: Iterable[Tagged], policy: OnConflict, *, careful: bool
    ) -> Merged:
        """Write rows with new keys; replace others if `policy` says so and they were not written by this run.

        Only a careful call must find out which keys exist; others may raise TakenError.
        """
        ...

    async def fetch(self, conn: AsyncConnection, to: Destination, keys: Sequence[Row]) -> list[Row]:
        """The rows with these keys: times as text to microseconds in UTC, JSON as text, flags as numbers."""
        ...

    async def rows_of_run(self, conn: AsyncConnection, to: Destination, run: MigrationRun) -> tuple[int, int]:
        """The rows of a table that this run wrote and that are unchanged, and the number it wrote."""
        ...

    async def undo(self, run: MigrationRun, of: Sequence[Database], *, state: str) -> dict[str, int]:
        """Remove a run's rows from some of the databases and set the run's `state`; returns the removed rows by table.

        Raises StorageError, with nothing changed, if something was written since.
        """
        ...

    async def finish(self, written: Sequence[Table]) -> None:
        """Update what depends on the tables once the rows are in."""
        ...


def tables_of(databases: Iterable[Database]) -> list[Table]:
    """Every table of the product that holds data of its own, parents before children."""
    tables = (table for database in databases for table in METADATA[database.name].sorted_tables)
    return [table for table in tables if table.name not in DERIVED]


def untouchable(run: MigrationRun, touched: Sequence[str]) -> str:
    """The error for a run that cannot be undone."""
    return f"The migration {run.run_id} cannot be undone: {'; '.join(touched)}."


UNDO_OTHERWISE = (
    "Undo later migrations first; else restore the target from a backup, or start over with an empty database."
)


def touched_since(table: str, ours: int, later: int, written: int) -> list[str]:
    """What happened to a table since a run wrote `written` rows, of which `ours` are unchanged, in words."""
    found = [f"{table}: {later} written since"] if later else []
    if ours < written:
        found.append(f"{table}: {written - ours} of the migrated changed or removed since")
    return found
