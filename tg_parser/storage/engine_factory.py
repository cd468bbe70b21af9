"""Settings to engines: one PostgreSQL pool for all three databases, or one SQLite file each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import stamina
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.config.settings import RetrySettings, Settings
from tg_parser.domain.errors import SettingsError, StorageError, StorageUnavailableError
from tg_parser.storage.columns import json_text
from tg_parser.storage.dialects import prepare_sqlite
from tg_parser.storage.tables import DatabaseName
from tg_parser.storage.transactions import Database

APPLICATION_NAME = "tg-parser"
BUSY_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 10
_DRIVER = "postgresql+psycopg"
_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+psycopg2", _DRIVER})


def create_engine_from_settings(settings: Settings, database: DatabaseName) -> AsyncEngine:
    """The engine of one logical database. Nothing is connected yet. Raises SettingsError, StorageError."""
    if settings.database.type == "postgresql":
        return _postgres_engine(settings.database)
    return _sqlite_engine(settings.database, database)


async def wait_until_it_answers(database: Database, retry: RetrySettings) -> None:
    """Return when the database answers; what waiting cannot mend fails at once. Raises StorageError."""
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


def _postgres_engine(settings: DatabaseSettings) -> AsyncEngine:
    return create_async_engine(
        postgres_url(settings),
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=settings.pool_recycle,
        pool_pre_ping=settings.pool_pre_ping,
        connect_args=_connect_arguments(settings),
        json_serializer=json_text,
        json_deserializer=orjson.loads,
        hide_parameters=True,
    )


def postgres_url(settings: DatabaseSettings) -> URL:
    """The address from DB_URL or from the parts; any character may stand in the parts. Raises SettingsError."""
    if settings.url is None:
        return URL.create(
            _DRIVER,
            username=settings.user,
            password=settings.password.get_secret_value() or None,
            host=settings.host,
            port=settings.port,
            database=settings.name,
        )
    try:
        url = make_url(settings.url.get_secret_value())
    except (ArgumentError, ValueError):
        # The error of the library would repeat the URL with its password.
        raise SettingsError("DB_URL is not a URL.", _URL_HINT) from None
    if url.drivername not in _SCHEMES:
        raise SettingsError(f"DB_URL begins with {url.drivername}://, which is not PostgreSQL.", _URL_HINT)
    return url.set(drivername=_DRIVER)


_URL_HINT = "Write postgresql://user:password@host:5432/name, with special characters percent-encoded."


def _connect_arguments(settings: DatabaseSettings) -> dict[str, Any]:
    limits = {
        "statement_timeout": settings.statement_timeout * 1000,
        "lock_timeout": settings.lock_timeout * 1000,
        "timezone": "UTC",
        # A plan made once for any array is a plan for ten elements of a small table; ours are thousands and it grows.
        "plan_cache_mode": "force_custom_plan",
    }
    arguments: dict[str, Any] = {
        "application_name": f"{APPLICATION_NAME}:{os.getpid()}",
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }
    return arguments if settings.sslmode is None else {**arguments, "sslmode": settings.sslmode}


def _sqlite_engine(settings: DatabaseSettings, database: DatabaseName) -> AsyncEngine:
    path = sqlite_path(settings, database)
    _prepare_file(path)
    attached = None
    if database == "processing":
        attached = sqlite_path(settings, "raw")
        _prepare_file(attached)
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


def _prepare_file(path: Path) -> None:
    """Make the folder, and where there is no file yet one for its owner's eyes alone. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(0o600)
    except OSError as error:
        raise StorageError(
            f"Database file {path} cannot be made: {error.strerror}.",
            "Choose a writable place (the *_DB_PATH variables).",
        ) from error
