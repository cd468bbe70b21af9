"""What only a server can do to a backup."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backup_samples import count, fill, programs, scratch_databases, service, with_backups
from fresh_databases import fresh_postgres_database
from postgres_server import PostgresServer
from sqlalchemy import make_url

from tg_parser.backup.postgres import PostgresBackups
from tg_parser.backup.thread import in_thread
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import BackupError, StorageError

pytestmark = pytest.mark.postgres


@pytest.fixture
def filled(migrated_postgres: dict[str, str], tmp_path: Path) -> Settings:
    settings = with_backups(migrated_postgres, tmp_path / "backups")
    fill(settings)
    return settings


def asked(settings: Settings, statement: str, *values: str) -> list[Any]:
    with psycopg.connect(settings.database.url.get_secret_value(), autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def test_scratch_database_goes(filled: Settings) -> None:
    """After a trial, good or not, the server has no database more."""
    backups = service(filled)
    made = backups.create()
    backups.verify(made)
    assert scratch_databases(filled) == []


def test_trial_in_a_given_database(filled: Settings, tmp_path: Path) -> None:
    """For a role that may not make one; it is empty before and after."""
    with fresh_postgres_database() as url:
        settings = with_backups(
            {"DB_TYPE": "postgresql", "DB_URL": filled.database.url.get_secret_value()},
            tmp_path / "backups",
            scratch_url=url,
        )
        backups = service(settings)
        made = backups.create()
        assert backups.verify(made).problems == []
        assert backups.verify(made).problems == []
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_trial_never_touches_a_database_with_tables(filled: Settings, tmp_path: Path) -> None:
    """Somebody named the wrong one."""
    url = filled.database.url.get_secret_value()
    settings = with_backups({"DB_TYPE": "postgresql", "DB_URL": url}, tmp_path / "backups", scratch_url=url)
    backups = service(settings)
    with pytest.raises(BackupError, match="is not empty"):
        backups.verify(backups.create())
    assert count(filled, "raw_messages") == 20


@pytest.fixture
def limited_role(filled: Settings) -> Iterator[str]:
    """A role with a database of its own and no further right."""
    asked(filled, "CREATE ROLE tg_limited LOGIN PASSWORD 'word'")
    with fresh_postgres_database() as url:
        name = make_url(url).database
        asked(filled, f'ALTER DATABASE "{name}" OWNER TO tg_limited')
        yield make_url(url).set(username="tg_limited", password="word").render_as_string(hide_password=False)
    asked(filled, "DROP ROLE tg_limited")


def test_role_that_owns_its_database_and_no_more(limited_role: str, tmp_path: Path) -> None:
    """It makes backups and restores them; for a trial it is told what it lacks."""
    settings = with_backups({"DB_TYPE": "postgresql", "DB_URL": limited_role}, tmp_path / "limited")
    fill(settings)
    backups = service(settings)
    made = backups.create()
    fill(settings, range(100, 110))
    backups.restore(made, replace=True)
    assert count(settings, "raw_messages") == 20
    with pytest.raises(BackupError, match="may not create a scratch database") as refused:
        backups.verify(made)
    assert "--scratch-url" in refused.value.hint


def test_restore_replaces_what_later_versions_added(filled: Settings) -> None:
    """Tables, views, types, functions and schemas that came after the backup go, whatever hangs on them."""
    backups = service(filled)
    made = backups.create()
    asked(filled, "CREATE TYPE later AS ENUM ('a'); CREATE SCHEMA others; CREATE TABLE others.t (x int)")
    asked(filled, "CREATE TABLE late (kind later, source text REFERENCES ingestion_state (source_id))")
    asked(filled, "CREATE VIEW seen AS SELECT r.text, late.kind FROM raw_messages AS r, late")
    asked(filled, "CREATE FUNCTION late_f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM raw_messages'")
    backups.restore(made, replace=True)
    tables = "SELECT to_regclass('late'), to_regclass('seen'), to_regtype('later')"
    assert asked(filled, tables) == [(None, None, None)]
    assert asked(filled, "SELECT to_regproc('late_f'), to_regnamespace('others')") == [(None, None)]


def test_failed_restore_changes_nothing(filled: Settings) -> None:
    """The dump breaks off in the middle of a table, with a digest that says this is how it should be."""
    backups = service(filled)
    fill(filled, range(1000, 6000))
    made = backups.create()
    dump = made.path / "database.dump"
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size * 2 // 3])
    fill(filled, range(6000, 6010))
    with pytest.raises(BackupError, match="nothing in it was changed: pg_restore says"):
        asyncio.run(in_thread(lambda work: PostgresBackups(filled.database, filled.backup).restore(made.path, work)))
    assert count(filled, "raw_messages") == 5030


def test_locked_table_ends_a_restore_in_time(filled: Settings, tmp_path: Path) -> None:
    """Somebody else's session holds a table: the restore gives up after DB_LOCK_TIMEOUT and has changed nothing."""
    made = service(filled).create()
    url = filled.database.url.get_secret_value()
    hasty = with_backups({"DB_TYPE": "postgresql", "DB_URL": url, "DB_LOCK_TIMEOUT": "1"}, tmp_path / "backups")
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE raw_messages IN ACCESS SHARE MODE")
        with pytest.raises(BackupError, match="lock timeout"):
            service(hasty).restore(made, replace=True)
    assert count(filled, "raw_messages") == 20


def test_locale_of_the_server_does_not_matter(filled: Settings, tmp_path: Path) -> None:
    """Digests are over rows in the order of bytes, so a server that sorts otherwise finds the same."""
    asked(filled, "CREATE TABLE words (word text PRIMARY KEY); INSERT INTO words VALUES ('a'), ('B'), ('c'), ('É')")
    asked(filled, "CREATE TABLE loose (x int, y text); INSERT INTO loose VALUES (2, 'b'), (1, NULL), (1, 'a')")
    made = service(filled).create()
    # sha256 of "B\na\nc\nÉ\n" and of the rows of `loose` by the bytes of (1,), (1,a), (2,b)
    tables = made.manifest.contents.tables
    assert tables["public.words"].rows == 4
    assert tables["public.words"].digest == "1bf0011d4030e54a07742fa7d4ee481fe1261944b99a0ddd91656148d307108f"
    assert tables["public.loose"].digest == "fa8a0080d9a6f5b0699b65b8bdec913df55702fc518e1f616de538a4c037536d"


def test_old_programs_are_refused_before_anything_is_written(filled: Settings, tmp_path: Path) -> None:
    """pg_dump of an older version than the server's."""
    for name in ("pg_dump", "pg_restore", "psql"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 9.6.1'\n")
        (tmp_path / name).chmod(0o755)
    url = filled.database.url.get_secret_value()
    old = with_backups({"DB_TYPE": "postgresql", "DB_URL": url}, tmp_path / "backups", pg_bin_dir=tmp_path)
    with pytest.raises(BackupError, match="has version 9, but"):
        service(old).create()
    assert service(old).all() == []


def test_password_is_on_no_command_line(filled: Settings, tmp_path: Path) -> None:
    """The programs get it by their environment; here each of them notes what it was called with."""
    for name in ("pg_dump", "pg_restore", "psql"):
        script = f'#!/bin/sh\necho "$0 $@" >> {tmp_path}/calls\nexec {programs()}/{name} "$@"\n'
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    url = make_url(filled.database.url.get_secret_value()).set(password="s3cret-word")
    variables = {"DB_TYPE": "postgresql", "DB_URL": url.render_as_string(hide_password=False)}
    backups = service(with_backups(variables, tmp_path / "backups", pg_bin_dir=tmp_path))
    made = backups.create()
    backups.verify(made)
    calls = (tmp_path / "calls").read_text()
    assert [calls.count(f"/{name} ") for name in ("pg_dump", "pg_restore", "psql")] == [
        3,
        1,
        1,
    ]  # twice for the version
    assert "s3cret" not in calls + (made.path / "manifest.json").read_text()


def test_programs_log_in_with_any_password(tmp_path: Path) -> None:
    """A server that lets nobody in without one, and a password of signs and other letters."""
    password = "p@ss:w/rd% 'пароль\\ "
    server = PostgresServer(password)
    server.start()
    try:
        known = {"DB_TYPE": "postgresql", "DB_HOST": "127.0.0.1", "DB_PORT": str(server.port), "DB_NAME": "postgres"}
        settings = with_backups({**known, "DB_USER": "postgres", "DB_PASSWORD": password}, tmp_path / "backups")
        fill(settings)
        backups = service(settings)
        assert backups.verify(backups.create()).problems == []
    finally:
        server.stop()


def test_server_that_is_away_is_told(tmp_path: Path) -> None:
    """In the words of every other command; no folder is left."""
    settings = with_backups({"DB_TYPE": "postgresql", "DB_HOST": "127.0.0.1", "DB_PORT": "1"}, tmp_path / "backups")
    with pytest.raises(StorageError, match="does not answer"):
        service(settings).create()
    assert service(settings).all() == []
