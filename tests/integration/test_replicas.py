"""A real streaming replica: reads that allow it go there, as long as it is well and has followed what was written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from fresh_databases import settings_of
from postgres_server import PostgresServer
from postgres_standby import PostgresStandby
from sqlalchemy import text

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import StorageError
from tg_parser.storage.engine.databases import Databases, open_databases

pytestmark = pytest.mark.postgres

WHERE = text("SELECT pg_is_in_recovery() AS replica")


@pytest.fixture(scope="module")
def primary() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def standby(primary: PostgresServer) -> Iterator[PostgresStandby]:
    server = PostgresStandby(primary)
    server.start()
    yield server
    server.stop()


def settings(primary: PostgresServer, *ports: int, **changed: Any) -> Settings:
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return settings_of({"DB_TYPE": "postgresql", "DB_URL": primary.url, "DB_REPLICA_HOSTS": hosts, **changed})


async def one_read(databases: Databases) -> bool:
    return (await databases.read_databases.processing.rows(WHERE))[0]["replica"]


async def until(databases: Databases, *, replica: bool) -> None:
    """Look until a read goes where it should."""
    async with asyncio.timeout(20):
        while await one_read(databases) is not replica:
            await databases.replicas.look()


async def test_reads_go_to_the_replica_and_writes_to_the_primary(
    primary: PostgresServer, standby: PostgresStandby
) -> None:
    """Readers read from the replica; the same databases as such stay with the primary."""
    async with open_databases(settings(primary, standby.port)) as databases:
        await until(databases, replica=True)
        assert (await databases.processing.rows(WHERE))[0]["replica"] is False
        await databases.read_databases.raw.write(lambda conn: conn.execute(text("CREATE TABLE here (id INTEGER)")))
        await databases.raw.write(lambda conn: conn.execute(text("DROP TABLE here")))


async def test_reader_sees_what_this_process_wrote(primary: PostgresServer, standby: PostgresStandby) -> None:
    """While the replica has not followed our last write, reads go to the primary; when it has, to the replica again."""
    count = text("SELECT count(*) AS rows FROM followed")
    async with open_databases(settings(primary, standby.port)) as databases:
        await databases.raw.write(lambda conn: conn.execute(text("CREATE TABLE followed (id INTEGER)")))
        await until(databases, replica=True)
        hold_back(standby)
        for number in range(1, 4):
            await databases.raw.write(lambda conn: conn.execute(text("INSERT INTO followed VALUES (1)")))
            assert (await databases.read_databases.raw.rows(count))[0]["rows"] == number
            await databases.replicas.look()
            assert await one_read(databases) is False
        let_go(standby)
        await until(databases, replica=True)
        assert (await databases.read_databases.raw.rows(count))[0]["rows"] == 3


async def test_replica_that_lags_is_left_out_and_comes_back(
    primary: PostgresServer, standby: PostgresStandby, caplog: pytest.LogCaptureFixture
) -> None:
    """Behind by more than DB_REPLICA_MAX_LAG it serves nobody; caught up it serves again, and both are told once."""
    caplog.set_level(logging.INFO)
    async with open_databases(settings(primary, standby.port, DB_REPLICA_MAX_LAG="0.5")) as databases:
        await until(databases, replica=True)
        hold_back(standby)
        with psycopg.connect(primary.url, autocommit=True) as others:
            others.execute("CREATE TABLE meanwhile AS SELECT 1 AS id")
        await until(databases, replica=False)
        (state,) = databases.replica_states
        assert "behind" in state.left_out
        await databases.replicas.look()
        let_go(standby)
        await until(databases, replica=True)
        with psycopg.connect(primary.url, autocommit=True) as others:
            others.execute("DROP TABLE meanwhile")


async def test_replica_that_is_down_is_left_out_and_comes_back(
    primary: PostgresServer, standby: PostgresStandby
) -> None:
    """Halted between two reads, the read is answered by the primary; started again, the replica serves again."""
    async with open_databases(settings(primary, standby.port)) as databases:
        await until(databases, replica=True)
        await asyncio.to_thread(standby.halt)
        assert await one_read(databases) is False
        assert databases.replica_states[0].left_out == "does not answer"
        await asyncio.to_thread(standby.launch)
        await until(databases, replica=True)


async def test_dead_host_among_replicas_does_no_harm(primary: PostgresServer, standby: PostgresStandby) -> None:
    """Of two replicas one is not there: the other one serves."""
    nobody = PostgresServer().port
    async with open_databases(settings(primary, nobody, standby.port)) as databases:
        await until(databases, replica=True)
        assert [each.left_out for each in databases.replica_states] == ["does not answer", None]


async def test_promoted_replica_is_left_out(primary: PostgresServer, standby: PostgresStandby) -> None:
    """One that takes writes itself has another history from then on."""
    async with open_databases(settings(primary, standby.port)) as databases:
        await until(databases, replica=True)
        await asyncio.to_thread(standby.promote)
        await until(databases, replica=False)
        await databases.replicas.look()
        assert databases.replica_states[0].left_out == "is not a replica: it takes writes itself"


async def test_server_of_another_cluster_is_no_replica(primary: PostgresServer) -> None:
    """A server that never had our data is not read from, whatever it says."""
    other = PostgresServer()
    other.start()
    try:
        async with open_databases(settings(primary, other.port)) as databases:
            assert await one_read(databases) is False
            assert databases.replica_states[0].left_out == "belongs to another server than the primary"
    finally:
        other.stop()


async def test_replica_given_as_primary_is_refused(primary: PostgresServer, standby: PostgresStandby) -> None:
    """At the start, before anything is tried, with the variable that it belongs into."""
    given = settings_of({"DB_TYPE": "postgresql", "DB_URL": standby.url})
    with pytest.raises(StorageError, match="is a standby, which takes no writes") as refused:
        async with open_databases(given):
            pass
    assert "DB_REPLICA_HOSTS" in refused.value.hint


async def test_without_replicas_readers_are_the_databases_themselves(primary: PostgresServer) -> None:
    """No setting, no detour."""
    async with open_databases(settings(primary)) as databases:
        assert databases.read_databases is databases
        assert await one_read(databases) is False


def hold_back(standby: PostgresStandby) -> None:
    with psycopg.connect(standby.url, autocommit=True) as admin:
        admin.execute("SELECT pg_wal_replay_pause()")
        while admin.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != ("paused",):
            pass


def let_go(standby: PostgresStandby) -> None:
    with psycopg.connect(standby.url, autocommit=True) as admin:
        admin.execute("SELECT pg_wal_replay_resume()")
