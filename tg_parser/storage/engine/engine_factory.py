"""Makes engines from settings: one PostgreSQL pool for all three databases, or one SQLite file each."""

from __future__ import annotations

from pathlib import Path

import stamina
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.config.settings import RetrySettings, Settings
from tg_parser.domain.errors import StorageError, StorageUnavailableError
from tg_parser.domain.paths import why_not_written
from tg_parser.storage.engine.sessions import prepare_sqlite
from tg_parser.storage.engine.sqlite_connection import connect_sqlite
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables import DatabaseName

BUSY_TIMEOUT_SECONDS = 30.0


def create_engine_from_settings(settings: Settings, database: DatabaseName) -> AsyncEngine:
    """The engine of one logical database, not yet connected. Raises SettingsError, StorageError."""
    if settings.database.type == "postgresql":
        # psycopg is not needed, and takes a while to load, where there is no server.
        from tg_parser.storage.engine.postgres_engine import create_server_engine  # noqa: PLC0415

        return create_server_engine(settings.database)
    return _sqlite_engine(settings.database, database)


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


def _sqlite_engine(settings: DatabaseSettings, database: DatabaseName) -> AsyncEngine:
    path = sqlite_path(settings, database)
    prepare_file(path)
    attached = None
    if database != "raw":
        attached = sqlite_path(settings, "raw")
        prepare_file(attached)
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={
            "timeout": BUSY_TIMEOUT_SECONDS,
            "isolation_level": None,
            "uri": False,
            "async_creator_fn": connect_sqlite,
        },
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
