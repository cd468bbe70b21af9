"""The pool: its limits are told, nothing leaks out of it, its figures are true, and locks stand beside it."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from asyncio import CancelledError
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from fresh_databases import settings_of
from sqlalchemy import text
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import BusyError, StorageUnavailableError
from tg_parser.storage.engine.advisory_locks import AdvisoryLocks
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.engine.pool import Pool, PoolFigures, logged
from tg_parser.storage.engine.postgres_engine import create_lock_engine
from tg_parser.storage.engine.transactions import Database

pytestmark = pytest.mark.postgres

SMALLEST = {"DB_POOL_SIZE": "1", "DB_MAX_OVERFLOW": "0", "DB_POOL_TIMEOUT": "0.3"}
OUR_SESSIONS = """
SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def small(postgres_variables: dict[str, str]) -> AsyncIterator[Databases]:
    """Databases on a pool of three connections at most."""
    variables = {**postgres_variables, "DB_POOL_SIZE": "2", "DB_MAX_OVERFLOW": "1", "DB_POOL_TIMEOUT": "0.5"}
    async with open_databases(settings_of(variables), prepare=False) as databases:
        yield databases


def sessions(variables: dict[str, str]) -> tuple[int, int]:
    """All sessions of the database beside the one that asks, and those of them that do not just wait for work."""
    with psycopg.connect(variables["DB_URL"]) as admin:
        return admin.execute(OUR_SESSIONS).fetchone()


async def settled_sessions(variables: dict[str, str], most: int = 1000) -> int:
    """All sessions when the server has noticed what its clients did: none is at work, and there are `most` or fewer."""
    async with asyncio.timeout(20):
        while (found := await asyncio.to_thread(sessions, variables))[1] or found[0] > most:
            pass
    return found[0]


async def sleep_on_server(conn: AsyncConnection, seconds: int = 30) -> None:
    await conn.execute(text(f"SELECT pg_sleep({seconds})"))


async def nothing_found(conn: AsyncConnection) -> None:
    await conn.execute(text("SELECT 1/0"))


async def quick(conn: AsyncConnection) -> int:
    return await conn.scalar(text("SELECT 1"))


async def one_piece(database: Database, kind: str) -> Any:
    """A piece of work that ends in a certain way; what it ended with."""
    if kind == "success":
        return await database.read(quick)
    if kind == "error":
        return await database.write(nothing_found)
    if kind == "cancelled":
        task: asyncio.Task[Any] = asyncio.create_task(database.read(sleep_on_server))
        asyncio.get_running_loop().call_later(random.Random(kind).random() / 20, task.cancel)
        return await task
    async with asyncio.timeout(0.02):
        return await database.write(sleep_on_server)


async def test_nothing_leaks_after_a_thousand_successes_errors_cancellations_and_timeouts(
    postgres_variables: dict[str, str], small: Databases
) -> None:
    """The server counts as many sessions as before, none at work, and the pool has all its connections back."""
    database, kinds = small.raw, ["success", "error", "cancelled", "timeout"] * 250
    await asyncio.gather(*(database.read(quick) for _ in range(3)))
    await settled_sessions(postgres_variables)
    at_work = asyncio.Semaphore(6)

    async def bounded(kind: str) -> int:
        async with at_work:
            return await one_piece(database, kind)

    ended = await asyncio.gather(*(bounded(kind) for kind in kinds), return_exceptions=True)
    assert {type(outcome) for outcome in ended} <= {
        int,
        DataError,
        CancelledError,
        TimeoutError,
        StorageUnavailableError,
    }
    assert sum(outcome == 1 for outcome in ended) >= 150
    assert await settled_sessions(postgres_variables, most=3) <= 3
    assert small.raw.pool.figures().checked_out == 0
    assert await asyncio.gather(*(database.read(quick) for _ in range(3))) == [1, 1, 1]


async def test_cancelled_statement_ends_on_the_server_too(postgres_variables: dict[str, str], small: Databases) -> None:
    """Who is cancelled in the middle of a statement leaves neither a connection nor a statement behind."""
    task = asyncio.create_task(small.raw.write(sleep_on_server))
    async with asyncio.timeout(20):
        while not (await asyncio.to_thread(sessions, postgres_variables))[1]:
            pass
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await settled_sessions(postgres_variables)
    assert small.raw.pool.figures().checked_out == 0


async def test_work_cancelled_while_an_answer_is_coming_in_leaves_no_trace(
    small: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    """Its connection can take no rollback any more: it is given up without a word in the log, and others go on."""
    asked = asyncio.Event()

    async def ask_and_wait(conn: AsyncConnection) -> None:
        driver = (await conn.get_raw_connection()).driver_connection
        driver.pgconn.send_query(b"SELECT pg_sleep(30)")
        driver.pgconn.flush()
        asked.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(small.raw.write(ask_and_wait))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.getMessage() for record in caplog.records if record.name.startswith("sqlalchemy.pool")] == []
    assert small.raw.pool.figures().checked_out == 0
    assert await small.raw.read(quick) == 1


async def test_exhausted_pool_names_its_settings_after_its_timeout(postgres_variables: dict[str, str]) -> None:
    """One clear error after DB_POOL_TIMEOUT, once, and the one who had the connection is not disturbed."""
    async with open_databases(settings_of({**postgres_variables, **SMALLEST}), prepare=False) as databases:
        loop = asyncio.get_running_loop()

        async def while_holding(_conn: AsyncConnection) -> tuple[StorageUnavailableError, float]:
            started = loop.time()
            with pytest.raises(StorageUnavailableError) as full:
                await databases.processing.read(quick)
            return full.value, loop.time() - started

        error, waited = await databases.raw.read(while_holding)
        figures = databases.raw.pool.figures()
    assert "DB_POOL_SIZE and DB_MAX_OVERFLOW" in error.message
    assert "DB_POOL_SIZE or DB_MAX_OVERFLOW" in error.hint
    assert 0.25 < waited < 5
    assert (figures.waits, figures.refused, figures.limit) == (1, 1, 1)


async def test_figures_tell_who_holds_and_who_waited(small: Databases) -> None:
    """Checked out, overflow and waits are those of the moment; afterwards everything is idle and the waits stay."""
    entered, leave = asyncio.Semaphore(0), asyncio.Event()

    async def hold(_conn: AsyncConnection) -> None:
        entered.release()
        await leave.wait()

    holders = [asyncio.create_task(small.raw.read(hold)) for _ in range(3)]
    for _ in holders:
        await entered.acquire()
    held = small.ingestion.pool.figures()
    waiting = asyncio.create_task(small.raw.read(quick))
    await asyncio.sleep(0)
    leave.set()
    await asyncio.gather(waiting, *holders)
    after = small.processing.pool.figures()
    assert (held.size, held.limit, held.checked_out, held.overflow, held.waits) == (2, 3, 3, 1, 0)
    assert (after.checked_out, after.overflow, after.waits, after.refused) == (0, 0, 1, 0)
    assert after.longest_wait_seconds <= after.waited_seconds < 0.5


async def test_figures_are_logged_every_so_many_minutes(small: Databases, caplog: pytest.LogCaptureFixture) -> None:
    """A line comes by itself, again and again, until the databases are closed; zero minutes are never."""
    caplog.set_level(logging.INFO)
    records = []
    seen = asyncio.Event()

    class Watcher(Pool):
        def figures(self) -> PoolFigures:
            records.append(1)
            if len(records) == 2:
                seen.set()
            return super().figures()

    async with logged({"primary": Watcher(small.raw.engine)}, 0.0001), asyncio.timeout(10):
        await seen.wait()
    async with logged({"primary": Watcher(small.raw.engine)}, 0):
        await asyncio.sleep(0)
    assert len(records) == 2


async def test_session_carries_its_name_and_limits(postgres_variables: dict[str, str]) -> None:
    """The server sees which program and process it is, and ends what takes too long by itself."""
    variables = {
        **postgres_variables,
        "DB_STATEMENT_TIMEOUT": "7",
        "DB_LOCK_TIMEOUT": "8",
        "DB_IDLE_IN_TRANSACTION_TIMEOUT": "9",
    }
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone")
    shown = ", ".join(f"current_setting('{name}') AS {name.lower()}" for name in (*names, "application_name"))
    async with open_databases(settings_of(variables), prepare=False) as databases:
        (row,) = await databases.raw.rows(text(f"SELECT {shown}"))
    assert dict(row) == {
        "statement_timeout": "7s",
        "lock_timeout": "8s",
        "idle_in_transaction_session_timeout": "9s",
        "timezone": "UTC",
        "application_name": f"tg-parser:{os.getpid()}",
    }


async def test_statement_that_takes_too_long_is_ended_and_named(postgres_variables: dict[str, str]) -> None:
    """DB_STATEMENT_TIMEOUT ends it, the error names the setting, and it is not tried again."""
    async with open_databases(settings_of({**postgres_variables, "DB_STATEMENT_TIMEOUT": "1"}), prepare=False) as found:
        with pytest.raises(StorageUnavailableError, match="took too long") as slow:
            await found.raw.read(sleep_on_server)
    assert "DB_STATEMENT_TIMEOUT" in slow.value.hint


async def test_lock_that_does_not_come_free_is_told(postgres_variables: dict[str, str]) -> None:
    """DB_LOCK_TIMEOUT ends waiting for a row that another transaction holds."""
    async with open_databases(settings_of({**postgres_variables, "DB_LOCK_TIMEOUT": "1"}), prepare=False) as found:
        await found.raw.write(lambda conn: conn.execute(text("CREATE TABLE rows AS SELECT 1 AS id")))
        lock = text("SELECT id FROM rows FOR UPDATE")

        async def hold(conn: AsyncConnection) -> None:
            await conn.execute(lock)
            with pytest.raises(StorageUnavailableError, match="was locked by another process"):
                await found.processing.write(lambda other: other.execute(lock))

        await found.raw.write(hold)


async def test_transaction_that_stands_idle_is_ended_and_repeated(postgres_variables: dict[str, str]) -> None:
    """A process that slept in the middle of a transaction loses its session, and does the work anew."""
    runs = []
    variables = {**postgres_variables, "DB_IDLE_IN_TRANSACTION_TIMEOUT": "1"}
    async with open_databases(settings_of(variables), prepare=False) as databases:

        async def asleep_at_first(conn: AsyncConnection) -> int:
            runs.append(await conn.scalar(text("SELECT pg_backend_pid()")))
            if len(runs) == 1:
                async with asyncio.timeout(20):
                    while await asyncio.to_thread(is_there, postgres_variables, runs[0]):
                        pass
            return await quick(conn)

        assert await databases.raw.write(asleep_at_first) == 1
    assert len(set(runs)) == 2


def is_there(variables: dict[str, str], pid: int) -> int:
    with psycopg.connect(variables["DB_URL"]) as admin:
        return admin.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone()[0]


async def test_locks_need_no_connection_of_the_pool(postgres_variables: dict[str, str]) -> None:
    """With a pool of one connection a run that holds two locks still works."""
    async with (
        open_databases(settings_of({**postgres_variables, **SMALLEST}), prepare=False) as databases,
        databases.locks.exclusive("process:-1"),
        databases.locks.exclusive("topicize:-1"),
    ):
        assert await databases.raw.read(quick) == 1
        with pytest.raises(BusyError, match="tg-parser"):
            async with databases.locks.exclusive("process:-1"):
                pass
    assert await settled_sessions(postgres_variables, most=0) == 0


async def test_lock_that_the_server_lost_is_taken_again(postgres_variables: dict[str, str]) -> None:
    """The session of a lock was ended in the middle of the work: soon nobody else can take it again."""
    settings = settings_of(postgres_variables)
    quickly = AdvisoryLocks(create_lock_engine(settings.database), pooled=False, check_every=0.05)
    async with quickly.exclusive("process:-1"), asyncio.timeout(20):
        before = lock_holders(postgres_variables)
        end_idle_sessions(postgres_variables)
        while (await asyncio.to_thread(lock_holders, postgres_variables)) in ([], before):
            pass
    assert await settled_sessions(postgres_variables, most=0) == 0


async def test_work_ends_when_another_has_taken_its_lost_lock(postgres_variables: dict[str, str]) -> None:
    """Who lost the lock to another process stops with words about who has it; nobody works twice."""
    settings = settings_of(postgres_variables)
    slowly = AdvisoryLocks(create_lock_engine(settings.database), pooled=False, check_every=0.3)
    others = AdvisoryLocks(create_lock_engine(settings.database), pooled=False)
    async with asyncio.timeout(20):
        with pytest.raises(BusyError, match="working on -1"):
            async with slowly.exclusive("process:-1"):
                await asyncio.to_thread(end_idle_sessions, postgres_variables)
                async with others.exclusive("process:-1"):
                    await asyncio.Event().wait()


def lock_holders(variables: dict[str, str]) -> list[int]:
    with psycopg.connect(variables["DB_URL"]) as admin:
        found = admin.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return [row[0] for row in found]


def end_idle_sessions(variables: dict[str, str]) -> None:
    with psycopg.connect(variables["DB_URL"], autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("pre_ping", ["true", "false"])
async def test_sessions_dropped_while_idle_do_no_harm(postgres_variables: dict[str, str], pre_ping: str) -> None:
    """The server ended all idle sessions: with a ping before use nobody notices, without it the work is repeated."""
    variables = {**postgres_variables, "DB_POOL_PRE_PING": pre_ping}
    async with open_databases(settings_of(variables), prepare=False) as databases:
        await asyncio.gather(*(databases.raw.read(quick) for _ in range(5)))
        end_idle_sessions(postgres_variables)
        assert await asyncio.gather(*(databases.raw.read(quick) for _ in range(5))) == [1] * 5


async def test_old_connections_are_replaced(postgres_variables: dict[str, str]) -> None:
    """DB_POOL_RECYCLE seconds after it was made, a connection makes room for a new one."""
    async with open_databases(settings_of({**postgres_variables, "DB_POOL_RECYCLE": "1"}), prepare=False) as databases:
        loop = asyncio.get_running_loop()
        pids: set[int] = set()
        end = loop.time() + 10
        while len(pids) < 2 and loop.time() < end:
            pids.add((await databases.raw.rows(text("SELECT pg_backend_pid() AS pid")))[0]["pid"])
    assert len(pids) == 2
