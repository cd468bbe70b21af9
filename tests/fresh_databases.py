"""Databases of one test each, empty or with schemas already made, on a PostgreSQL that the first who asks starts."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import pickle
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from filelock import FileLock
from postgres_server import PostgresServer
from psycopg import sql
from sqlalchemy import make_url

from tg_parser.config.settings import DatabaseSettings, RetrySettings, Settings
from tg_parser.storage.engine.databases import open_databases

ADMIN_URL = "TEST_DATABASE_URL"
FOLDER = "TG_PARSER_TESTS_SERVER"
"""The variable with the folder where the processes of a run find the server that one of them started."""


def keep_server() -> None:
    """Let the processes of a run share a server; none runs until one of them wants it."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="tg-parser-tests-")


def stop_server() -> None:
    """Nothing is left running."""
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "server").exists():
        pickle.loads((folder / "server").read_bytes()).stop()
    shutil.rmtree(folder)


@cache
def admin_url() -> str:
    """Where the administrator connects: to the server that was given, or to the one of this run."""
    if given := os.environ.get(ADMIN_URL):
        return given
    known = Path(os.environ[FOLDER], "server")
    with FileLock(known.with_name("lock")):
        if not known.exists():
            server = PostgresServer()
            server.start()
            known.write_bytes(pickle.dumps(server))
    url: str = pickle.loads(known.read_bytes()).url
    return url


@contextlib.contextmanager
def fresh_postgres_database(template: str = "template0") -> Iterator[str]:
    """The URL of a database that lives as long as the block."""
    name = f"tg_test_{uuid.uuid4().hex}"
    # Copying the files costs half as much as writing every page into the log; PostgreSQL 14 knows nothing else.
    copied = " STRATEGY file_copy" if _administrator().info.server_version >= 150000 else ""
    _administer("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'" + copied, name, template)
    try:
        yield make_url(admin_url()).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer("DROP DATABASE {} WITH (FORCE)", name)


def _administer(statement: str, *names: str) -> None:
    _administrator().execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@cache
def _administrator() -> psycopg.Connection:
    connection = psycopg.connect(admin_url(), autocommit=True)
    atexit.register(connection.close)
    return connection


@contextlib.contextmanager
def migrated_template() -> Iterator[str]:
    """The name of a database with all schemas, to be copied."""
    with fresh_postgres_database() as url:
        make_schemas({"DB_TYPE": "postgresql", "DB_URL": url})
        name = make_url(url).database
        assert name is not None
        yield name


def make_schemas(variables: dict[str, str]) -> None:
    """Migrate the databases of an environment."""

    async def migrate() -> None:
        async with open_databases(settings_of(variables)):
            pass

    asyncio.run(migrate())


def sqlite_files(folder: Path) -> dict[str, str]:
    """The variables of three SQLite files in a folder."""
    return {
        "DB_TYPE": "sqlite",
        "INGESTION_STATE_DB_PATH": str(folder / "ingestion_state.sqlite"),
        "RAW_STORAGE_DB_PATH": str(folder / "raw_storage.sqlite"),
        "PROCESSING_STORAGE_DB_PATH": str(folder / "processing_storage.sqlite"),
    }


def settings_of(variables: dict[str, Any]) -> Settings:
    """Settings as the environment `variables` would give them, with impatient retries."""
    return _other_settings().model_copy(update={"database": DatabaseSettings(_env_file=None, **variables)})


@cache
def _other_settings() -> Settings:
    # They cannot be changed, and reading twenty groups of variables for every test takes longer than many a test.
    return Settings(retry=RetrySettings(max_attempts=2, backoff_base=0.1, backoff_max=1, jitter=0))
