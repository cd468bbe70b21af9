"""What a migration asks of its target; there are two: PostgreSQL, written by COPY, and SQLite, written in batches."""

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
from tg_parser.transfer.ledger import OnConflict, Run
from tg_parser.transfer.plan import key_columns
from tg_parser.transfer.rows.fields import Field, field_of
from tg_parser.transfer.validate import Tagged

Row = tuple[Any, ...]


class TakenError(Exception):
    """A row has a key that is there already; written carefully, the batch says which. It never leaves the transfer."""


@dataclass(frozen=True)
class Destination:
    """Where rows go: the target's columns in their order, and the run on whose behalf."""

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
        """The columns by which a row is known."""
        return key_columns(self.table)

    @cached_property
    def key_fields(self) -> tuple[Field, ...]:
        """The fields of these columns."""
        by_name = {field.name: field for field in self.fields}
        return tuple(by_name[name] for name in self.keys)


@dataclass(frozen=True, slots=True)
class Merged:
    """What was done: rows written, and of the others by row id whether an identical row was there."""

    written: int
    met: dict[int, bool]


class TransferTarget(Protocol):
    """The databases that are migrated into.

    The notes of a batch stand beside its rows and come with them in one transaction: on SQLite each file has its own.
    """

    refusals: tuple[type[Exception], ...]
    """What is raised for a row that the database does not take."""

    @property
    def homes(self) -> Sequence[Database]:
        """The databases with notes of their own; the last one also keeps the runs."""
        ...

    def home(self, database: str) -> Database:
        """Where the rows of a logical database and their notes are."""
        ...

    def refusal(self, error: Exception) -> str:
        """Why the database does not take a row, in words."""
        ...

    def kind(self, reason: Column[str]) -> ColumnElement[str]:
        """A reason without its particulars, which stand in brackets at its end."""
        ...

    async def mark(self, conn: AsyncConnection) -> int:
        """The number by which the rows of this transaction are known; 0 where they are known otherwise."""
        ...

    async def note_what_is_there(self, run_id: str) -> None:
        """Remember the rows that are there before a run, where the database does not by itself."""
        ...

    async def put(
        self, conn: AsyncConnection, to: Destination, rows: Iterable[Tagged], policy: OnConflict, *, careful: bool
    ) -> Merged:
        """Write rows whose key is new; replace others where `policy` says so and they are not of this run itself.

        Only a careful call is bound to find out which keys are there; another may raise TakenError.
        """
        ...

    async def fetch(self, conn: AsyncConnection, to: Destination, keys: Sequence[Row]) -> list[Row]:
        """The rows with these keys: times as text to microseconds in UTC, JSON as text, flags as numbers."""
        ...

    async def rows_of_run(self, conn: AsyncConnection, to: Destination, run: Run) -> tuple[int, int]:
        """The rows of a table that this run wrote and that stand unchanged, and the number that it wrote."""
        ...

    async def undo(self, run: Run, of: Sequence[Database], *, state: str) -> dict[str, int]:
        """Take a run's rows out of some of the databases, and note the run's `state`; the rows removed by table.

        Raises StorageError, with nothing changed, where something was written since.
        """
        ...

    async def finish(self, written: Sequence[Table]) -> None:
        """Set right what belongs to the tables once the rows are in."""
        ...


def tables_of(databases: Iterable[Database]) -> list[Table]:
    """Every table of the product that holds data of its own, parents before children."""
    tables = (table for database in databases for table in METADATA[database.name].sorted_tables)
    return [table for table in tables if table.name not in DERIVED]


def untouchable(run: Run, touched: Sequence[str]) -> str:
    """The sentence about a run that cannot be undone."""
    return f"The migration {run.run_id} cannot be undone: {'; '.join(touched)}."


UNDO_OTHERWISE = (
    "Undo later migrations first; else restore the target from a backup, or start over with an empty database."
)


def touched_since(table: str, ours: int, later: int, written: int) -> list[str]:
    """What happened to a table since a run that wrote `written` rows, of which `ours` stand unchanged, in words."""
    found = [f"{table}: {later} written since"] if later else []
    if ours < written:
        found.append(f"{table}: {written - ours} of the migrated changed or removed since")
    return found
