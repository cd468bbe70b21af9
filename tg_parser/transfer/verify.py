"""Compares the target with the source: a digest of every row on both sides, by key.

Both sides are converted to one form first: times to microseconds in UTC, JSON parsed and written with sorted keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.engine.transactions import Database
from tg_parser.transfer.ledger import MigrationLedger, MigrationRun
from tg_parser.transfer.plan import Context, TablePlan
from tg_parser.transfer.rows.forms import OF_SOURCE, OF_TARGET, JsonForm, Row, conversions, converted
from tg_parser.transfer.target.port import Destination, TransferTarget
from tg_parser.transfer.validate import RowRange, Tagged, batch_rows

TOGETHER = 200
LISTED = 1000
"""Mismatches listed by key; further ones are only counted."""


@dataclass(slots=True)
class Verification:
    """The comparison of a table: digests are summed over all rows, so that order does not matter."""

    table: str
    compared: int = 0
    source_digest: int = 0
    target_digest: int = 0
    missing: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    mismatches: int = 0
    unexpected: int = 0

    def add(self, source: int, target: int | None) -> None:
        """Add a row with its digests."""
        self.compared += 1
        self.source_digest = (self.source_digest + source) % 2**128
        self.target_digest = (self.target_digest + (target or 0)) % 2**128

    @property
    def good(self) -> bool:
        """Whether the target holds exactly what the source says."""
        return not self.mismatches and not self.unexpected


@dataclass(frozen=True, slots=True)
class Verifier:
    """Compares the tables of a run."""

    target: TransferTarget
    context: Context
    run: MigrationRun

    async def compare(self, plan: TablePlan, batches: Sequence[RowRange]) -> AsyncIterator[Verification]:
        """Compare a table; yields the growing result after each batch."""
        result = Verification(plan.name)
        if plan.target is None:
            return
        reader = _RowReader(plan, Destination(plan.target, plan.fields, self.run.run_id), self.target)
        database = self.target.home(plan.database)
        for batch in batches:

            async def compare(conn: AsyncConnection, batch: RowRange = batch) -> list[_Pair]:
                return await self._unequal(conn, reader, batch, result)

            await self._judge(plan, result, await database.read(compare))
            yield result
        result.unexpected = await database.read(lambda conn: self._unexpected(conn, reader.to, database))
        yield result

    async def _unequal(
        self, conn: AsyncConnection, reader: _RowReader, batch: RowRange, result: Verification
    ) -> list[_Pair]:
        unequal = list[_Pair]()
        for group in _groups(batch_rows(reader.plan, batch, self.context, lambda _: None)):
            found = await reader.fetch(conn, [row for _, row in group])
            for row_id, row in group:
                key, expected = reader.key(row), reader.of_source(row)
                there, source = found.get(key), digest(expected)
                if there is not None and (there == expected or _equal(expected, there)):
                    result.add(source, source)
                else:
                    unequal.append(_Pair(row_id, key, source, None if there is None else digest(there)))
        return unequal

    async def _judge(self, plan: TablePlan, result: Verification, unequal: Sequence[_Pair]) -> None:
        """Count mismatches, except for rows in quarantine."""
        refused = await MigrationLedger(self.target.homes).quarantined(
            self.run, plan.name, [pair.row_id for pair in unequal]
        )
        for pair in (each for each in unequal if each.row_id not in refused):
            result.add(pair.source, pair.target)
            result.mismatches += 1
            listed = result.missing if pair.target is None else result.different
            if len(listed) < LISTED:
                listed.append(" ".join(map(str, pair.key)))

    async def _unexpected(self, conn: AsyncConnection, to: Destination, database: Database) -> int:
        """The difference between the rows now recorded for the run and those it wrote."""
        await database.dialect.lift_time_limit(conn)
        there, written = await self.target.rows_of_run(conn, to, self.run)
        return abs(there - written)


@dataclass(frozen=True, slots=True)
class _Pair:
    row_id: int
    key: Row
    source: int
    target: int | None


class _RowReader:
    """Reads the rows of one table from the target, and converts those of the source to the same form."""

    def __init__(self, plan: TablePlan, to: Destination, target: TransferTarget) -> None:
        self.plan = plan
        self.to = to
        self._target = target
        key = [plan.columns.index(name) for name in to.keys]
        self._part = itemgetter(*key)
        self._alone = len(key) == 1
        self._of_source = conversions(plan.fields, OF_SOURCE)
        self._of_target = conversions(plan.fields, OF_TARGET)

    def key(self, row: Sequence[Any]) -> Row:
        """The key of a row."""
        part: Any = self._part(row)
        return (part,) if self._alone else part

    def of_source(self, row: Sequence[Any]) -> Row:
        """A row of the source in the common form."""
        return converted(row, self._of_source)

    async def fetch(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> dict[Row, Row]:
        """The rows of the target with the keys of `rows`, in the common form, by key."""
        there = await self._target.fetch(conn, self.to, [self.key(row) for row in rows])
        return {self.key(row): converted(row, self._of_target) for row in there}


def digest(row: Row) -> int:
    """A 128-bit digest of a row."""
    return int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=16).digest(), "big")


def _equal(expected: Row, there: Row) -> bool:
    """Whether rows differ only in how JSON writes numbers: PostgreSQL writes 1e5 as 100000."""
    pairs = zip(expected, there, strict=True)
    return all(left == right or (_is_json(left) and _loads(left) == _loads(right)) for left, right in pairs)


def _is_json(value: Any) -> bool:
    return isinstance(value, JsonForm)


def _loads(text: Any) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _groups(rows: Iterator[Tagged]) -> Iterator[list[Tagged]]:
    while group := list(islice(rows, TOGETHER)):
        yield group
