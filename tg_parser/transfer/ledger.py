"""What a migration records in the target: runs, the ranges they wrote, what they changed and what they refused.

The tables belong to the migration alone, so they are not part of the three histories; it creates them at its start.
A range is recorded in the transaction that writes its rows: `xid` is that transaction, by which PostgreSQL knows its
rows. On SQLite every file has such tables of its own, as no transaction spans two of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables.columns import JsonDocument, UtcDateTime

OnConflict = Literal["fail", "skip", "replace"]

metadata = MetaData()

runs = Table(
    "migration_runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("files", JsonDocument, nullable=False),
    Column("on_conflict", Text, nullable=False),
    Column("first_xid", BigInteger, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
)

batches = Table(
    "migration_batches",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("table_name", Text, primary_key=True),
    Column("upto", BigInteger, primary_key=True),
    Column("target", Text),
    Column("xid", BigInteger, nullable=False),
    Column("written", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("migrated", Integer, nullable=False),
    Column("already_there", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
)

quarantine = Table(
    "migration_quarantine",
    metadata,
    Column("run_id", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("original", LargeBinary, nullable=False),
    Index("idx_migration_quarantine_row", "run_id", "table_name", "row_id"),
)

changes = Table(
    "migration_changes",
    metadata,
    Column("run_id", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("row_key", Text, nullable=False),
    Column("column_name", Text, nullable=False),
    Column("change", Text, nullable=False),
    Column("original", Text),
    Index("idx_migration_changes_row", "run_id", "table_name", "row_id"),
)

replaced = Table(
    "migration_replaced",
    metadata,
    Column("run_id", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("original", JsonDocument, nullable=False),
    Index("idx_migration_replaced_run", "run_id", "target"),
)


@dataclass(frozen=True, slots=True)
class MigrationRun:
    """One migration into this target. `files` are the fingerprints of the source's files at its start."""

    run_id: str
    state: str
    source: str
    files: Mapping[str, str]
    on_conflict: OnConflict
    first_xid: int
    started_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Outcome for the rows of a table: `already_there` counts migrated rows that the target already contained."""

    rows: int = 0
    migrated: int = 0
    already_there: int = 0
    changed: int = 0
    quarantined: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in Tally.__dataclass_fields__))

    @property
    def balanced(self) -> bool:
        """Whether every row is accounted for."""
        return self.migrated + self.quarantined == self.rows


class MigrationLedger:
    """The runs of one target. `homes` are its databases with ledger tables; the last one also keeps the runs."""

    def __init__(self, homes: Sequence[Database]) -> None:
        self._homes = homes
        self._database = homes[-1]

    async def exists(self) -> bool:
        """Whether any migration ever ran into this target."""
        return await self._database.read(lambda conn: conn.run_sync(lambda sync: inspect(sync).has_table(runs.name)))

    async def create(self) -> None:
        """Create missing tables."""
        for home in self._homes:
            await home.write(lambda conn: conn.run_sync(metadata.create_all))

    async def begin(self, run: MigrationRun, mark: Callable[[AsyncConnection], Awaitable[int]]) -> MigrationRun:
        """Record a new run."""

        async def begin(conn: AsyncConnection) -> MigrationRun:
            begun = replace(run, first_xid=await mark(conn))
            await conn.execute(insert(runs).values(asdict(begun)))
            return begun

        return await self._database.write(begin)

    async def find(self, run_id: str | None = None, *, state: str | None = None) -> MigrationRun | None:
        """The newest run with this id or state."""
        statement = select(runs).order_by(runs.c.started_at.desc())
        if run_id is not None:
            statement = statement.where(runs.c.run_id == run_id)
        if state is not None:
            statement = statement.where(runs.c.state == state)
        row = await self._database.row(statement)
        return None if row is None else MigrationRun(**row)

    async def change(self, run: MigrationRun, **values: Any) -> None:
        """Record changes of a run."""
        statement = runs.update().where(runs.c.run_id == run.run_id).values(**values)
        await self._database.write(lambda conn: conn.execute(statement))

    async def reached(self, run: MigrationRun, table: str) -> int | None:
        """The last row id of a table that is finished."""
        mine = (batches.c.run_id == run.run_id, batches.c.table_name == table)
        row = await self._beside(table).row(select(func.max(batches.c.upto).label("upto")).where(*mine))
        return None if row is None else row["upto"]

    async def tallies(self, run: MigrationRun) -> dict[str, Tally]:
        """The counts of a run by table."""
        names = tuple(Tally.__dataclass_fields__)
        sums = [func.sum(batches.c[name]).cast(BigInteger).label(name) for name in names]
        statement = select(batches.c.table_name, *sums).where(batches.c.run_id == run.run_id)
        found = [row for home in self._homes for row in await home.rows(statement.group_by(batches.c.table_name))]
        return {row["table_name"]: Tally(*(row[name] for name in names)) for row in found}

    async def quarantined(self, run: MigrationRun, table: str, row_ids: Sequence[int]) -> set[int]:
        """Return the `row_ids` that are in quarantine."""
        mine = (quarantine.c.run_id == run.run_id, quarantine.c.table_name == table)
        wanted = select(quarantine.c.row_id).where(*mine, quarantine.c.row_id.in_(row_ids))
        return {row["row_id"] for row in await self._beside(table).rows(wanted)}

    def _beside(self, table: str) -> Database:
        """The ledger for a source table, given its name with its database."""
        name = table.partition(".")[0]
        return next((home for home in self._homes if home.name == name), self._database)


def new_run(source: str, files: Mapping[str, str], on_conflict: OnConflict, now: datetime) -> MigrationRun:
    """A run that has done nothing yet."""
    return MigrationRun(
        f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}", "running", source, dict(files), on_conflict, 0, now
    )
