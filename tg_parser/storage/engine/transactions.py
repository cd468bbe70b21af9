"""The only place that begins, commits and rolls back. A piece of work is one transaction, repeated as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, TypeVar, cast

import stamina
import structlog
from sqlalchemy import Column, ColumnElement, Executable, Select, Table, and_, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from tg_parser.config.settings import RetrySettings
from tg_parser.observability.tracing import span
from tg_parser.storage.engine.commits import UnknownOutcomeError, outcome
from tg_parser.storage.engine.dialects import dialect_of
from tg_parser.storage.engine.faults import (
    DATABASE_ERRORS,
    is_database_error,
    lost_connection,
    pause_before_again,
    translate_db_errors,
)
from tg_parser.storage.engine.pool import Pool
from tg_parser.storage.engine.sessions import WRITING
from tg_parser.storage.tables import DatabaseName

log = structlog.get_logger(__name__)

T = TypeVar("T")
Statements = Callable[[AsyncConnection], Awaitable[T]]
Row = Mapping[str, Any]


class Database:
    """One of the three logical databases on its engine; on PostgreSQL they share a `pool`."""

    def __init__(
        self, name: DatabaseName, engine: AsyncEngine, *, pool: Pool | None = None, retry: RetrySettings | None = None
    ) -> None:
        self.name = name
        self.engine = engine
        self.pool = pool or Pool(engine)
        self.dialect = dialect_of(engine)
        self.retry = retry or RetrySettings()
        self._facts = {"db_system_name": "sqlite" if self.dialect.embedded else "postgresql", "db_namespace": name}

    @property
    def place(self) -> str:
        """The file or server, in words for a person, without secrets."""
        return self.dialect.table_owner(self.engine)

    async def write(self, work: Statements[T]) -> T:
        """Run `work` as one writing transaction; it may run again, so start from scratch. Raises StorageError."""
        return await self._run(work, writing=True)

    async def read(self, work: Statements[T]) -> T:
        """Run `work` on one consistent state. Raises StorageError."""
        return await self._run(work, writing=False)

    async def rows(self, statement: Executable, *, by_key: bool = False) -> Sequence[Row]:
        """All rows of a SELECT, by column name; `by_key` for a page in the order of an index."""

        async def fetch(conn: AsyncConnection) -> Sequence[Row]:
            if by_key:
                await self.dialect.read_by_key(conn)
            return await rows_of(conn, statement)

        return await self.read(fetch)

    async def row(self, statement: Select[*tuple[Any, ...]]) -> Row | None:
        """The first row of `statement`, if any."""
        found = await self.rows(statement.limit(1))
        return found[0] if found else None

    async def pages(
        self, statement: Select[*tuple[Any, ...]], key: Column[str], size: int, after: str = ""
    ) -> AsyncIterator[Sequence[Row]]:
        """The rows of `statement` by `key`, `size` at a time, each page in a short transaction of its own."""
        while page := await self.rows(statement.where(key > after).order_by(key).limit(size), by_key=True):
            yield page
            if len(page) < size:
                return
            after = page[-1][key.name]

    async def ping(self) -> None:
        """Send one query. Raises StorageError if the database does not answer."""
        with translate_db_errors(self.place):
            await self._once(_select_one, writing=False)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    async def _run(self, work: Statements[T], *, writing: bool) -> T:
        lost: UnknownOutcomeError | None = None
        async for attempt in stamina.retry_context(
            on=pause_before_again,
            attempts=self.retry.max_attempts,
            timeout=None,
            wait_initial=self.retry.backoff_base,
            wait_max=self.retry.backoff_max,
            wait_jitter=self.retry.jitter,
        ):
            with attempt, translate_db_errors(self.place):
                if lost is not None and await self._was_committed(lost):
                    return cast("T", lost.result)
                lost = None
                try:
                    with _cancellation_kept():
                        return await self._once(work, writing=writing)
                except UnknownOutcomeError as error:
                    lost = error
                    raise
        raise AssertionError("a retry context either returns or raises")

    async def _once(self, work: Statements[T], *, writing: bool) -> T:
        with span(f"{'write' if writing else 'read'} {self.name}", "client", part=True, **self._facts):
            return await self._in_transaction(work, writing=writing)

    async def _in_transaction(self, work: Statements[T], *, writing: bool) -> T:
        async with self.pool.connection() as conn:
            await conn.execution_options(**{WRITING: writing})
            async with conn.begin() as transaction:
                try:
                    result = await work(conn)
                except BaseException as error:
                    if isinstance(error, asyncio.CancelledError) or _is_being_cancelled():
                        # It may be in the middle of an answer or a COPY, where not even a rollback can be sent.
                        await conn.invalidate()
                    raise
                if writing:
                    await self._commit(conn, transaction, result)
        self.pool.writes += writing
        return result

    async def _commit(self, conn: AsyncConnection, transaction: AsyncTransaction, result: Any) -> None:
        mark = await self.dialect.commit_mark(conn)
        try:
            await transaction.commit()
        except DBAPIError as error:
            if mark is not None and lost_connection(error):
                raise UnknownOutcomeError(mark, result) from error
            raise

    async def _was_committed(self, lost: UnknownOutcomeError) -> bool:
        try:
            fate = await self._once(lambda conn: outcome(conn, lost.mark), writing=False)
        except DATABASE_ERRORS as error:
            raise lost from error
        log.info("the answer to a commit was lost", place=self.place, outcome=fate)
        if fate in {"running", "unknown"}:
            raise lost
        return fate == "committed"


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@contextmanager
def _cancellation_kept() -> Iterator[None]:
    """Cancelled work stays cancelled, even when its connection breaks because of it: it must not be retried."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    except Exception as error:
        if task and task.cancelling() > before and is_database_error(error):
            raise asyncio.CancelledError from error
        raise


async def rows_of(conn: AsyncConnection, statement: Executable) -> Sequence[Row]:
    """All rows of a SELECT in a transaction, by column name."""
    return cast("Sequence[Row]", (await conn.execute(statement)).mappings().all())


def channel_range(key: Column[str], channel_id: str) -> ColumnElement[bool]:
    """Whether a source_ref belongs to `channel_id`, as a range: refs of a channel share a prefix and sort bytewise."""
    return and_(key >= f"tg:{channel_id}:", key < f"tg:{channel_id};")


async def insert_rows(
    database: Database, conn: AsyncConnection, table: Table, rows: Iterable[dict[str, Any]], *, key: Sequence[str]
) -> None:
    """Insert new `rows` in the order of `key`; a known key fails the transaction."""
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
