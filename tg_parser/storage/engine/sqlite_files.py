"""The SQLite files of a folder: which exist, which version wrote them, and whether they have changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tg_parser.domain.errors import SchemaMismatchError, StorageError
from tg_parser.storage.engine.faults import translate
from tg_parser.storage.engine.migrator import known_revisions, version_table
from tg_parser.storage.tables import METADATA, DatabaseName

FILE_NAMES: dict[DatabaseName, str] = {
    "ingestion": "ingestion_state.sqlite",
    "raw": "raw_storage.sqlite",
    "processing": "processing_storage.sqlite",
}
Format = Literal["present", "legacy A", "legacy B", "empty"]

MAGIC = b"SQLite format 3\x00"
_WAL_MARK = 2
_PRESENT = {
    "ingestion": ("ingestion_state", "source_id"),
    "raw": ("raw_messages", "revision"),
    "processing": ("processed_documents", "message_date"),
}
_LEGACY = {
    "ingestion": ("sources", "source_id"),
    "raw": ("raw_messages", "source_ref"),
    "processing": ("processed_documents", "source_ref"),
}

Tables = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the source with its tables and their columns. `fingerprint` changes with every write to it."""

    database: DatabaseName
    path: Path
    format: Format
    tables: Tables
    fingerprint: str


def existing_files(folder: Path) -> dict[DatabaseName, Path]:
    """The files that exist. Raises StorageError if one is not a SQLite file or there are none."""
    if not folder.is_dir():
        raise StorageError(f"{folder} is not a folder.", "Give the folder that contains the SQLite files.")
    found = {name: folder / file for name, file in FILE_NAMES.items() if (folder / file).exists()}
    if not found:
        raise StorageError(
            f"{folder} contains none of {', '.join(FILE_NAMES.values())}.", "Give the folder that contains them."
        )
    for path in found.values():
        _require_sqlite(path)
    return found


def uses_wal(path: Path) -> bool:
    """Whether readers of the file do not block its writers."""
    with path.open("rb") as file:
        return file.read(20)[18:19] == bytes([_WAL_MARK])


def fingerprint(path: Path) -> str:
    """A text that changes with every write to the file or to its log."""
    wal = wal_of(path)
    parts = [path] + ([wal] if wal.exists() and wal.stat().st_size else [])
    return " ".join(f"{part.stat().st_size}:{part.stat().st_mtime_ns}" for part in parts)


def wal_of(path: Path) -> Path:
    """The write-ahead log beside a file."""
    return path.with_name(f"{path.name}-wal")


def describe(connection: sqlite3.Connection, database: DatabaseName, path: Path, mark: str) -> SourceFile:
    """Recognise an attached file by its tables. Raises StorageError if it is not ours."""
    tables = tables_in(connection, database)
    return SourceFile(database, path, _format(connection, database, path, tables), tables, mark)


@contextmanager
def translate_file_errors(path: Path) -> Iterator[None]:
    """Turns errors of SQLite and the file system into messages for a person."""
    try:
        yield
    except sqlite3.Error as error:
        known = translate(error, f"Database file {path}")
        raise known or StorageError(f"Database file {path} cannot be read: {error}.", "Check the file.") from error
    except OSError as error:
        raise StorageError(
            f"Database file {path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error


def _require_sqlite(path: Path) -> None:
    with translate_file_errors(path):
        if path.stat().st_size == 0:
            return
        with path.open("rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                return
    raise StorageError(f"{path} is not a SQLite database.", "Move that file away, or give another folder.")


def tables_in(connection: sqlite3.Connection, database: str) -> Tables:
    """The tables of an attached file with their columns."""
    names = connection.execute(
        f"SELECT name FROM {database}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    columns = f"SELECT name FROM pragma_table_info(?, '{database}')"
    return {name: [column for (column,) in connection.execute(columns, (name,))] for (name,) in names}


def _format(connection: sqlite3.Connection, database: DatabaseName, path: Path, tables: Tables) -> Format:
    if not tables:
        return "empty"
    versioned = version_table(database) in tables
    table, column = _PRESENT[database]
    if column in tables.get(table, ()):
        if versioned:
            _require_known(connection, database, path)
        return "present"
    if is_of_the_earlier_version(database, tables):
        return "legacy B" if versioned else "legacy A"
    raise StorageError(f"{path} is a SQLite file, but not one of TG_parser.", "Move it away, or give another folder.")


_SHARED = frozenset({
    "comment_cursors", "source_attempts", "processing_failures", "task_history", "agent_stats", "handoff_history",
})  # fmt: skip
"""Tables that have the same name in the earlier version and in this one."""


def is_of_the_earlier_version(database: DatabaseName, tables: Tables) -> bool:
    """Whether a file with these tables and columns was written by TG_parser 3.0."""
    table, column = _PRESENT[database]
    if column in tables.get(table, ()):
        return False
    table, column = _LEGACY[database]
    return column in tables.get(table, ()) and not set(tables) & (set(METADATA[database].tables) - {table, *_SHARED})


def _require_known(connection: sqlite3.Connection, database: DatabaseName, path: Path) -> None:
    rows = connection.execute(f"SELECT version_num FROM {database}.{version_table(database)}").fetchall()
    unknown = {revision for (revision,) in rows} - set(known_revisions(database))
    if unknown:
        raise SchemaMismatchError(
            f"{path} was written by a newer version of TG_parser (revision {', '.join(sorted(unknown))}).",
            "Migrate with that version or a newer one.",
        )
