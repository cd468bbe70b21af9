"""What only a server can do to storage: refuse, vanish, come up late, end sessions; and how it takes bulk writes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
import pytest
from fresh_databases import settings_of
from postgres_server import PostgresServer
from samples import CHANNEL, NOW, message
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.cli.hints import hint_of
from tg_parser.config.settings import DatabaseSettings, RetrySettings, Settings
from tg_parser.domain.errors import SettingsError, StorageError, StorageUnavailableError
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.engine.postgres_address import postgres_url
from tg_parser.storage.stores.raw import RawStorage

pytestmark = pytest.mark.postgres

PASSWORD = "p@ss:w/rd% пароль"
END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture(scope="module")
def guarded_server() -> Iterator[PostgresServer]:
    """A server that asks for a password."""
    server = PostgresServer(PASSWORD)
    server.start()
    yield server
    server.stop()


def parts(server: PostgresServer, **changed: Any) -> Settings:
    known = {"DB_TYPE": "postgresql", "DB_HOST": "127.0.0.1", "DB_PORT": str(server.port), "DB_NAME": "postgres"}
    return settings_of({**known, "DB_USER": "postgres", "DB_PASSWORD": PASSWORD, **changed})


async def opened(settings: Settings, **options: Any) -> Sequence[Mapping[str, Any]]:
    async with open_databases(settings, **options) as databases:
        return await databases.raw.rows(text("SELECT current_setting('application_name') AS name"))


async def test_password_with_any_character_works(guarded_server: PostgresServer) -> None:
    """At signs, colons, slashes, percent signs and letters of any alphabet need no escaping in DB_PASSWORD."""
    (row,) = await opened(parts(guarded_server), prepare=False)
    assert row["name"].startswith("tg-parser")


async def test_wrong_password_is_final_and_never_shown(guarded_server: PostgresServer) -> None:
    """One sentence about the password, at once, and the password nowhere in it."""
    settings = parts(guarded_server, DB_PASSWORD="s3cret-word")
    with pytest.raises(StorageError, match="refuses the password") as refused:
        await opened(settings)
    assert not isinstance(refused.value, StorageUnavailableError)
    chain = [refused.value, refused.value.__cause__, refused.value.__context__]
    assert not any("s3cret-word" in repr(error) + str(error) for error in chain)
    assert "DB_PASSWORD" in refused.value.hint


async def test_missing_database_and_role_are_told_apart(guarded_server: PostgresServer) -> None:
    """A database that is not there is named; an unknown role is about access."""
    with pytest.raises(StorageError, match=r"'no_such' at .* does not exist") as missing:
        await opened(parts(guarded_server, DB_NAME="no_such"))
    assert "createdb" in missing.value.hint
    with pytest.raises(StorageError, match="refuses"):
        await opened(parts(guarded_server, DB_USER="no_such_role"))


async def test_server_that_is_down_is_one_clear_error() -> None:
    """Nobody listens: after the attempts of the settings, where was asked and what to check."""
    server = PostgresServer()
    settings = parts(server)
    with pytest.raises(StorageUnavailableError, match=rf"127.0.0.1:{server.port} does not answer") as down:
        await opened(settings)
    assert "DB_HOST" in down.value.hint


async def test_server_that_comes_up_late_is_waited_for() -> None:
    """Started after the first attempts, the server is used when it answers."""
    server = PostgresServer()
    server.create()
    settings = parts(server).model_copy(update={"retry": RetrySettings(max_attempts=10, backoff_base=0.1, jitter=0)})
    try:
        rows, _ = await asyncio.gather(opened(settings, prepare=False), asyncio.to_thread(server.launch))
        assert len(rows) == 1
    finally:
        server.stop()


async def test_ended_sessions_are_replaced_in_the_middle_of_work(migrated_postgres: dict[str, str]) -> None:
    """Connections that the server ended while idle do no harm: the next pieces of work get new ones."""
    async with open_databases(settings_of(migrated_postgres)) as databases:
        raw = RawStorage(databases.raw)
        await asyncio.gather(*(raw.store([message(number)], NOW) for number in range(1, 6)))
        end_all_sessions(migrated_postgres)
        await asyncio.gather(*(raw.store([message(number)], NOW) for number in range(6, 11)))
        assert (await raw.summary(CHANNEL)).total == 10


async def test_transaction_whose_session_was_ended_runs_again_as_a_whole(migrated_postgres: dict[str, str]) -> None:
    """Killed between two statements, the work starts anew, and is there once."""
    attempts = []
    async with open_databases(settings_of(migrated_postgres)) as databases:
        await databases.raw.write(lambda conn: conn.execute(text("CREATE TABLE steps (step INTEGER)")))

        async def two_steps(conn: AsyncConnection) -> None:
            attempts.append(1)
            await conn.execute(text("INSERT INTO steps VALUES (1)"))
            if len(attempts) == 1:
                await asyncio.to_thread(end_all_sessions, migrated_postgres)
            await conn.execute(text("INSERT INTO steps VALUES (2)"))

        await databases.raw.write(two_steps)
        steps = await databases.raw.rows(text("SELECT step FROM steps ORDER BY step"))
    assert ([row["step"] for row in steps], len(attempts)) == ([1, 2], 2)


async def test_deadlock_is_resolved_by_running_again(migrated_postgres: dict[str, str]) -> None:
    """Two transactions that take two rows crosswise both end well."""
    met = asyncio.Event()
    async with open_databases(settings_of(migrated_postgres)) as databases:
        await databases.raw.write(lambda conn: conn.execute(text("CREATE TABLE pair (id INTEGER, n INTEGER)")))
        await databases.raw.write(lambda conn: conn.execute(text("INSERT INTO pair VALUES (1, 0), (2, 0)")))
        holding = []

        async def add_to(conn: AsyncConnection, order: tuple[int, int]) -> None:
            for number in order:
                await conn.execute(text(f"UPDATE pair SET n = n + 1 WHERE id = {number}"))
                holding.append(number)
                if len(holding) == 2:
                    met.set()
                await met.wait()

        await asyncio.gather(
            databases.raw.write(lambda conn: add_to(conn, (1, 2))),
            databases.raw.write(lambda conn: add_to(conn, (2, 1))),
        )
        rows = await databases.raw.rows(text("SELECT n FROM pair"))
    assert [row["n"] for row in rows] == [2, 2]


async def test_pool_that_is_used_up_says_so(migrated_postgres: dict[str, str]) -> None:
    """More work at once than connections ends in one sentence about the pool, not in a hang."""
    variables = {**migrated_postgres, "DB_POOL_SIZE": "1", "DB_MAX_OVERFLOW": "0", "DB_POOL_TIMEOUT": "0.2"}
    async with open_databases(settings_of(variables)) as databases:

        async def nested(_conn: AsyncConnection) -> None:
            await databases.raw.ping()

        with pytest.raises(StorageUnavailableError, match="has no free connection") as full:
            await databases.raw.read(nested)
    assert "DB_POOL_SIZE" in full.value.hint


async def test_one_pool_for_three_databases(migrated_postgres: dict[str, str]) -> None:
    """The three logical databases share their connections."""
    async with open_databases(settings_of(migrated_postgres)) as databases:
        assert databases.ingestion.engine is databases.raw.engine is databases.processing.engine


async def test_missing_table_points_to_the_upgrade(postgres_variables: dict[str, str]) -> None:
    """Work on a schema that is not there says which command makes it."""
    async with open_databases(settings_of(postgres_variables), prepare=False) as databases:
        with pytest.raises(StorageError, match="lacks a table") as missing:
            await RawStorage(databases.raw).summary(CHANNEL)
    assert "db upgrade" in hint_of(missing.value)


async def test_bulk_and_single_writes_store_the_same(migrated_postgres: dict[str, str]) -> None:
    """COPY and plain statements are two ways to the same rows."""
    async with open_databases(settings_of(migrated_postgres)) as databases:
        raw = RawStorage(databases.raw)
        many = [
            message(number, 'tab\t "quoted" \\ line\nпривет', raw_payload={"n": number}) for number in range(1, 301)
        ]
        await raw.store(many, NOW)
        await raw.store(
            [
                each.model_copy(update={"channel_id": "-1007", "source_ref": f"tg:-1007:post:{each.id}"})
                for each in many[:3]
            ],
            NOW,
        )
        copied, inserted = await raw.get(f"tg:{CHANNEL}:post:2"), await raw.get("tg:-1007:post:2")
    assert copied.message.text == inserted.message.text == 'tab\t "quoted" \\ line\nпривет'
    assert copied.message.raw_payload == inserted.message.raw_payload == {"n": 2}
    assert copied.message.date == inserted.message.date


async def test_pages_follow_the_index_before_the_server_has_statistics(migrated_postgres: dict[str, str]) -> None:
    """A page of a table that was filled a moment ago is read in key order, without sorting the table."""
    async with open_databases(settings_of(migrated_postgres)) as databases:
        await RawStorage(databases.raw).store([message(number) for number in range(1, 5001)], NOW)

        async def plan(conn: AsyncConnection) -> list[str]:
            await databases.raw.dialect.read_by_key(conn)
            page = f"SELECT * FROM raw_messages WHERE source_ref > 'tg:{CHANNEL}:' ORDER BY source_ref LIMIT 500"
            return [row[0] for row in await conn.execute(text(f"EXPLAIN {page}"))]

        lines = await databases.raw.read(plan)
    assert any("Index Scan using idx_raw_source_channel" in line for line in lines)
    assert not any("Sort" in line for line in lines)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"])
def test_every_form_of_url_is_accepted(scheme: str) -> None:
    """DB_URL works as other tools write it."""
    url = postgres_url(DatabaseSettings(_env_file=None, DB_URL=f"{scheme}://u:p%40ss@h:5433/d"))
    assert (url.drivername, url.username, url.password, url.host, url.port, url.database) == (
        *("postgresql+psycopg", "u", "p@ss", "h", 5433, "d"),
    )


@pytest.mark.parametrize("url", ["mysql://u:s3cret@h/d", "not a url s3cret", "postgresql://u:s3cret@h:port/d"])
def test_other_urls_are_refused_without_showing_them(url: str) -> None:
    """A wrong DB_URL is an error about the variable, and its password stays out of it."""
    with pytest.raises(SettingsError, match="DB_URL") as refused:
        postgres_url(DatabaseSettings(_env_file=None, DB_URL=url))
    assert "s3cret" not in f"{refused.value} {refused.value.hint} {refused.value.__cause__}"


async def test_logs_of_retries_hold_no_password(
    guarded_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What is logged while waiting for a server never shows the password."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StorageError):
        await opened(parts(guarded_server, DB_PASSWORD="s3cret-word", DB_NAME="no_such"))
    assert "s3cret-word" not in caplog.text


def end_all_sessions(variables: dict[str, str]) -> None:
    with psycopg.connect(variables["DB_URL"], autocommit=True) as admin:
        admin.execute(END_SESSIONS)
