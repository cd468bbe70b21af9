"""The knowledge base of the bundled sample: made once by a command, then copied for every test that wants one."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from cli_process import small_export, tg_parser, tg_parser_json
from conftest import process_environment
from filelock import FileLock
from fresh_databases import FOLDER, fresh_postgres_database, sqlite_files
from sqlalchemy import make_url

MESSAGES_A_CHAT = 34


@dataclass(frozen=True)
class KnowledgeBase:
    """Databases that a run has filled, with what that run read, wrote and said."""

    env: dict[str, str]
    export: Path
    out: Path
    done: dict[str, Any]


@contextlib.contextmanager
def knowledge_base(backend: str, folder: Path) -> Iterator[KnowledgeBase]:
    """A knowledge base in databases of one's own; on SQLite they are in `folder`/databases. The files are shared."""
    if backend == "sqlite":
        shutil.copytree(_on_sqlite() / "databases", folder / "databases")
        yield _told(_on_sqlite(), process_environment(sqlite_files(folder / "databases")))
        return
    made, template = _on_postgres()
    with fresh_postgres_database(template) as url:
        yield _told(made, process_environment({"DB_TYPE": "postgresql", "DB_URL": url}))


def _told(made: Path, env: dict[str, str]) -> KnowledgeBase:
    return KnowledgeBase(env, made / "result.json", made / "out", json.loads((made / "done.json").read_text("utf-8")))


def _make(folder: Path, variables: dict[str, str]) -> None:
    export, env = small_export(folder, MESSAGES_A_CHAT), process_environment(variables)
    done = tg_parser_json(env, "run", "--from-export", export, "--provider", "local", "--out", "out", cwd=folder)
    (folder / "done.json").write_text(json.dumps(done), "utf-8")


def finished_demo(home: Path) -> None:
    """Lay what `tg-parser demo` has made of the whole sample into a home: another demo there finds nothing new."""
    made = _made_once("demo", lambda folder: tg_parser(process_environment({}), "demo", cwd=folder))
    shutil.copytree(made / "data" / "demo", home / "demo", ignore=shutil.ignore_patterns("locks"))


def _on_sqlite() -> Path:
    return _made_once("knowledge-base", lambda folder: _make(folder, sqlite_files(folder / "databases")))


def _made_once(name: str, make: Callable[[Path], object]) -> Path:
    """What the first process of the test run that asked has made in a folder."""
    made = Path(os.environ[FOLDER], name)
    with FileLock(made.with_name(f"{name}-lock")):
        if not made.exists():
            making = made.with_name(f"{name}-begun")
            making.mkdir()
            make(making)
            making.rename(made)
    return made


@cache
def _on_postgres() -> tuple[Path, str]:
    """A folder, and the name of a database to be copied, which lives as long as this process or the server."""
    database, made = contextlib.ExitStack(), Path(tempfile.mkdtemp(dir=os.environ[FOLDER]))
    url = database.enter_context(fresh_postgres_database())
    _make(made, {"DB_TYPE": "postgresql", "DB_URL": url})

    def end() -> None:
        with contextlib.suppress(psycopg.OperationalError):
            database.close()

    atexit.register(end)
    name = make_url(url).database
    assert name is not None
    return made, name
