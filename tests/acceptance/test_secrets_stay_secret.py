"""A password never appears: not in the log at its most talkative, not in errors, not in tracebacks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser
from conftest import process_environment
from postgres_server import PostgresServer, free_port
from sqlalchemy import URL

pytestmark = pytest.mark.postgres

MARKER = "Zq9-marker-слово"
PASSWORD = f"p@ss:{MARKER}/%"
TALKATIVE = {"DB_TYPE": "postgresql", "LOG_LEVEL": "DEBUG", "RETRY_MAX_ATTEMPTS": "2", "RETRY_BACKOFF_BASE": "0.1"}


@pytest.fixture(scope="module")
def guarded_server() -> Iterator[PostgresServer]:
    server = PostgresServer(PASSWORD)
    server.start()
    yield server
    server.stop()


def url(port: int, password: str = PASSWORD, **parts: Any) -> str:
    known = {"username": "postgres", "host": "127.0.0.1", "database": "postgres"}
    return URL.create("postgresql", port=port, password=password, **(known | parts)).render_as_string(False)


def outputs(variables: dict[str, str], folder: Path, *arguments: str) -> str:
    """Everything a command says, with everything switched on that makes it say more."""
    done = tg_parser(process_environment(TALKATIVE | variables), "--debug", *arguments, cwd=folder, code=None)
    return done.stdout + done.stderr


def assert_unseen(said: str) -> None:
    for form in (MARKER, "Zq9", "Zq9-marker-%D1%81", "слово"):
        assert form not in said, said


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_work_that_succeeds_shows_no_password(guarded_server: PostgresServer, tmp_path: Path, log_format: str) -> None:
    """Connecting, migrating and asking, with every log line there is."""
    variables = {"DB_URL": url(guarded_server.port), "LOG_FORMAT": log_format}
    said = outputs(variables, tmp_path, "init") + outputs(variables, tmp_path, "db", "pool", "--json")
    assert '"max_connections"' in said
    assert_unseen(said)


def test_errors_and_tracebacks_show_no_password(guarded_server: PostgresServer, tmp_path: Path) -> None:
    """Wrong password, wrong database, nobody there, a URL with a typo, contradictions: each fails, each is silent."""
    password_file = tmp_path / "password"
    password_file.write_text(PASSWORD + "\n")
    port = guarded_server.port
    for variables in (
        {"DB_URL": url(port, f"wrong{PASSWORD}")},
        {"DB_URL": url(port, database="none")},
        {"DB_URL": url(free_port())},
        {"DB_URL": url(port) + "?sslmod=require"},
        {"DB_URL": f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"},
        {"DB_URL": f"postgres:/u:{PASSWORD}@h"},
        {"DB_URL": url(port), "DB_PASSWORD": f"other{MARKER}"},
        {"DB_PASSWORD": PASSWORD, "DB_PASSWORD_FILE": str(password_file)},
        {"DB_HOST": "127.0.0.1", "DB_PORT": str(port), "DB_USER": "none", "DB_PASSWORD_FILE": str(password_file)},
        {"DB_HOST": "127.0.0.1", "DB_PORT": MARKER.encode().hex(), "DB_PASSWORD": PASSWORD},
        {"DB_PASSWORD_ENCRYPTED": PASSWORD, "DB_ENCRYPTION_KEY_FILE": str(password_file)},
        {"DB_URL": url(port), "DB_REPLICA_HOSTS": "user@host"},
    ):
        said = outputs(variables, tmp_path, "status")
        assert "Error: " in said
        assert "Traceback" in said
        assert_unseen(said)


def test_password_file_and_encrypted_password_let_in(guarded_server: PostgresServer, tmp_path: Path) -> None:
    """Made with the command, kept in files, used by the next command; the secret is never an argument."""
    key, password_file = tmp_path / "key", tmp_path / "password"
    password_file.write_text(PASSWORD + "\n")
    made = tg_parser(
        process_environment({}), "db", "encrypt-secret", "--key-file", key, cwd=tmp_path, answer=PASSWORD + "\n"
    )
    assert_unseen(made.stdout + made.stderr)
    server = {
        "DB_TYPE": "postgresql",
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(guarded_server.port),
        "DB_NAME": "postgres",
        "DB_USER": "postgres",
    }
    for secret in (
        {"DB_PASSWORD_FILE": str(password_file)},
        {"DB_PASSWORD_ENCRYPTED": made.stdout.strip(), "DB_ENCRYPTION_KEY_FILE": str(key)},
    ):
        done = tg_parser(process_environment(server | secret), "db", "pool", "--json", cwd=tmp_path)
        assert json.loads(done.stdout)["pools"]["primary"]["limit"] == 15


def test_objects_do_not_show_the_password_when_printed(guarded_server: PostgresServer) -> None:
    """Settings, engines and databases, as a debugger or a failed assertion prints them."""
    program = (
        "from tg_parser.config.settings import load_settings\n"
        "from tg_parser.storage.engine.engine_factory import create_engine_from_settings\n"
        "from tg_parser.storage.engine.postgres_engine import create_lock_engine\n"
        "settings = load_settings(None)\n"
        "engine = create_engine_from_settings(settings, 'raw')\n"
        "print(repr(settings), settings, engine, engine.url, engine.pool, create_lock_engine(settings.database))\n"
    )
    variables = TALKATIVE | {"DB_URL": url(guarded_server.port), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=process_environment(variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "127.0.0.1" in done.stdout
    assert_unseen(done.stdout + done.stderr)
