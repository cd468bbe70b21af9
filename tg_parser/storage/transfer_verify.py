"""What is in the target against what the source says: a digest of every row on both sides, by key.

Both sides are brought to one form first: times to microseconds in UTC, JSON parsed and written with sorted keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, LiteralString

import orjson
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.columns import time_text
from tg_parser.storage.transactions import Database
from tg_parser.storage.transfer_copy import Destination, Driver, driver_of
from tg_parser.storage.transfer_fields import Kind
from tg_parser.storage.transfer_ledger import Ledger, Run
from tg_parser.storage.transfer_plan import Context, Plan, key_columns
from tg_parser.storage.transfer_rollback import rows_of_run
from tg_parser.storage.transfer_validation import Batch, Tagged, batch_rows

TOGETHER = 200
LISTED = 1000
"""Mismatches that are listed by key; more are counted."""

Row = tuple[Any, ...]


@dataclass(slots=True)
class Verification:
    """A table compared: the digests are sums over all rows, so that they do not depend on their order."""

    table: str
    compared: int = 0
    source_digest: int = 0
    target_digest: int = 0
    missing: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    mismatches: int = 0
    unexpected: int = 0

    def add(self, source: int, target: int | None) -> None:
        """Count a row with its digests."""
        self.compared += 1
        self.source_digest = (self.source_digest + source) % 2**128
        self.target_digest = (self.target_digest + (target or 0)) % 2**128

    @property
    def good(self) -> bool:
        """Whether the target holds what the source says, and nothing else of this run."""
        return not self.mismatches and not self.unexpected


@dataclass(frozen=True, slots=True)
class Verifier:
    """Compares the tables of a run."""

    database: Database
    context: Context
    run: Run

    async def compare(self, plan: Plan, batches: Sequence[Batch]) -> AsyncIterator[Verification]:
        """Compare a table; gives the growing result after each batch."""
        result = Verification(plan.name)
        if plan.target is None:
            return
        reader = _Reader(plan, Destination(plan.target, plan.columns, self.run.run_id))
        for batch in batches:

            async def compare(conn: AsyncConnection, batch: Batch = batch) -> list[_Pair]:
                return await self._unequal(conn, reader, batch, result)

            await self._judge(plan, result, await self.database.read(compare))
            yield result
        result.unexpected = await self.database.read(lambda conn: self._unexpected(conn, reader.to))
        yield result

    async def _unequal(self, conn: AsyncConnection, reader: _Reader, batch: Batch, result: Verification) -> list[_Pair]:
        driver, unequal = await driver_of(conn), list[_Pair]()
        for group in _groups(batch_rows(reader.plan, batch, self.context, lambda _: None)):
            found = await reader.fetch(driver, [row for _, row in group])
            for row_id, row in group:
                key, expected = reader.key(row), reader.of_source(row)
                there, source = found.get(key), digest(expected)
                if there is not None and (there == expected or _equal(expected, there)):
                    result.add(source, source)
                else:
                    unequal.append(_Pair(row_id, key, source, None if there is None else digest(there)))
        return unequal

    async def _judge(self, plan: Plan, result: Verification, unequal: Sequence[_Pair]) -> None:
        """Count what does not match, but for rows that are in the quarantine."""
        refused = await Ledger(self.database).quarantined(self.run, plan.name, [pair.row_id for pair in unequal])
        for pair in (each for each in unequal if each.row_id not in refused):
            result.add(pair.source, pair.target)
            result.mismatches += 1
            listed = result.missing if pair.target is None else result.different
            if len(listed) < LISTED:
                listed.append(" ".join(map(str, pair.key)))

    async def _unexpected(self, conn: AsyncConnection, to: Destination) -> int:
        """How many more or fewer rows stand under the run's transactions than it wrote."""
        await self.database.dialect.lift_time_limit(conn)
        there, written = await rows_of_run(await driver_of(conn), to, self.run)
        return abs(there - written)


@dataclass(frozen=True, slots=True)
class _Pair:
    row_id: int
    key: Row
    source: int
    target: int | None


class _Reader:
    """Reads the rows of one table from the target, and brings those of the source to the same form."""

    def __init__(self, plan: Plan, to: Destination) -> None:
        self.plan = plan
        self.to = to
        key = [plan.columns.index(name) for name in key_columns(to.table)]
        self._part = itemgetter(*key)
        self._alone = len(key) == 1
        self._of_source = _conversions(plan, _OF_SOURCE)
        self._of_target = _conversions(plan, _OF_TARGET)
        self._select = _select(plan, to, key)

    def key(self, row: Sequence[Any]) -> Row:
        """The key of a row."""
        part: Any = self._part(row)
        return (part,) if self._alone else part

    def of_source(self, row: Sequence[Any]) -> Row:
        """A row of the source in the form in which both sides are compared."""
        return _converted(row, self._of_source)

    async def fetch(self, driver: Driver, rows: Sequence[Sequence[Any]]) -> dict[Row, Row]:
        """The rows of the target with the keys of `rows`, in the same form, by key."""
        keys = [self.key(row) for row in rows]
        cursor = await driver.execute(self._select, [list(part) for part in zip(*keys, strict=True)])
        return {self.key(row): _converted(row, self._of_target) for row in await cursor.fetchall()}


Conversions = list[tuple[int, Callable[[Any], Any]]]


def _conversions(plan: Plan, by_kind: Mapping[Kind, Callable[[Any], Any]]) -> Conversions:
    kinds = [field.kind for field in plan.fields]
    return [(position, by_kind[kind]) for position, kind in enumerate(kinds) if kind in by_kind]


def _converted(row: Sequence[Any], conversions: Conversions) -> Row:
    values = list(row)
    for position, convert in conversions:
        value = values[position]
        if value is not None:
            values[position] = convert(value)
    return tuple(values)


def digest(row: Row) -> int:
    """128 bits that stand for a row."""
    return int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=16).digest(), "big")


def _equal(expected: Row, there: Row) -> bool:
    """Whether rows differ in nothing but the writing of numbers in JSON: PostgreSQL writes 1e5 as 100000."""
    pairs = zip(expected, there, strict=True)
    return all(left == right or (_is_json(left) and _loads(left) == _loads(right)) for left, right in pairs)


def _is_json(value: Any) -> bool:
    return isinstance(value, _Json)


class _Json(str):
    __slots__ = ()


def _loads(text: Any) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _canonical_json(text: str) -> _Json:
    try:
        return _Json(orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS), "utf-8")
    except orjson.JSONDecodeError:
        return _Json(json.dumps(json.loads(text), sort_keys=True))


def _canonical_time(text: str) -> str:
    if len(text) == len("2024-01-01T00:00:00Z"):
        return f"{text[:19]}.000000Z"
    return text if text.endswith("Z") and len(text) == len(_MICROSECONDS) else time_text(datetime.fromisoformat(text))


_MICROSECONDS = "2024-01-01T00:00:00.000000Z"


_OF_SOURCE: dict[Kind, Callable[[Any], Any]] = {
    Kind.JSON: _canonical_json,
    Kind.TIME: _canonical_time,
    Kind.REAL: float,
}
_OF_TARGET: dict[Kind, Callable[[Any], Any]] = {Kind.JSON: _canonical_json}
_READ: dict[Kind, LiteralString] = {
    Kind.JSON: "t.{}::text",
    Kind.TIME: "to_char(t.{} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    Kind.BOOLEAN: "t.{}::integer",
}


def _select(plan: Plan, to: Destination, key: Sequence[int]) -> sql.Composed:
    columns = [sql.SQL(_READ.get(each.kind, "t.{}")).format(sql.Identifier(each.name)) for each in plan.fields]
    fields = [plan.fields[position] for position in key]
    arrays = [sql.SQL("%s::bigint[]" if each.kind is Kind.INTEGER else "%s::text[]") for each in fields]
    names = [sql.Identifier(each.name) for each in fields]
    return to.sql(
        "SELECT {read} FROM unnest({arrays}) AS i ({names}) JOIN {table} AS t ON {same_key}",
        read=sql.SQL(", ").join(columns),
        arrays=sql.SQL(", ").join(arrays),
        names=sql.SQL(", ").join(names),
    )


def _groups(rows: Iterator[Tagged]) -> Iterator[list[Tagged]]:
    while group := list(islice(rows, TOGETHER)):
        yield group
