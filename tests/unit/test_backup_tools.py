"""Which of PostgreSQL's programs are taken, how they log in, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from fresh_databases import settings_of

from tg_parser.backup.postgres_login import login
from tg_parser.backup.postgres_tools import Tools, find_tools, fitting, reason
from tg_parser.domain.errors import BackupError

FOUND = [Tools(Path("a"), 17), Tools(Path("b"), 15), Tools(Path("c"), 18), Tools(Path("d"), 15)]


@pytest.mark.parametrize(("at_least", "taken"), [(14, "b"), (15, "b"), (16, "a"), (18, "c"), (19, None)])
def test_oldest_that_is_new_enough(at_least: int, taken: str | None) -> None:
    """Never older than the server, and no newer than needed; of two alike the first on the way."""
    tools = fitting(FOUND, at_least)
    assert (str(tools.folder) if tools else None) == taken


FULL = "error: could not write to output file: No space left on device"
DENIED = "ERROR:  permission denied for schema public"
CUT = "error: unexpected end of file"


@pytest.mark.parametrize(
    ("complaints", "told"),
    [
        ("", ""),
        (f"pg_dump: {FULL}\n", FULL),
        (f"psql:<stdin>:42: {DENIED}\npsql: more\n", DENIED),
        (f"pg_restore: warning: something\npg_restore: {CUT}\n", CUT),
        ("pg_dump: detail: Query was: SELECT 1\n", "detail: Query was: SELECT 1"),
    ],
)
def test_telling_line_is_the_first_error(complaints: str, told: str) -> None:
    """Warnings and what follows from the first error are left out."""
    assert reason(complaints) == told


def write_programs(folder: Path, version: str) -> None:
    for name in ("pg_dump", "pg_restore", "psql"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)


def test_programs_of_a_chosen_folder(tmp_path: Path) -> None:
    """PG_BIN_DIR counts alone; their version is asked for."""
    write_programs(tmp_path, "16.4 (Debian 16.4-1)")
    assert find_tools(tmp_path, 15) == Tools(tmp_path, 16)


def test_programs_older_than_the_server_are_refused(tmp_path: Path) -> None:
    """pg_dump would refuse in words of its own, after a connection."""
    write_programs(tmp_path, "9.6.24")
    with pytest.raises(BackupError, match="has version 9, but 15 is required") as refused:
        find_tools(tmp_path, 15)
    assert "PG_BIN_DIR" in refused.value.hint


def test_missing_programs_are_named(tmp_path: Path) -> None:
    """With the package to install."""
    with pytest.raises(BackupError, match=r"not found in .*PG_BIN_DIR") as refused:
        find_tools(tmp_path, 17)
    assert "postgresql-client-17" in refused.value.hint


def test_password_is_in_the_environment_alone() -> None:
    """Neither on the command line nor in what a traceback shows."""
    password = "s3cret @:/% пароль"
    into = login(
        settings_of({"DB_TYPE": "postgresql", "DB_HOST": "db", "DB_NAME": "n", "DB_PASSWORD": password}).database
    )
    assert into.environment()["PGPASSWORD"] == password
    assert "s3cret" not in into.argument() + repr(into)


def test_tls_and_url_reach_the_programs(tmp_path: Path) -> None:
    """They connect as the pool does: certificate, mode, server, and parameters of the URL."""
    certificate = tmp_path / "root.pem"
    certificate.touch()
    variables = {
        "DB_TYPE": "postgresql",
        "DB_URL": "postgres://me:word@[::1]:5433/data?target_session_attrs=read-write&sslnegotiation=direct",
        "DB_SSLMODE": "verify-full",
        "DB_SSLROOTCERT": str(certificate),
    }
    environment = login(settings_of(variables).database).environment()
    assert {name: environment[name] for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE")} == {
        "PGHOST": "::1",
        "PGPORT": "5433",
        "PGUSER": "me",
        "PGDATABASE": "data",
        "PGSSLMODE": "verify-full",
    }
    assert environment["PGSSLROOTCERT"] == str(certificate)
    assert environment["PGTARGETSESSIONATTRS"] == "read-write"
    assert "statement_timeout=0" in environment["PGOPTIONS"].rsplit("statement_timeout=300000", 1)[1]


def test_pooler_of_transactions_is_refused() -> None:
    """It gives another session to every transaction, and pg_dump needs one."""
    with pytest.raises(BackupError, match="pooler") as refused:
        login(settings_of({"DB_TYPE": "postgresql", "DB_TRANSACTION_POOLER": "true"}).database)
    assert "DB_TRANSACTION_POOLER=false" in refused.value.hint


def test_a_folder_that_cannot_be_looked_into_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service started from a shell of root has root's folders in its PATH."""
    write_programs(tmp_path, "14.1")
    nobody_can_read = "/" + "x" * 5000
    monkeypatch.setenv("PATH", f"{nobody_can_read}:{tmp_path}")
    assert find_tools(None, 14) == Tools(tmp_path, 14)
