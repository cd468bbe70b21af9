"""A connection to a SQLite file gives the thread that works on it one errand a statement, and leaves nothing open."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tg_parser.storage.engine.sqlite_connection import SqliteConnection


class Counted(SqliteConnection):
    """Counts the errands of its thread."""

    errands = 0

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        self.errands += 1
        execute: Callable[..., Awaitable[Any]] = super()._execute
        return await execute(fn, *args, **kwargs)


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Counted]:
    opened = Counted(partial(sqlite3.connect, tmp_path / "file.sqlite", isolation_level=None))
    await opened
    try:
        await opened.cursor().execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT)")
        yield opened
    finally:
        await opened.close()


async def test_statement_has_its_rows_and_counts_when_it_has_run(connection: SqliteConnection) -> None:
    """Rows, column names, the number of changed rows and the new id are those of sqlite3's own cursor."""
    cursor = connection.cursor()
    await cursor.executemany("INSERT INTO notes (note) VALUES (?)", [("one",), ("two",)])
    assert (cursor.rowcount, cursor.description, await cursor.fetchall()) == (2, None, ())
    await cursor.execute("INSERT INTO notes (note) VALUES (?) RETURNING id", ("three",))
    assert (await cursor.fetchall(), cursor.lastrowid) == ([(3,)], 3)
    await cursor.execute("SELECT id, note FROM notes ORDER BY id")
    assert [column[0] for column in cursor.description] == ["id", "note"]
    assert await cursor.fetchall() == [(1, "one"), (2, "two"), (3, "three")]


async def test_statement_has_all_its_rows(connection: SqliteConnection) -> None:
    """However many they are."""
    cursor = connection.cursor()
    await cursor.executemany("INSERT INTO notes (note) VALUES (?)", [(f"{number}",) for number in range(1_000)])
    await cursor.execute("SELECT note FROM notes ORDER BY id")
    assert await cursor.fetchall() == [(f"{number}",) for number in range(1_000)]


async def test_short_transaction_takes_one_errand_a_statement(connection: Counted) -> None:
    """Begin, read, end: three errands, and a rollback of nothing is none."""
    before = connection.errands
    for statement in ("BEGIN", "SELECT 1", "COMMIT"):
        cursor = await connection.cursor().__aenter__()
        await cursor.execute(statement)
        await cursor.fetchall()
        await cursor.close()
    await connection.rollback()
    assert connection.errands - before == 3


async def test_transaction_that_was_begun_is_rolled_back(connection: SqliteConnection) -> None:
    """What was written in it is gone."""
    cursor = connection.cursor()
    await cursor.execute("BEGIN")
    await cursor.execute("INSERT INTO notes (note) VALUES ('lost')")
    await connection.rollback()
    await cursor.execute("SELECT count(*) FROM notes")
    assert await cursor.fetchall() == [(0,)]


async def test_transaction_whose_beginning_was_cancelled_is_rolled_back(connection: SqliteConnection) -> None:
    """The thread begins it after nobody waits any more; the rollback comes behind it."""
    free = threading.Event()
    blocking = asyncio.create_task(connection.run(lambda _: free.wait(10)))
    begin = asyncio.create_task(connection.cursor().execute("BEGIN"))
    await asyncio.sleep(0)
    for task in (blocking, begin):
        task.cancel()
    await asyncio.wait([blocking, begin])
    rolling_back = asyncio.create_task(connection.rollback())
    await asyncio.sleep(0)
    free.set()
    await rolling_back
    await connection.cursor().execute("SELECT 1")
    assert not connection.in_transaction
