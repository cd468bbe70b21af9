"""PgBouncer in transaction mode before the server: everything works with one setting, and without it that is said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fresh_databases import settings_of
from pgbouncer_server import pgbouncer
from samples import CHANNEL, NOW, message
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import BusyError, StorageError
from tg_parser.domain.sources import SourceChange
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage

pytestmark = pytest.mark.postgres


def through(variables: dict[str, str], port: int, **changed: Any) -> Settings:
    url = make_url(variables["DB_URL"]).set(port=port).render_as_string(hide_password=False)
    return settings_of({**variables, "DB_URL": url, **changed})


@pytest.fixture
def pooled(postgres_variables: dict[str, str]) -> Iterator[Settings]:
    """Settings of databases behind a PgBouncer with three sessions for everybody."""
    with pgbouncer(make_url(postgres_variables["DB_URL"]).port) as port:
        yield through(postgres_variables, port, DB_TRANSACTION_POOLER="true")


async def test_schema_bulk_writes_and_reads_work(pooled: Settings) -> None:
    """Migrations, COPY through temporary tables, pages and counters, by more clients than the pooler has sessions."""
    async with open_databases(pooled) as databases:
        raw, sources = RawStorage(databases.raw), IngestionStorage(databases.ingestion)
        await sources.save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
        batches = [[message(start + step) for step in range(300)] for start in range(1, 3001, 300)]
        await asyncio.gather(*(raw.store(batch, NOW) for batch in batches))
        await asyncio.gather(*(raw.store(batch, NOW) for batch in batches))
        assert (await raw.summary(CHANNEL)).total == 3000
        assert [source.source_id for source in await sources.list_sources()] == ["s"]


async def test_limits_hold_in_every_transaction(pooled: Settings) -> None:
    """Time limits and UTC are there although no session belongs to us, and are gone for the next client."""
    names = ("statement_timeout", "lock_timeout", "TimeZone", "plan_cache_mode")
    shown = ", ".join(f"current_setting('{name}')" for name in names)
    async with open_databases(pooled, prepare=False) as databases:

        async def limits(conn: AsyncConnection) -> tuple[str, ...]:
            return tuple((await conn.execute(text(f"SELECT {shown}"))).one())

        assert await databases.raw.read(limits) == ("5min", "30s", "UTC", "force_custom_plan")
        await databases.raw.write(databases.raw.dialect.lift_time_limit)
        assert await databases.raw.write(limits) == ("5min", "30s", "UTC", "force_custom_plan")


async def test_locks_keep_processes_apart(pooled: Settings) -> None:
    """A lock that is held while other work changes sessions has one holder, and is free when it is let go."""
    async with open_databases(pooled, prepare=False) as databases, open_databases(pooled, prepare=False) as others:
        async with databases.locks.exclusive("process:-1"):
            await asyncio.gather(*(databases.raw.ping() for _ in range(20)))
            with pytest.raises(BusyError, match="Another run is working on -1"):
                async with others.locks.exclusive("process:-1"):
                    pass
        async with others.locks.exclusive("process:-1"):
            pass


@pytest.mark.parametrize("lets_pass", ["extra_float_digits", "options"])
async def test_without_the_setting_it_is_said(postgres_variables: dict[str, str], lets_pass: str) -> None:
    """Whether PgBouncer refuses the settings of a session or drops them without a word: one setting is named."""
    bouncer = pgbouncer(make_url(postgres_variables["DB_URL"]).port, ignore_startup_parameters=lets_pass)
    with bouncer as port, pytest.raises(StorageError, match="pooler") as refused:
        async with open_databases(through(postgres_variables, port)):
            pass
    assert "DB_TRANSACTION_POOLER=true" in refused.value.hint


async def test_session_mode_works_with_the_same_setting(postgres_variables: dict[str, str]) -> None:
    """What holds in every transaction holds in session mode too."""
    with pgbouncer(make_url(postgres_variables["DB_URL"]).port, pool_mode="session", default_pool_size="9") as port:
        async with open_databases(through(postgres_variables, port, DB_TRANSACTION_POOLER="true")) as databases:
            await RawStorage(databases.raw).store([message(1)], NOW)
            async with databases.locks.exclusive("process:-1"):
                assert (await RawStorage(databases.raw).summary(CHANNEL)).total == 1
