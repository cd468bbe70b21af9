"""A connection to a SQLite file whose thread is woken once for each statement.

aiosqlite wakes it for the cursor, the statement, its rows and the end of the cursor, and SQLAlchemy once more before a
connection goes back to its pool. For short statements that takes longer than the statements themselves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any

import aiosqlite

_ROWS_AT_ONCE = 64
Run = Callable[[sqlite3.Cursor], Any]


class SqliteConnection(aiosqlite.Connection):
    """For SQLAlchemy, which takes all rows of a statement at once."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, _ROWS_AT_ONCE)
        # The interpreter must not wait for a connection that nobody has closed.
        self._thread.daemon = True
        self._at_rest = True

    def cursor(self) -> Any:
        """A statement to be run. aiosqlite's own would already wake the thread."""
        return _Statement(self)

    async def rollback(self) -> None:
        """Roll back where there is something to roll back."""
        if not self._at_rest or self.in_transaction:
            await super().rollback()

    async def run(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Let the thread do something; whoever is cancelled meanwhile does not know what state it leaves."""
        execute: Callable[..., Awaitable[Any]] = self._execute
        self._at_rest = False
        result = await execute(work, self._conn)
        self._at_rest = True
        return result


class _Statement:
    """A cursor that has all its rows as soon as it has run."""

    arraysize = 1

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> _Statement:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        await self._connection.run(partial(self._run, lambda cursor: cursor.execute(sql, parameters)))

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> None:
        await self._connection.run(partial(self._run, lambda cursor: cursor.executemany(sql, parameters)))

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = ()

    def _run(self, run: Run, connection: sqlite3.Connection) -> None:
        cursor = connection.cursor()
        try:
            run(cursor)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else ()
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


def connect_sqlite(database: str, **options: Any) -> SqliteConnection:
    """A connection to a file; it opens when it is awaited."""
    return SqliteConnection(partial(sqlite3.connect, database, **options))
