"""The source of a migration: three SQLite files, read-only, as of one moment, while others may be writing to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tg_parser.storage.engine.sqlite_files import (
    SourceFile,
    describe,
    existing_files,
    fingerprint,
    translate_file_errors,
    uses_wal,
    wal_of,
)
from tg_parser.storage.engine.sqlite_names import quoted
from tg_parser.storage.tables import DatabaseName
from tg_parser.transfer.source.copies import copied

CHUNK_ROWS = 100
"""Rows checked together; payloads may have 256 KiB each, so more rows would take much memory."""
LOWEST = -(2**63)

# Documents come after their messages and cursors after theirs, so they are read at the earlier moment.
_ORDER: tuple[DatabaseName, ...] = ("processing", "ingestion", "raw")

SqliteRow = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The attached files, each under the name of its database, within one read transaction."""

    connection: sqlite3.Connection
    files: Mapping[DatabaseName, SourceFile] = field(default_factory=dict)

    def chunks(self, select: str, after: int = LOWEST, upto: int = 2**63 - 1) -> Iterator[list[SqliteRow]]:
        """The rows of `select` with a rowid in (after, upto], in order; the rowid is their last value.

        Text that is not UTF-8 contains lone surrogates, Python's usual way.
        """
        try:
            for rows in self._fetch(select, after, upto):
                yield rows
                after = rows[-1][-1]
        except sqlite3.OperationalError as error:
            if "decode" not in str(error).lower():
                raise
            self.connection.text_factory = _lenient
            try:
                yield from self._fetch(select, after, upto)
            finally:
                self.connection.text_factory = str

    def count(self, database: str, table: str, after: int | None = None, upto: int | None = None) -> int:
        """The number of rows of a table, in total or with a rowid in (after, upto]."""
        within = "" if after is None else f" WHERE rowid > {after} AND rowid <= {upto}"
        return int(self.connection.execute(f"SELECT count(*) FROM {database}.{quoted(table)}{within}").fetchone()[0])

    def has(self, table: str, column: str, value: str) -> bool:
        """Whether there is a row with this key."""
        found = self.connection.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (value,))
        return found.fetchone() is not None

    def original(self, database: str, table: str, rowid: int) -> dict[str, Any]:
        """A row as stored, every text as bytes."""
        usual, self.connection.text_factory = self.connection.text_factory, _marked
        try:
            cursor = self.connection.execute(f"SELECT * FROM {database}.{quoted(table)} WHERE rowid = ?", (rowid,))
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchone(), strict=True))
        finally:
            self.connection.text_factory = usual

    def _fetch(self, select: str, after: int, upto: int) -> Iterator[list[SqliteRow]]:
        cursor = self.connection.execute(f"{select} WHERE t.rowid > ? AND t.rowid <= ? ORDER BY t.rowid", (after, upto))
        while rows := cursor.fetchmany(CHUNK_ROWS):
            yield rows


class TextBytes(bytes):
    """The bytes of a text value, to tell it from a binary value."""

    __slots__ = ()


@contextmanager
def open_snapshot(folder: Path) -> Iterator[Snapshot]:
    """Open the files of `folder` for reading and hold their present state. Raises StorageError."""
    paths = existing_files(folder)
    with ExitStack() as stack:
        # SQLite stops using a log when the connection closes; the folder is cleaned up after that.
        logless = [path for path in paths.values() if not wal_of(path).exists()]
        stack.callback(_tidy, logless)
        connection = sqlite3.connect("file::memory:", uri=True, isolation_level=None)
        stack.callback(connection.close)
        connection.execute("PRAGMA temp_store = FILE")
        marks = {}
        for name in (each for each in _ORDER if each in paths):
            with translate_file_errors(paths[name]):
                marks[name] = fingerprint(paths[name])
                _attach(connection, name, paths[name])
        for name in (each for each in _ORDER if each not in paths):
            connection.execute(f"ATTACH DATABASE ':memory:' AS {name}")
        connection.execute("BEGIN")
        files = {}
        for name, mark in marks.items():
            with translate_file_errors(paths[name]):
                files[name] = describe(connection, name, paths[name], mark)
        yield Snapshot(connection, files)


def _attach(connection: sqlite3.Connection, name: str, path: Path) -> None:
    attach = f"ATTACH DATABASE ? AS {name}"
    if uses_wal(path) or path.stat().st_size == 0:
        connection.execute(attach, (f"{path.absolute().as_uri()}?mode=ro",))
        return
    # With the old journal mode, a reader of minutes would keep the writers waiting, so a copy is read. It is
    # unlinked once it is open: whatever happens to this process, it takes no space for longer.
    with copied(path) as copy:
        connection.execute(attach, (f"{copy.as_uri()}?immutable=1",))


def _tidy(paths: list[Path]) -> None:
    """Let SQLite remove the empty logs that reading has created; those in use stay."""
    for path in paths:
        wal = wal_of(path)
        if wal.exists() and wal.stat().st_size == 0:
            sqlite3.connect(path).execute("PRAGMA user_version").connection.close()


def _lenient(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def _marked(data: bytes) -> TextBytes:
    return TextBytes(data)
