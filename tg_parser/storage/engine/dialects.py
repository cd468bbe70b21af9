"""Everything that SQLite and PostgreSQL do differently, except sessions. Nothing else asks which of them is in use."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, Literal

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    any_,
    cast,
    func,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tg_parser.storage.engine.commits import CommitMark, commit_mark
from tg_parser.storage.engine.patterns import glob_pattern, regular_expression
from tg_parser.storage.engine.term_queries import NumberRange, TermQuery, fts5_numbers, tsquery_numbers
from tg_parser.storage.tables.columns import bulk_encoder

COPY_FROM_ROWS = 200
"""Below this many rows, plain statements are faster than COPY and its temporary table."""

_SEPARATOR = "\x1f"

Row = dict[str, Any]
Period = Literal["day", "week", "month"]


class Dialect(ABC):
    """What the stores need from a backend beyond common SQL."""

    times_as_text: bool
    embedded: bool
    """Whether the database belongs to this program alone, so that its schema may be changed without asking."""

    @abstractmethod
    async def insert_many(self, conn: AsyncConnection, table: Table, rows: Sequence[Row], tail: str) -> None:
        """Insert `rows`, all with the same keys; `tail` is the ON CONFLICT clause, if any. Consumes the rows."""

    @abstractmethod
    def any_of(self, expression: Column[str], values: Iterable[str]) -> ColumnElement[bool]:
        """Whether `expression` is one of `values` (ids without white space, any number of them), as one parameter."""

    @abstractmethod
    def utf8_bytes(self, expression: ColumnElement[str]) -> ColumnElement[int]:
        """The length of a text in UTF-8 bytes."""

    @abstractmethod
    def contains(self, expression: ColumnElement[Any], sought: str) -> ColumnElement[bool]:
        """Whether a text contains `sought`, whatever the case of its letters in any alphabet."""

    @abstractmethod
    def json_text(self, document: Column[Any], key: str) -> ColumnElement[str]:
        """The text under `key` of a JSON object."""

    @abstractmethod
    def first_day(self, moment: Column[datetime], period: Period) -> ColumnElement[str]:
        """The first day (UTC) of the period that `moment` falls into, as 2024-11-27; weeks begin on Monday."""

    @abstractmethod
    def numbers_matching(self, wanted: TermQuery, within: NumberRange) -> Select[*tuple[Any, ...]]:
        """The numbers of the entries of the search index that match, newest first."""

    @abstractmethod
    async def use_word_index(self, conn: AsyncConnection) -> None:
        """Make this transaction find words by their index even while the server has no statistics."""

    @abstractmethod
    async def claim(self, conn: AsyncConnection, names: Iterable[str]) -> None:
        """Keep other writers with the same names out until this transaction ends."""

    @abstractmethod
    async def read_by_key(self, conn: AsyncConnection) -> None:
        """Make this transaction use the index of the requested order instead of sorting a whole table for a page."""

    @abstractmethod
    async def join_by_hash(self, conn: AsyncConnection) -> None:
        """Make this transaction join large sets in one pass over each instead of comparing every pair of rows."""

    @abstractmethod
    async def lift_time_limit(self, conn: AsyncConnection) -> None:
        """Let the statements of this transaction take as long as they need."""

    @abstractmethod
    async def commit_mark(self, conn: AsyncConnection) -> CommitMark | None:
        """What later tells whether this transaction was committed; None if that question cannot arise."""

    @abstractmethod
    def table_owner(self, engine: AsyncEngine) -> str:
        """The file or server, in words for a person, without secrets."""


class SqliteDialect(Dialect):
    """One file; only one writer at a time."""

    times_as_text = True
    embedded = True

    async def insert_many(self, conn: AsyncConnection, table: Table, rows: Sequence[Row], tail: str) -> None:
        """executemany: one prepared statement for all rows."""
        names, values = _encoded(table, rows, times_as_text=True)
        marks = ", ".join("?" * len(names))
        await conn.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) {tail}", values)

    def any_of(self, expression: Column[str], values: Iterable[str]) -> ColumnElement[bool]:
        """A JSON array that SQLite expands: no limit on the number of parameters, and one plan for any number."""
        listing = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
        return expression.in_(select(listing.c.value))

    def contains(self, expression: ColumnElement[Any], sought: str) -> ColumnElement[bool]:
        """GLOB compares letter by letter; LIKE and lower() know the case of ASCII letters only."""
        return expression.bool_op("GLOB")(glob_pattern(sought))

    def json_text(self, document: Column[Any], key: str) -> ColumnElement[str]:
        """By its path."""
        return func.json_extract(document, f"$.{key}", type_=Text)

    def first_day(self, moment: Column[datetime], period: Period) -> ColumnElement[str]:
        """Times are text that begins with the day."""
        steps = {"day": (), "week": ("weekday 0", "-6 days"), "month": ("start of month",)}[period]
        return func.date(func.substr(moment, 1, 10), *steps, type_=Text)

    def utf8_bytes(self, expression: ColumnElement[str]) -> ColumnElement[int]:
        """octet_length() is newer than the SQLite of many Pythons."""
        return func.length(cast(expression, LargeBinary), type_=Integer)

    def numbers_matching(self, wanted: TermQuery, within: NumberRange) -> Select[*tuple[Any, ...]]:
        """By FTS5, in which an entry's number is its row id."""
        return fts5_numbers(wanted, within)

    async def use_word_index(self, conn: AsyncConnection) -> None:
        """There is no other way to read it."""

    async def claim(self, conn: AsyncConnection, names: Iterable[str]) -> None:
        """BEGIN IMMEDIATE has already locked the whole file."""

    async def read_by_key(self, conn: AsyncConnection) -> None:
        """SQLite does so by itself."""

    async def join_by_hash(self, conn: AsyncConnection) -> None:
        """SQLite builds an index for the duration of the statement."""

    async def lift_time_limit(self, conn: AsyncConnection) -> None:
        """SQLite has no statement timeout."""

    async def commit_mark(self, conn: AsyncConnection) -> CommitMark | None:
        """None: the file is on this machine, and its answer cannot be lost."""

    def table_owner(self, engine: AsyncEngine) -> str:
        """The path of the file."""
        return f"Database file {engine.url.database}"


class PostgresDialect(Dialect):
    """A server; writers conflict only on the same rows."""

    times_as_text = False
    embedded = False

    async def insert_many(self, conn: AsyncConnection, table: Table, rows: Sequence[Row], tail: str) -> None:
        """COPY, through a temporary table if some rows may already exist; a few rows go as plain statements."""
        names, values = _encoded(table, rows, times_as_text=False)
        listing = ", ".join(names)
        if len(values) < COPY_FROM_ROWS:
            marks = ", ".join(["%s"] * len(names))
            await conn.exec_driver_sql(f"INSERT INTO {table.name} ({listing}) VALUES ({marks}) {tail}", values)
        elif tail:
            await self._copy_and_merge(conn, table, listing, values, tail)
        else:
            await _copy(conn, f"COPY {table.name} ({listing}) FROM STDIN", values)

    async def _copy_and_merge(
        self, conn: AsyncConnection, table: Table, listing: str, values: Sequence[Any], tail: str
    ) -> None:
        incoming = f"incoming_{table.name}"
        await conn.exec_driver_sql(
            f"CREATE TEMPORARY TABLE {incoming} ON COMMIT DROP AS SELECT {listing} FROM {table.name} WITH NO DATA"
        )
        await _copy(conn, f"COPY {incoming} ({listing}) FROM STDIN", values)
        await conn.exec_driver_sql(f"INSERT INTO {table.name} ({listing}) SELECT {listing} FROM {incoming} {tail}")
        await conn.exec_driver_sql(f"DROP TABLE {incoming}")

    def any_of(self, expression: Column[str], values: Iterable[str]) -> ColumnElement[bool]:
        """A string that the server splits into an array: encoding it in the driver would take longer than the query."""
        return expression == any_(func.string_to_array(_SEPARATOR.join(values), _SEPARATOR, type_=ARRAY(Text)))

    def contains(self, expression: ColumnElement[Any], sought: str) -> ColumnElement[bool]:
        """Not ILIKE: it knows the case of those letters that the locale of the database knows."""
        return expression.bool_op("~")(regular_expression(sought))

    def json_text(self, document: Column[Any], key: str) -> ColumnElement[str]:
        """As text, not as JSON."""
        return func.jsonb_extract_path_text(document, key, type_=Text)

    def first_day(self, moment: Column[datetime], period: Period) -> ColumnElement[str]:
        """The same in any time zone of the session."""
        return func.to_char(func.date_trunc(period, func.timezone("UTC", moment)), "YYYY-MM-DD", type_=Text)

    def utf8_bytes(self, expression: ColumnElement[str]) -> ColumnElement[int]:
        """The server's databases are in UTF-8."""
        return func.octet_length(expression, type_=Integer)

    def numbers_matching(self, wanted: TermQuery, within: NumberRange) -> Select[*tuple[Any, ...]]:
        """By the GIN index of the terms."""
        return tsquery_numbers(wanted, within)

    async def use_word_index(self, conn: AsyncConnection) -> None:
        """Otherwise it would make a tsvector of every row of a newly filled table."""
        await conn.exec_driver_sql("SET LOCAL enable_seqscan = off")

    async def claim(self, conn: AsyncConnection, names: Iterable[str]) -> None:
        """Advisory locks of the transaction, always taken in the same order."""
        for key in sorted({lock_key(name) for name in names}):
            await conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    async def read_by_key(self, conn: AsyncConnection) -> None:
        """Right after a table is filled the server has no statistics and would sort, taking it for small."""
        await conn.exec_driver_sql("SET LOCAL enable_sort = off")

    async def join_by_hash(self, conn: AsyncConnection) -> None:
        """Without statistics it would scan a newly filled table once for each row of the other."""
        await conn.exec_driver_sql("SET LOCAL enable_nestloop = off")

    async def lift_time_limit(self, conn: AsyncConnection) -> None:
        """For this transaction only."""
        await conn.exec_driver_sql("SET LOCAL statement_timeout = 0")
        await conn.exec_driver_sql("SET LOCAL lock_timeout = 0")

    async def commit_mark(self, conn: AsyncConnection) -> CommitMark | None:
        """One more query for each writing transaction."""
        return await commit_mark(conn)

    def table_owner(self, engine: AsyncEngine) -> str:
        """The database and where its server is."""
        url = engine.url
        return f"PostgreSQL database {url.database!r} at {url.host or 'the local socket'}:{url.port or 5432}"


def dialect_of(engine: AsyncEngine) -> Dialect:
    """The dialect that `engine` speaks."""
    return PostgresDialect() if engine.dialect.name == "postgresql" else SqliteDialect()


def lock_key(name: str) -> int:
    """The 64-bit number by which PostgreSQL knows the advisory lock `name`."""
    return int.from_bytes(hashlib.sha256(f"tg_parser:{name}".encode()).digest()[:8], "big", signed=True)


@cache
def _encoders(table: Table, names: tuple[str, ...], times_as_text: bool) -> list[tuple[str, Any]]:
    found = [(name, bulk_encoder(table.c[name].type, times_as_text=times_as_text)) for name in names]
    return [(name, encode) for name, encode in found if encode is not None]


def _encoded(table: Table, rows: Sequence[Row], *, times_as_text: bool) -> tuple[tuple[str, ...], list[Any]]:
    """Column names, and the rows as tuples of values that the driver accepts."""
    names = tuple(rows[0])
    for name, encode in _encoders(table, names, times_as_text):
        for row in rows:
            value = row[name]
            if value is not None:
                row[name] = encode(value)
    return names, list(map(itemgetter(*names), rows))


async def _copy(conn: AsyncConnection, statement: str, values: Sequence[Any]) -> None:
    driver: Any = (await conn.get_raw_connection()).driver_connection
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in values:
            await copy.write_row(row)
