"""PostgreSQL servers that cannot be used as they are: each gets one clear sentence, and nothing is changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from fresh_databases import fresh_postgres_database, settings_of
from postgres_server import PostgresServer
from psycopg import Connection, sql
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import StorageError, StorageUnavailableError
from tg_parser.storage.engine.databases import open_databases

pytestmark = pytest.mark.postgres


async def opened(variables: dict[str, str]) -> None:
    async with open_databases(settings_of(variables)):
        pass


@pytest.fixture
def administrator(postgres_variables: dict[str, str]) -> Iterator[Connection[Any]]:
    with psycopg.connect(postgres_variables["DB_URL"], autocommit=True) as connection:
        yield connection


async def test_role_without_rights_is_told_what_to_grant(
    postgres_variables: dict[str, str], administrator: Connection[Any]
) -> None:
    """A role that may connect but not create: the error says which right it needs, and no table is there."""
    role = make_url(postgres_variables["DB_URL"]).database + "_guest"
    administrator.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    administrator.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    url = make_url(postgres_variables["DB_URL"]).set(username=role).render_as_string(hide_password=False)
    try:
        with pytest.raises(StorageError, match="denies the role a required privilege") as refused:
            await opened({"DB_TYPE": "postgresql", "DB_URL": url})
        assert "GRANT CREATE" in refused.value.hint
        assert administrator.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    finally:
        administrator.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


async def test_read_only_database_is_told(postgres_variables: dict[str, str], administrator: Connection[Any]) -> None:
    """A database that its administrator has made read-only is refused before anything is tried."""
    name = make_url(postgres_variables["DB_URL"]).database
    administrator.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(sql.Identifier(name))
    )
    with pytest.raises(StorageError, match="is read-only by its own setting"):
        await opened(postgres_variables)


async def test_encoding_that_cannot_hold_every_text_is_refused(administrator: Connection[Any]) -> None:
    """An SQL_ASCII database would take bytes that nobody can read back."""
    with fresh_postgres_database() as other:
        name = make_url(other).database + "_ascii"
        create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
        administrator.execute(sql.SQL(create).format(sql.Identifier(name)))
        url = make_url(other).set(database=name).render_as_string(hide_password=False)
        try:
            with pytest.raises(StorageError, match="has the encoding SQL_ASCII") as refused:
                await opened({"DB_TYPE": "postgresql", "DB_URL": url})
            assert "UTF8" in refused.value.hint
        finally:
            administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def test_server_with_too_few_connections() -> None:
    """Fewer than the pool may ask for is a warning at the start; when they are used up, the error says whose limit."""
    server = PostgresServer(max_connections="5", superuser_reserved_connections="0", reserved_connections="0")
    server.start()
    try:
        variables = {"DB_TYPE": "postgresql", "DB_URL": server.url, "DB_POOL_SIZE": "9"}
        async with open_databases(settings_of(variables), prepare=False) as databases:
            taken = [psycopg.connect(server.url) for _ in range(4)]
            try:

                async def nested(_conn: AsyncConnection) -> None:
                    await databases.processing.read(lambda conn: conn.execute(text("SELECT 1")))

                with pytest.raises(StorageUnavailableError, match="has no connection left") as full:
                    await databases.raw.read(nested)
            finally:
                for connection in taken:
                    connection.close()
        assert "max_connections" in full.value.hint
    finally:
        server.stop()


async def test_pool_that_is_larger_than_the_server_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for more connections than the server has reads so at the start."""
    logging.getLogger().setLevel(logging.INFO)
    server = PostgresServer(max_connections="12")
    server.start()
    try:
        await opened({"DB_TYPE": "postgresql", "DB_URL": server.url})
    finally:
        server.stop()
    assert "allows 9 connections" in capsys.readouterr().out


async def test_disk_that_fills_up_is_told_and_nothing_is_half_there(postgres_variables: dict[str, str]) -> None:
    """When the server says in the middle of a transaction that its disk is full, that is one sentence, and no row."""
    async with open_databases(settings_of(postgres_variables), prepare=False) as databases:
        await databases.raw.write(lambda conn: conn.execute(text("CREATE TABLE big (id INTEGER)")))

        async def too_much(conn: AsyncConnection) -> None:
            await conn.execute(text("INSERT INTO big SELECT generate_series(1, 1000)"))
            await conn.execute(text("DO $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$"))

        with pytest.raises(StorageError, match="has no space left: the server's disk is full"):
            await databases.raw.write(too_much)
        assert (await databases.raw.rows(text("SELECT count(*) AS rows FROM big")))[0]["rows"] == 0
