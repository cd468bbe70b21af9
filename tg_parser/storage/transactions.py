"""The only place that begins, commits and rolls back. A piece of work is one transaction, repeated as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from operator import itemgetter
from typing import Any, TypeVar, cast

import stamina
from sqlalchemy import Column, ColumnElement, Executable, Select, Table, and_, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tg_parser.storage.dialects import WRITING, dialect_of
from tg_parser.storage.faults import DATABASE_ERRORS, translate, worth_repeating
from tg_parser.storage.tables import DatabaseName

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
Row = Mapping[str, Any]

ATTEMPTS = 5
PATIENCE_SECONDS = 30.0


class Database:
    """One of the three logical databases on its engine."""

    def __init__(self, name: DatabaseName, engine: AsyncEngine) -> None:
        self.name = name
        self.engine = engine
        self.dialect = dialect_of(engine)

    @property
    def place(self) -> str:
        """The file or server, in words for a person, without any secret."""
        return self.dialect.table_owner(self.engine)

    async def write(self, work: Work[T]) -> T:
        """Run `work` as one writing transaction; it may be run again, so start from nothing. Raises StorageError."""
        return await self._run(work, writing=True)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent state. Raises StorageError."""
        return await self._run(work, writing=False)

    async def rows(self, statement: Executable, *, by_key: bool = False) -> Sequence[Row]:
        """All rows of a SELECT, by column name; `by_key` when it is a page in the order of an index."""

        async def fetch(conn: AsyncConnection) -> Sequence[Row]:
            if by_key:
                await self.dialect.read_by_key(conn)
            return cast("Sequence[Row]", (await conn.execute(statement)).mappings().all())

        return await self.read(fetch)

    async def row(self, statement: Select[*tuple[Any, ...]]) -> Row | None:
        """The first row of `statement`, if any."""
        found = await self.rows(statement.limit(1))
        return found[0] if found else None

    async def pages(
        self, statement: Select[*tuple[Any, ...]], key: Column[str], size: int, after: str = ""
    ) -> AsyncIterator[Sequence[Row]]:
        """The rows of `statement` by `key`, `size` at a time, each page a short transaction of its own."""
        while page := await self.rows(statement.where(key > after).order_by(key).limit(size), by_key=True):
            yield page
            if len(page) < size:
                return
            after = page[-1][key.name]

    async def ping(self) -> None:
        """Raise StorageError where the database does not answer."""
        await self.read(_select_one)

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncConnection]:
        """A connection outside any transaction, closed for good at the end with all that its session holds."""
        with self._told():
            conn = await self.engine.connect()
        try:
            with self._told():
                await conn.execution_options(isolation_level="AUTOCOMMIT")
            yield conn
        finally:
            await conn.invalidate()
            await conn.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the database raises comes out in words for a person where it means something to one."""
        try:
            yield
        except DATABASE_ERRORS as error:
            known = translate(error, self.place)
            if known is None:
                raise
            raise known from error

    async def _run(self, work: Work[T], *, writing: bool) -> T:
        with self._told():
            async for attempt in stamina.retry_context(
                on=worth_repeating,
                attempts=ATTEMPTS,
                timeout=PATIENCE_SECONDS,
                wait_initial=0.02,
                wait_max=1.0,
                wait_jitter=0.1,
            ):
                with attempt:
                    return await self._once(work, writing=writing)
        raise AssertionError("a retry context either returns or raises")

    async def _once(self, work: Work[T], *, writing: bool) -> T:
        async with self.engine.connect() as conn:
            await conn.execution_options(**{WRITING: writing})
            async with conn.begin():
                return await work(conn)


def channel_range(key: Column[str], channel_id: str) -> ColumnElement[bool]:
    """Whether a source_ref belongs to `channel_id`: a range, as refs of a channel share a prefix and sort bytewise."""
    return and_(key >= f"tg:{channel_id}:", key < f"tg:{channel_id};")


async def insert_rows(
    database: Database, conn: AsyncConnection, table: Table, rows: Iterable[dict[str, Any]], *, key: Sequence[str]
) -> None:
    """Insert `rows` that are new, in the order of `key`; a known one fails the transaction."""
    ordered = sorted(rows, key=itemgetter(*key))
    if ordered:
        await database.dialect.insert_many(conn, table, ordered, "")


async def upsert(
    database: Database,
    conn: AsyncConnection,
    table: Table,
    rows: Iterable[dict[str, Any]],
    *,
    key: Sequence[str],
    update: Sequence[str] | None = None,
    accumulate: Sequence[str] = (),
) -> None:
    """Insert `rows`; where `key` is known, replace `update` (all other columns by default) and add to `accumulate`.

    An empty `update` leaves known rows as they are. Of several rows with one key the last counts.
    """
    by_key = {tuple(row[name] for name in key): row for row in rows}
    if not by_key:
        return
    ordered = [by_key[each] for each in sorted(by_key)]
    if update is None:
        update = [name for name in ordered[0] if name not in key and name not in accumulate]
    changes = [f"{name} = excluded.{name}" for name in update]
    changes += [f"{name} = {table.name}.{name} + excluded.{name}" for name in accumulate]
    action = f"UPDATE SET {', '.join(changes)}" if changes else "NOTHING"
    await database.dialect.insert_many(conn, table, ordered, f"ON CONFLICT ({', '.join(key)}) DO {action}")


async def _select_one(conn: AsyncConnection) -> None:
    await conn.execute(text("SELECT 1"))
