"""What all tests share: both backends on fresh databases, a PostgreSQL of their own, and no way to the network."""

from __future__ import annotations

import contextlib
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgbouncer_server import PROGRAM as PGBOUNCER
from postgres_server import PostgresServer
from psycopg import sql
from sample_data import LENT
from sqlalchemy import make_url

from tg_parser.config.settings import DatabaseSettings, RetrySettings, Settings, setting_groups
from tg_parser.storage.engine.databases import Databases, open_databases

SERVER = pytest.StashKey[PostgresServer]()
ADMIN_URL = "TEST_DATABASE_URL"
# What a machine cannot run is not collected, so that a skipped test is always one that somebody should look at.
collect_ignore = [] if LENT.is_dir() else ["lent"]
collect_ignore += [] if PGBOUNCER else ["integration/test_pgbouncer.py"]
_LOOPBACK = ("127.", "::1", "localhost")


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith(_LOOPBACK):
            raise PermissionError(f"a test tried to reach {host}; tests stay on this machine")


sys.addaudithook(_refuse_the_network)


def pytest_configure(config: pytest.Config) -> None:
    """The process that steers the run starts the server; workers inherit its address."""
    if not hasattr(config, "workerinput") and ADMIN_URL not in os.environ and not config.option.collectonly:
        config.stash[SERVER] = server = PostgresServer()
        server.start()
        os.environ[ADMIN_URL] = server.url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing is left running."""
    if SERVER in config.stash:
        config.stash[SERVER].stop()
        del os.environ[ADMIN_URL]


@pytest.fixture(scope="session", autouse=True)
def _bare_environment() -> Iterator[None]:
    """No variable of the surrounding shell reaches the product."""
    names = {str(field.validation_alias) for _, group in setting_groups() for field in group.model_fields.values()}
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delenv(name, raising=False)
        yield


@contextlib.contextmanager
def fresh_postgres_database(template: str | None = None) -> Iterator[str]:
    """The URL of a database that lives as long as the block."""
    name = f"tg_test_{uuid.uuid4().hex}"
    origin = sql.SQL("TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("TEMPLATE template0")
    with psycopg.connect(os.environ[ADMIN_URL], autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} {} ENCODING 'UTF8'").format(sql.Identifier(name), origin))
    try:
        yield make_url(os.environ[ADMIN_URL]).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(os.environ[ADMIN_URL], autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    """The name of the backend a test runs on; every test that asks for it runs on each."""
    return str(request.param)


@pytest.fixture
def database_environment(backend: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables that point at fresh, empty databases of the backend."""
    name = "sqlite_variables" if backend == "sqlite" else "postgres_variables"
    variables: dict[str, str] = request.getfixturevalue(name)
    return variables


@pytest.fixture
def sqlite_variables(tmp_path: Path) -> dict[str, str]:
    """Variables of three SQLite files that do not exist yet."""
    return sqlite_files(tmp_path / "databases")


@pytest.fixture
def postgres_variables() -> Iterator[dict[str, str]]:
    """Variables of an empty PostgreSQL database."""
    with fresh_postgres_database() as url:
        yield {"DB_TYPE": "postgresql", "DB_URL": url}


def sqlite_files(folder: Path) -> dict[str, str]:
    return {
        "DB_TYPE": "sqlite",
        "INGESTION_STATE_DB_PATH": str(folder / "ingestion_state.sqlite"),
        "RAW_STORAGE_DB_PATH": str(folder / "raw_storage.sqlite"),
        "PROCESSING_STORAGE_DB_PATH": str(folder / "processing_storage.sqlite"),
    }


@pytest.fixture
def settings(database_environment: dict[str, str]) -> Settings:
    """Settings of fresh databases, with impatient retries."""
    return settings_of(database_environment)


def settings_of(variables: dict[str, str]) -> Settings:
    """Settings as the environment `variables` would give them, with impatient retries."""
    return Settings(
        database=DatabaseSettings(_env_file=None, **variables),
        retry=RetrySettings(max_attempts=2, backoff_base=0.1, backoff_max=1, jitter=0),
    )


@pytest.fixture
async def databases(settings: Settings) -> AsyncIterator[Databases]:
    """The three databases with their schemas, opened."""
    async with open_databases(settings) as opened:
        yield opened


def process_environment(variables: dict[str, str]) -> dict[str, str]:
    """The environment of a tg-parser process: an empty home and nothing of the surrounding shell but the path.

    Telegram's own pages are out of reach: a test that wants a preview serves one.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    path = os.pathsep.join(path for path in sys.path if path)
    return {**kept, "PYTHONPATH": path, "WEB_PREVIEW_URL": "http://127.0.0.1:9", **variables}


@pytest.fixture
def process_env(database_environment: dict[str, str]) -> dict[str, str]:
    """The environment of a process on fresh databases of the backend."""
    return process_environment(database_environment)


@pytest.fixture
def sqlite_env(sqlite_variables: dict[str, str]) -> dict[str, str]:
    """The environment of a process on fresh SQLite files."""
    return process_environment(sqlite_variables)


@pytest.fixture
def postgres_env(postgres_variables: dict[str, str]) -> dict[str, str]:
    """The environment of a process on a fresh PostgreSQL database."""
    return process_environment(postgres_variables)


@pytest.fixture(scope="session")
def sqlite_environment() -> Callable[[Path], dict[str, str]]:
    """The environment of a process on SQLite files in a folder."""
    return lambda folder: process_environment(sqlite_files(folder / "databases"))
