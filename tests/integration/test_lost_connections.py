"""Connections break at the worst moments: nothing is lost, nothing is done twice, and the work goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from fresh_databases import settings_of
from postgres_server import PostgresServer
from samples import CHANNEL, NOW, message
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection
from tcp_proxy import TcpProxy, proxy_to

from tg_parser.config.settings import RetrySettings
from tg_parser.domain.errors import StorageUnavailableError
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.raw import RawStorage

pytestmark = pytest.mark.postgres

PATIENT = RetrySettings(max_attempts=10, backoff_base=0.1, backoff_max=1, jitter=0)


def url_at(url: str, port: int) -> str:
    return make_url(url).set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


@asynccontextmanager
async def behind_proxy(variables: dict[str, str], **changed: Any) -> AsyncIterator[Any]:
    """The databases through a proxy, with a table of steps."""
    async with proxy_to(make_url(variables["DB_URL"]).port) as proxy:
        settings = settings_of({**variables, "DB_URL": url_at(variables["DB_URL"], proxy.port), **changed})
        async with open_databases(settings, prepare=False) as databases:
            await databases.raw.write(lambda conn: conn.execute(text("CREATE TABLE steps (step INTEGER)")))
            yield proxy, databases.raw


class Work:
    """Adds a step each time it is run."""

    def __init__(self) -> None:
        self.runs = 0

    async def __call__(self, conn: AsyncConnection) -> str:
        self.runs += 1
        await conn.execute(text("INSERT INTO steps VALUES (:step)"), {"step": self.runs})
        return f"run {self.runs}"


def at_first_commit(proxy: TcpProxy, happens: Callable[..., Any]) -> None:
    """Once, when a client commits, do `happens` instead of only passing it on; its answer is whether to pass it on."""
    done: list[bytes] = []

    async def seen(data: bytes) -> bool:
        if b"COMMIT" not in data or done:
            return True
        done.append(data)
        return await happens()

    proxy.before_forwarding = seen


def count_steps(url: str) -> int:
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT count(*) FROM steps").fetchone()[0]


async def steps(database: Database) -> list[int]:
    return [row["step"] for row in await database.rows(text("SELECT step FROM steps ORDER BY step"))]


async def test_commit_that_arrived_is_not_done_again(postgres_variables: dict[str, str]) -> None:
    """The connection broke after the server had committed: the answer is asked for, and the work ran once."""
    work = Work()
    async with behind_proxy(postgres_variables) as (proxy, database):

        async def answer_never_arrives() -> bool:
            proxy.muted = True
            return True

        async def cut_when_it_is_committed() -> None:
            while await asyncio.to_thread(count_steps, postgres_variables["DB_URL"]) == 0:
                pass
            proxy.muted = False
            proxy.cut()

        at_first_commit(proxy, answer_never_arrives)
        cutting = asyncio.create_task(cut_when_it_is_committed())
        result = await database.write(work)
        await cutting
        assert (result, work.runs, await steps(database)) == ("run 1", 1, [1])


async def test_commit_that_did_not_arrive_is_done_again(postgres_variables: dict[str, str]) -> None:
    """The connection broke before the server heard of the commit: the whole work runs again, and is there once."""
    work = Work()
    async with behind_proxy(postgres_variables) as (proxy, database):

        async def is_lost() -> bool:
            proxy.cut()
            return False

        at_first_commit(proxy, is_lost)
        result = await database.write(work)
        assert (result, work.runs, await steps(database)) == ("run 2", 2, [2])


async def test_transaction_that_hangs_on_the_server_is_ended_before_the_next_try(
    postgres_variables: dict[str, str],
) -> None:
    """The server did not notice that its client is gone: the old session is ended, so it cannot commit afterwards."""
    work = Work()
    async with behind_proxy(postgres_variables) as (proxy, database):
        waiting = asyncio.Event()

        async def client_vanishes() -> bool:
            proxy.cut(client_only=True)
            waiting.set()
            await asyncio.sleep(0)
            return False

        at_first_commit(proxy, client_vanishes)
        result = await database.write(work)
        assert waiting.is_set()
        assert (result, work.runs, await steps(database)) == ("run 2", 2, [2])


async def test_outcome_that_nobody_can_tell_is_said_and_not_guessed(postgres_variables: dict[str, str]) -> None:
    """The server is gone after the commit was sent: no second try, but words about what is not known."""
    work = Work()
    async with behind_proxy(postgres_variables) as (proxy, database):

        async def server_goes() -> bool:
            proxy.refusing = True
            proxy.cut()
            return False

        at_first_commit(proxy, server_goes)
        with pytest.raises(StorageUnavailableError, match="it is unknown whether that succeeded") as unknown:
            await database.write(work)
        proxy.refusing = False
        assert "Run the same command again" in unknown.value.hint
        assert work.runs == 1


async def test_cut_in_the_middle_of_work_repeats_the_whole(postgres_variables: dict[str, str]) -> None:
    """Cut between two statements, the first is taken back and both are done again."""
    work = Work()
    async with behind_proxy(postgres_variables) as (proxy, database):

        async def two_steps(conn: AsyncConnection) -> None:
            await work(conn)
            if work.runs == 1:
                proxy.cut()
            await work(conn)

        await database.write(two_steps)
        assert await steps(database) == [3, 4]


async def test_no_more_attempts_than_the_setting(postgres_variables: dict[str, str]) -> None:
    """RETRY_MAX_ATTEMPTS=2 of a work of two steps, the second of which never succeeds: four steps tried, none kept."""
    work = Work()
    async with behind_proxy(postgres_variables) as (proxy, database):

        async def never_lucky(conn: AsyncConnection) -> None:
            await work(conn)
            proxy.cut()
            await work(conn)

        with pytest.raises(StorageUnavailableError, match="does not answer"):
            await database.write(never_lucky)
        assert (work.runs, await steps(database)) == (2 * 2, [])


async def test_server_that_restarts_in_the_middle_of_writes_loses_nothing() -> None:
    """Killed and started three times while eight writers store, the server holds every message once."""
    server = PostgresServer(synchronous_commit="on")
    server.start()
    variables = {"DB_TYPE": "postgresql", "DB_URL": server.url}
    settings = settings_of(variables).model_copy(update={"retry": PATIENT})
    try:
        async with open_databases(settings) as databases:
            raw, restarts = RawStorage(databases.raw), asyncio.create_task(restart(server, 3))
            stored = 0

            async def write(writer: int) -> None:
                nonlocal stored
                number = 0
                while not restarts.done() or number < 20:
                    number += 1
                    await raw.store([message(writer * 100_000 + number)], NOW)
                    stored += 1

            await asyncio.gather(restarts, *(write(writer) for writer in range(1, 9)))
            assert (await raw.summary(CHANNEL)).total == stored
    finally:
        server.stop()


async def restart(server: PostgresServer, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0.4)
        await asyncio.to_thread(server.halt)
        await asyncio.to_thread(server.launch)


async def test_failover_to_another_server_is_followed(postgres_variables: dict[str, str]) -> None:
    """The address leads to another server from one moment to the next: the work goes on there."""
    other = PostgresServer()
    other.start()
    try:
        async with behind_proxy(postgres_variables) as (proxy, database):
            with psycopg.connect(other.url, autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {make_url(postgres_variables['DB_URL']).database}")
            with psycopg.connect(url_at(postgres_variables["DB_URL"], other.port), autocommit=True) as admin:
                admin.execute("CREATE TABLE steps (step INTEGER)")
            await database.write(Work())
            proxy.target = other.port
            proxy.cut()
            await database.write(Work())
            assert await steps(database) == [1]
        with psycopg.connect(url_at(postgres_variables["DB_URL"], other.port)) as there:
            assert there.execute("SELECT count(*) FROM steps").fetchone() == (1,)
    finally:
        other.stop()


async def test_primary_that_became_a_standby_is_left(postgres_variables: dict[str, str]) -> None:
    """A server that takes no writes any more loses our sessions: a new one may lead to the new primary."""
    work = Work()
    async with behind_proxy(postgres_variables) as (_, database):

        async def read_only_at_first(conn: AsyncConnection) -> None:
            if work.runs == 0:
                await conn.execute(text("SET TRANSACTION READ ONLY"))
                work.runs += 1
            await work(conn)

        pids = {await pid(database)}
        await database.write(read_only_at_first)
        assert await steps(database) == [3]
        assert await pid(database) not in pids


async def pid(database: Database) -> int:
    return (await database.rows(text("SELECT pg_backend_pid() AS pid")))[0]["pid"]


async def test_slow_network_is_only_slow(postgres_variables: dict[str, str]) -> None:
    """Answers that take their time change nothing but the time."""
    async with behind_proxy(postgres_variables) as (proxy, database):
        proxy.delay = 0.05
        await database.write(Work())
        assert await steps(database) == [1]
