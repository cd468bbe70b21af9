"""Makes engines from settings: one PostgreSQL pool for all three databases, or one SQLite file each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import stamina
from sqlalchemy import NullPool
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.config.settings import RetrySettings, Settings
from tg_parser.domain.errors import StorageError, StorageUnavailableError
from tg_parser.domain.paths import why_not_written
from tg_parser.storage.engine.connecting import connect_whole
from tg_parser.storage.engine.postgres_address import connect_arguments, hosts, postgres_url, session_parameters
from tg_parser.storage.engine.sessions import prepare_postgres, prepare_sqlite
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables import DatabaseName
from tg_parser.storage.tables.columns import json_text

BUSY_TIMEOUT_SECONDS = 30.0
REPLICA_CONNECT_SECONDS = 3


def create_engine_from_settings(settings: Settings, database: DatabaseName) -> AsyncEngine:
    """The engine of one logical database, not yet connected. Raises SettingsError, StorageError."""
    if settings.database.type == "postgresql":
        return _postgres_engine(settings.database, postgres_url(settings.database))
    return _sqlite_engine(settings.database, database)


def create_lock_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Connections outside the pool, for locks that are held for a whole run."""
    return _postgres_engine(settings, postgres_url(settings), pooled=False)


def create_replica_engines(settings: DatabaseSettings) -> dict[str, AsyncEngine]:
    """An engine for every read replica, by `host:port`, with the primary's credentials. Raises SettingsError."""
    url = postgres_url(settings)
    servers = hosts(settings.replica_hosts, url.port or settings.port)
    # A replica that is down must not keep the reader waiting: there is still the primary.
    return {
        f"{host}:{port}": _postgres_engine(
            settings, url.set(host=host, port=port), connect_timeout=REPLICA_CONNECT_SECONDS
        )
        for host, port in servers
    }


async def wait_until_it_answers(database: Database, retry: RetrySettings) -> None:
    """Return when the database answers; what waiting cannot fix fails at once. Raises StorageError."""
    async for attempt in stamina.retry_context(
        on=StorageUnavailableError,
        attempts=retry.max_attempts,
        timeout=None,
        wait_initial=retry.backoff_base,
        wait_max=retry.backoff_max,
        wait_jitter=retry.jitter,
    ):
        with attempt:
            await database.ping()


def sqlite_path(settings: DatabaseSettings, database: DatabaseName) -> Path:
    """The file of a logical database."""
    paths = {
        "ingestion": settings.ingestion_state_path,
        "raw": settings.raw_storage_path,
        "processing": settings.processing_storage_path,
    }
    return paths[database]


def _postgres_engine(settings: DatabaseSettings, url: URL, *, pooled: bool = True, **arguments: Any) -> AsyncEngine:
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pooled:
        pool = {
            "pool_size": settings.pool_size,
            "max_overflow": settings.max_overflow,
            "pool_timeout": settings.pool_timeout,
            "pool_recycle": settings.pool_recycle,
            "pool_pre_ping": settings.pool_pre_ping,
        }
    engine = create_async_engine(
        url,
        **pool,
        connect_args={**connect_arguments(settings, url), **arguments, "async_creator_fn": connect_whole},
        json_serializer=json_text,
        json_deserializer=orjson.loads,
        hide_parameters=True,
    )
    prepare_postgres(engine.sync_engine, session_parameters(settings) if settings.transaction_pooler else {})
    return engine


def _sqlite_engine(settings: DatabaseSettings, database: DatabaseName) -> AsyncEngine:
    path = sqlite_path(settings, database)
    prepare_file(path)
    attached = None
    if database != "raw":
        attached = sqlite_path(settings, "raw")
        prepare_file(attached)
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "isolation_level": None, "uri": False},
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        hide_parameters=True,
    )
    prepare_sqlite(engine.sync_engine, BUSY_TIMEOUT_SECONDS, attached)
    return engine


def prepare_file(path: Path) -> None:
    """Create the folder, and the file, readable by its owner only, if there is none. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(0o600)
    except OSError as error:
        raise StorageError(
            f"Database file {path} cannot be created: {why_not_written(error)}.",
            "Choose a writable place (--data-dir, TG_PARSER_HOME or the *_DB_PATH variables).",
        ) from error
