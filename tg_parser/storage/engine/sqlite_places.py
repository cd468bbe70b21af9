"""Checks what lies where the SQLite files should be before anything opens them, without writing anything.

Files of the earlier version must stay byte for byte as they are, and a new file beside two old ones would look like
lost data.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path

from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import SchemaMismatchError, StorageError
from tg_parser.storage.engine.engine_factory import sqlite_path
from tg_parser.storage.engine.sqlite_files import (
    MAGIC,
    Tables,
    is_of_the_earlier_version,
    tables_in,
    wal_of,
)
from tg_parser.storage.tables import DATABASES, DatabaseName

Paths = Mapping[DatabaseName, Path]


def require_fit_places(settings: Settings, *, begin: bool = True) -> None:
    """Refuse files that are not ours or incomplete; with `begin`, there may be none yet. Raises StorageError."""
    paths = {name: sqlite_path(settings.database, name) for name in DATABASES}
    require_none_of_the_earlier_version(paths)
    # In this order: a process starting here at the same moment creates all three before it fills the first.
    there = [path for path in paths.values() if _is_database(path)]
    missing = [path for path in paths.values() if not path.exists()]
    if missing and there:
        raise StorageError(
            f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} missing beside {_listed(there)}.",
            case="files_missing",
        )
    if not there and not begin and settings.home.model_fields_set:
        raise StorageError(
            f"No databases of TG_parser were found: looked for {_listed(paths.values())}.",
            case="no_databases",
        )


def there_are_files(settings: DatabaseSettings) -> bool:
    """Whether any of the three files exists."""
    return any(sqlite_path(settings, name).exists() for name in DATABASES)


def require_none_of_the_earlier_version(paths: Paths) -> None:
    """Raises SchemaMismatchError if a file was written by TG_parser 3.0."""
    earlier = [path for name, path in paths.items() if is_earlier(name, path)]
    if not earlier:
        return
    folder = earlier[0].parent if earlier[0].parent.name else earlier[0].parent.absolute()
    raise SchemaMismatchError(
        f"{_listed(earlier)} {'is' if len(earlier) == 1 else 'are'} of an earlier version of TG_parser; nothing in"
        " there was touched.",
        case="earlier_version",
        folder=str(folder),
        new_folder=str(folder.with_name(folder.name + "-new")),
    )


def is_earlier(name: DatabaseName, path: Path) -> bool:
    """Whether `path` is a file of TG_parser 3.0; an unreadable one is left to whoever opens it."""
    if not _holds_something(path):
        return False
    try:
        return is_of_the_earlier_version(name, _tables_of(path))
    except (sqlite3.Error, OSError):
        return False


def _tables_of(path: Path) -> Tables:
    tables = _seen(path)
    wal = wal_of(path)
    if tables or not wal.exists() or not wal.stat().st_size:
        return tables
    # Everything may still be in the log, and reading that in its place would leave traces.
    with tempfile.TemporaryDirectory(prefix="tg-parser-look-") as scratch:
        copy = Path(scratch) / path.name
        shutil.copy(path, copy)
        shutil.copy(wal, wal_of(copy))
        with closing(sqlite3.connect(copy)) as connection:
            return tables_in(connection, "main")


def _seen(path: Path) -> Tables:
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        return tables_in(connection, "main")


def _holds_something(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _is_database(path: Path) -> bool:
    if not _holds_something(path):
        return False
    with suppress(OSError), path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
    return True


def _listed(paths: Iterable[Path]) -> str:
    """The paths in words, grouped by folder."""
    by_folder: dict[Path, list[str]] = {}
    for path in paths:
        by_folder.setdefault(path.absolute().parent, []).append(path.name)
    return "; ".join(f"{', '.join(names)} in {os.fspath(folder)}" for folder, names in by_folder.items())
