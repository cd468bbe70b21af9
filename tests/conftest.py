"""What all tests share: both backends on fresh databases, a PostgreSQL of their own, and no way to the network."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fresh_databases import (
    fresh_postgres_database,
    keep_server,
    make_schemas,
    migrated_template,
    settings_of,
    sqlite_files,
    stop_server,
)
from pgbouncer_server import PROGRAM as PGBOUNCER
from prometheus_server import PROGRAM as PROMETHEUS
from redis_server import PROGRAM as REDIS
from sample_data import LENT

from tg_parser.config.settings import Settings, setting_groups
from tg_parser.storage.engine.databases import Databases, open_databases

# What a machine cannot run is not collected, so that a skipped test is always one that somebody should look at.
collect_ignore = [] if LENT.is_dir() else ["lent"]
collect_ignore += [] if PGBOUNCER else ["integration/test_pgbouncer.py"]
collect_ignore += [] if PROMETHEUS else ["acceptance/test_prometheus.py"]
# Helm has a wheel for Linux on x86_64 alone.
collect_ignore += (
    []
    if importlib.util.find_spec("helm_python")
    else [
        *("unit/test_helm_chart.py", "unit/test_helm_chart_around.py", "unit/test_kubernetes_guide.py"),
        "acceptance/test_helm_chart_at_work.py",
    ]
)
collect_ignore += [] if REDIS else ["acceptance/test_api_shared_limits.py"]
ENOUGH_MEMORY = 6 << 30
_LOOPBACK = ("127.", "::1", "localhost")


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith(_LOOPBACK):
            raise PermissionError(f"a test tried to reach {host}; tests stay on this machine")


sys.addaudithook(_refuse_the_network)

# Where nothing is to be written beside modules, every process of every run would rewrite and compile all tests anew.
sys.dont_write_bytecode = False


def keep_files_in_memory() -> None:
    """Let all files of the run lie in memory where there is plenty of it: a new database is copied 25 times as fast."""
    memory = Path("/dev/shm")
    if "TMPDIR" not in os.environ and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ENOUGH_MEMORY:
        os.environ["TMPDIR"] = str(memory)
        tempfile.tempdir = None


def pytest_configure(config: pytest.Config) -> None:
    """The process that steers the run keeps the server for its workers."""
    if not hasattr(config, "workerinput"):
        keep_files_in_memory()
        keep_server()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing is left running."""
    if not hasattr(config, "workerinput"):
        stop_server()


@pytest.fixture(scope="session", autouse=True)
def _bare_environment() -> Iterator[None]:
    """No variable of the surrounding shell reaches the product."""
    names = {str(field.validation_alias) for _, group in setting_groups() for field in group.model_fields.values()}
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    """The name of the backend a test runs on; every test that asks for it runs on each."""
    return str(request.param)


@pytest.fixture
def database_environment(backend: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables that point at fresh databases of the backend with their schemas."""
    return _of_backend(request, "migrated_sqlite", "migrated_postgres")


@pytest.fixture
def empty_environment(backend: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables that point at fresh databases of the backend with nothing in them."""
    return _of_backend(request, "sqlite_variables", "postgres_variables")


def _of_backend(request: pytest.FixtureRequest, sqlite: str, postgres: str) -> dict[str, str]:
    name = sqlite if request.getfixturevalue("backend") == "sqlite" else postgres
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


@pytest.fixture(scope="session")
def files_with_schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of three SQLite files that were migrated once, to be copied."""
    folder = tmp_path_factory.mktemp("schemas") / "databases"
    make_schemas(sqlite_files(folder))
    return folder


@pytest.fixture(scope="session")
def database_with_schemas() -> Iterator[str]:
    """The name of a PostgreSQL database that was migrated once, to be copied."""
    with migrated_template() as name:
        yield name


@pytest.fixture
def migrated_sqlite(files_with_schemas: Path, sqlite_variables: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Variables of three SQLite files with their schemas."""
    shutil.copytree(files_with_schemas, tmp_path / "databases")
    return sqlite_variables


@pytest.fixture
def migrated_postgres(database_with_schemas: str) -> Iterator[dict[str, str]]:
    """Variables of a PostgreSQL database with its schemas."""
    with fresh_postgres_database(database_with_schemas) as url:
        yield {"DB_TYPE": "postgresql", "DB_URL": url}


@pytest.fixture
def settings(database_environment: dict[str, str]) -> Settings:
    """Settings of fresh databases, with impatient retries."""
    return settings_of(database_environment)


@pytest.fixture(scope="module")
def shared_settings(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of databases with schemas that the tests of a module share: no test may need them to be as they were."""
    if backend == "sqlite":
        folder = tmp_path_factory.mktemp("shared") / "databases"
        shutil.copytree(request.getfixturevalue("files_with_schemas"), folder)
        yield settings_of(sqlite_files(folder))
    else:
        with fresh_postgres_database(request.getfixturevalue("database_with_schemas")) as url:
            yield settings_of({"DB_TYPE": "postgresql", "DB_URL": url})


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
