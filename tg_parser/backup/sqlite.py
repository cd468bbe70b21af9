"""Backs up the SQLite files: pages are copied within one read transaction and restored within one write transaction."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from tg_parser.backup.backend import Dumped
from tg_parser.backup.manifest import Backend, Contents, TableFacts
from tg_parser.backup.thread import BackupThread
from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.domain.errors import BackupError, BusyError
from tg_parser.domain.progress import Progress
from tg_parser.storage.engine.engine_factory import prepare_file, sqlite_path
from tg_parser.storage.engine.faults import translate_db_errors
from tg_parser.storage.engine.migrator import version_table
from tg_parser.storage.engine.sqlite_names import quoted
from tg_parser.storage.engine.sqlite_places import require_none_of_the_earlier_version
from tg_parser.storage.tables import DATABASES, DatabaseName
from tg_parser.storage.tables.processing import SEARCH_WORDS

FILES: dict[DatabaseName, str] = {
    "ingestion": "ingestion_state.sqlite",
    "raw": "raw_storage.sqlite",
    "processing": "processing_storage.sqlite",
}
PAGES_TOGETHER = 2000
ROWS_TOGETHER = 20_000
PATIENCE_SECONDS = 5.0
"""How long a restore waits for others to leave a file."""

# Documents come after their messages and cursors after theirs, so they are read at the earlier moment. Restored
# in the same order, an interrupted restore leaves messages to be processed or fetched again, and nothing worse.
_ORDER: tuple[DatabaseName, ...] = ("processing", "ingestion", "raw")
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Paths = Mapping[DatabaseName, Path]


class SqliteBackups:
    """The three files of the settings."""

    name: Backend = "sqlite"

    def __init__(self, settings: DatabaseSettings) -> None:
        self._paths: Paths = {name: sqlite_path(settings, name) for name in DATABASES}

    @property
    def origin(self) -> str:
        """The file of the messages."""
        return f"Database file {self._paths['raw'].absolute()}"

    def dump(self, folder: Path, thread: BackupThread) -> Dumped:
        """Copy every file as of one moment."""
        require_none_of_the_earlier_version(self._paths)
        copies = _in_folder(folder)
        with ExitStack() as stack:
            sources = {name: stack.enter_context(_snapshot(self._paths[name], thread)) for name in _ORDER}
            for name, source in sources.items():
                with translate_db_errors(_words(copies[name])), _opened(copies[name], "rwc", thread) as copy:
                    copies[name].chmod(0o600)
                    _copy(source, copy, name, thread)
                    _check_pages(copy, self._paths[name])
        return Dumped(_contents(copies, thread))

    @contextlib.contextmanager
    def rehearsed(self, folder: Path, thread: BackupThread) -> Iterator[Contents]:
        """The contents of copies in a temporary folder."""
        with tempfile.TemporaryDirectory(prefix="tg-parser-verify-") as scratch:
            copies = _in_folder(Path(scratch))
            for name, path in _in_folder(folder).items():
                with (
                    translate_db_errors(_words(copies[name])),
                    _opened(path, "ro", thread) as source,
                    _opened(copies[name], "rwc", thread) as copy,
                ):
                    _copy(source, copy, name, thread)
                    _check_pages(copy, path)
            yield _contents(copies, thread)

    def holdings(self, thread: BackupThread) -> list[str]:
        """Tables that have rows, and files that are damaged."""
        require_none_of_the_earlier_version(self._paths)
        return [line for name, path in self._paths.items() if path.exists() for line in _holdings(name, path, thread)]

    def restore(self, folder: Path, thread: BackupThread) -> Contents:
        """Write the pages into the files, each in one transaction, while no other process has any of them open."""
        require_none_of_the_earlier_version(self._paths)
        with ExitStack() as stack:
            targets = {name: stack.enter_context(_alone(self._paths[name], thread)) for name in _ORDER}
            for name, target in targets.items():
                path = folder / FILES[name]
                with translate_db_errors(_words(self._paths[name])), _opened(path, "ro", thread) as source:
                    _copy(source, target, name, thread)
        return _contents(self._paths, thread)


@contextlib.contextmanager
def _opened(path: Path, mode: str, thread: BackupThread) -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE_SECONDS)
    with contextlib.closing(connection), thread.stopped_by(connection.interrupt):
        yield connection


@contextlib.contextmanager
def _snapshot(path: Path, thread: BackupThread) -> Iterator[sqlite3.Connection]:
    """The file at one moment: a read transaction is open, so writers go on and the copy need not start over."""
    if not path.exists():
        raise BackupError(f"{_words(path)} does not exist.", case="no_file_to_back_up", path=str(path))
    # Opened for writing, because only a writer can clean up after a killed process.
    with translate_db_errors(_words(path)), _opened(path, "rw", thread) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        yield connection


@contextlib.contextmanager
def _alone(path: Path, thread: BackupThread) -> Iterator[sqlite3.Connection]:
    """The file, with all other processes kept out until the end of the block."""
    prepare_file(path)
    with ExitStack() as stack:
        connection = stack.enter_context(_opened(path, "rw", thread))
        try:
            _claim(connection)
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_BUSY:
                raise BusyError(
                    f"{_words(path)} is in use by another process.", "Stop it, then restore again."
                ) from None
            if code not in _DAMAGED:
                with translate_db_errors(_words(path)):
                    raise
            connection.close()
            _make_anew(path)
            connection = stack.enter_context(_opened(path, "rw", thread))
            _claim(connection)
        yield connection


def _claim(connection: sqlite3.Connection) -> None:
    """Leave WAL mode, which SQLite allows only to the sole user of a file; the lock stays until it is closed."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _make_anew(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    prepare_file(path)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, name: str, thread: BackupThread) -> None:
    def progress(_status: int, remaining: int, total: int) -> None:
        thread.tell(Progress(f"pages of {name} copied", total - remaining, total))

    source.backup(target, pages=PAGES_TOGETHER, progress=progress)
    # Then one file is the whole database, even for a reader that may not write beside it.
    target.execute("PRAGMA journal_mode = DELETE").fetchone()


def _check_pages(connection: sqlite3.Connection, origin: Path) -> None:
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise BackupError(f"{_words(origin)} is damaged: {verdict}.", "Restore it from an intact backup.")


def _contents(paths: Paths, thread: BackupThread) -> Contents:
    schemas: dict[str, str] = {}
    tables: dict[str, TableFacts] = {}
    for name in DATABASES:
        with translate_db_errors(_words(paths[name])), _opened(paths[name], "ro", thread) as connection:
            schemas[name] = _revision(connection, name, paths[name])
            tables |= {f"{name}.{table}": _digest(connection, table, thread) for table in _tables(connection)}
    return Contents(schemas=schemas, tables=tables)


def _revision(connection: sqlite3.Connection, name: DatabaseName, path: Path) -> str:
    table = version_table(name)
    row = connection.execute(f"SELECT version_num FROM {table}").fetchone() if table in _tables(connection) else None
    if row is None:
        raise BackupError(f"{_words(path)} has no {name} schema of TG_parser.", "Check the *_DB_PATH variables.")
    return str(row[0])


def _tables(connection: sqlite3.Connection) -> list[str]:
    """The tables with rows of their own; the full-text index is copied with the pages, but has no rows to compare."""
    found = connection.execute(
        r"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name"
    )
    return [name for (name,) in found if not name.startswith(SEARCH_WORDS)]


def _digest(connection: sqlite3.Connection, table: str, thread: BackupThread) -> TableFacts:
    """The digest of the rows in file order: a copy of the pages keeps the row ids, and indexes are not trusted."""
    digest, rows = hashlib.sha256(), 0
    usual, connection.text_factory = connection.text_factory, bytes
    for row in connection.execute(f"SELECT * FROM {quoted(table)} ORDER BY rowid"):
        digest.update(repr(row).encode())
        rows += 1
        if rows % ROWS_TOGETHER == 0:
            thread.tell(Progress(f"rows of {table} compared", rows))
    connection.text_factory = usual
    return TableFacts(rows=rows, digest=digest.hexdigest())


def _holdings(name: DatabaseName, path: Path, thread: BackupThread) -> Iterator[str]:
    try:
        with _opened(path, "rw", thread) as connection:
            counts = {table: _count(connection, table) for table in _tables(connection)}
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            with translate_db_errors(_words(path)):
                raise
        yield f"{path} (damaged, {path.stat().st_size} bytes)"
    else:
        yield from (f"{name}.{table}: {rows} rows" for table, rows in counts.items() if rows)


def _count(connection: sqlite3.Connection, table: str) -> int:
    if table.startswith("alembic_version"):
        return 0
    return int(connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])


def _in_folder(folder: Path) -> Paths:
    return {name: folder / FILES[name] for name in _ORDER}


def _words(path: Path) -> str:
    return f"Database file {path}"
