"""Backs up PostgreSQL: pg_dump of one exported snapshot, restored through psql in one transaction."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import stamina
from psycopg import sql
from pydantic import SecretStr

from tg_parser.backup.backend import Dumped
from tg_parser.backup.manifest import Backend, Contents, read_manifest
from tg_parser.backup.postgres_contents import MIB, Connection, contents, holdings, tables
from tg_parser.backup.postgres_login import Login, login
from tg_parser.backup.postgres_replay import emptied, replay
from tg_parser.backup.postgres_tools import Tools, find_tools, started
from tg_parser.backup.thread import BackupThread
from tg_parser.config.backup_settings import BackupSettings
from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.domain.errors import BackupError, BusyError
from tg_parser.domain.progress import Progress
from tg_parser.storage.engine.postgres_address import APPLICATION_NAME

DUMP = "database.dump"
_SCRATCH_PREFIX = "tg_parser_verify_"
SECONDS_BETWEEN_LOOKS = 0.5
SESSION_ENDS_WITHIN = 2.0


class PostgresBackups:
    """The PostgreSQL database of the settings."""

    name: Backend = "postgresql"

    def __init__(self, database: DatabaseSettings, backup: BackupSettings) -> None:
        self._database = database
        self._backup = backup
        self._login = login(database)

    @property
    def origin(self) -> str:
        """The database and its server."""
        return self._login.place

    def dump(self, folder: Path, thread: BackupThread) -> Dumped:
        """pg_dump and the digests see the same snapshot while other processes keep writing."""
        with self._login.connection(thread) as connection:
            tools = find_tools(self._backup.pg_bin_dir, _version(connection))
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
            self._pg_dump(tools, str(snapshot), folder / DUMP, thread)
            return Dumped(contents(connection, self.origin, thread), tools.version)

    @contextlib.contextmanager
    def rehearsed(self, folder: Path, thread: BackupThread) -> Iterator[Contents]:
        """The contents of a scratch database."""
        with self._scratch(thread) as scratch, scratch.connection(thread) as connection:
            replay(self._tools(connection, folder), scratch, folder / DUMP, _version(connection), thread)
            yield contents(connection, scratch.place, thread)

    def holdings(self, thread: BackupThread) -> list[str]:
        """The tables that have rows."""
        with self._login.connection(thread) as connection:
            return holdings(connection)

    def restore(self, folder: Path, thread: BackupThread) -> Contents:
        """Replace everything by the dump, in one transaction."""
        with self._login.connection(thread) as connection:
            _refuse_others(connection, self.origin)
            replay(self._tools(connection, folder), self._login, folder / DUMP, _version(connection), thread)
            return contents(connection, self.origin, thread)

    def _pg_dump(self, tools: Tools, snapshot: str, path: Path, thread: BackupThread) -> None:
        path.touch(0o600)
        arguments = ["--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={path}"]
        if self._login.lock_timeout:
            arguments.append(f"--lock-wait-timeout={self._login.lock_timeout * 1000}")
        arguments.append(f"--dbname={self._login.argument()}")
        with started(tools, "pg_dump", arguments, self._login.environment(), thread) as running:
            while not running.has_ended(within=SECONDS_BETWEEN_LOOKS):
                thread.tell(Progress("MiB dumped", path.stat().st_size // MIB))
            running.check(f"{self.origin} could not be dumped", _HINT)

    def _tools(self, connection: Connection, folder: Path) -> Tools:
        return find_tools(self._backup.pg_bin_dir, max(_version(connection), read_manifest(folder).dump_version))

    @contextlib.contextmanager
    def _scratch(self, thread: BackupThread) -> Iterator[Login]:
        if self._backup.scratch_url is None:
            with self._new_database(thread) as scratch:
                yield scratch
        else:
            with _given_database(login(_at(self._database, self._backup.scratch_url)), thread) as scratch:
                yield scratch

    @contextlib.contextmanager
    def _new_database(self, thread: BackupThread) -> Iterator[Login]:
        with self._login.connection(thread) as connection:
            name = f"{scratch_prefix(connection)}{uuid.uuid4().hex}"
            try:
                connection.execute(_CREATE.format(sql.Identifier(name)))
            except psycopg.errors.InsufficientPrivilege:
                raise BackupError(
                    f"{self.origin}: the role may not create a scratch database.",
                    "Run ALTER ROLE … CREATEDB, or give an empty database with --scratch-url or BACKUP_SCRATCH_URL.",
                ) from None
        try:
            yield self._login.into(name)
        finally:
            with self._login.connection() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def scratch_prefix(connection: Connection) -> str:
    """What the names of its scratch databases begin with; other databases of the server have theirs."""
    row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
    return f"{_SCRATCH_PREFIX}{row[0] if row else 0}_"


@contextlib.contextmanager
def _given_database(scratch: Login, thread: BackupThread) -> Iterator[Login]:
    with scratch.connection(thread) as connection:
        if tables(connection):
            raise BackupError(f"{scratch.place} is not empty.", "Give an empty database as the scratch database.")
    try:
        yield scratch
    finally:
        emptied(scratch)


def _at(database: DatabaseSettings, url: SecretStr) -> DatabaseSettings:
    """The scratch database's own password is used, if it has one."""
    given = database.model_copy(update={"url": url, "password": SecretStr("")})
    return given if login(given).parameters.get("password") else database.model_copy(update={"url": url})


def _version(connection: Connection) -> int:
    return connection.info.server_version // 10_000


@stamina.retry(
    on=BusyError, attempts=None, timeout=SESSION_ENDS_WITHIN, wait_initial=0.05, wait_max=0.25, wait_jitter=0
)
def _refuse_others(connection: Connection, place: str) -> None:
    # A session that was closed a moment ago is listed until its server process has ended.
    others = [name for (name,) in connection.execute(_OTHERS_SQL, [f"{APPLICATION_NAME}%"])]
    if others:
        raise BusyError(f"{place} is in use: {', '.join(others)}.", "Stop them, then restore again.")


_HINT = "Check that the role may read every table, and that the disk has room."
_CREATE = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
_OTHERS_SQL = """
SELECT application_name || ' (server process ' || pid || ')' FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE %s
ORDER BY pid
"""
