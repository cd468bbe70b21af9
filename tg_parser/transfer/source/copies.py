"""Copies a SQLite file as of one moment, and removes copies that a killed process left behind."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import structlog

from tg_parser.domain.errors import StorageError
from tg_parser.storage.engine.locks import try_lock

log = structlog.get_logger(__name__)

PREFIX = "tg-parser-snapshot-"
SECONDS_TO_CLAIM = 60
_CLAIM = ".claimed"
"""Locked while its folder is in use: the system releases the lock when the process dies, however it dies."""


@contextmanager
def copied(path: Path) -> Iterator[Path]:
    """A copy in the folder for temporary files, for the length of the block. Raises StorageError if space is short."""
    _remove_abandoned(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, ExitStack() as claim:
        folder = Path(name)
        try_lock(folder / _CLAIM, claim)
        if shutil.disk_usage(folder).free < path.stat().st_size * 1.1:
            raise StorageError(
                f"There is no space in {folder.parent} for a copy of {path}.",
                "Set TMPDIR to a folder with enough space, or switch the file to WAL (PRAGMA journal_mode = WAL).",
            )
        log.info("copying a file that is not in WAL mode, so that its writers do not have to wait", file=str(path))
        try:
            _copy(path, folder / path.name)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            _recover(path, folder / path.name)
        yield folder / path.name


def _recover(path: Path, copy: Path) -> None:
    """Copy a file whose writer died within a transaction, and roll that back in the copy; the file stays as it is."""
    log.info("a transaction was interrupted here; it is rolled back in the copy", file=str(path))
    journal = path.with_name(f"{path.name}-journal")
    before = _state(path), _state(journal)
    shutil.copyfile(path, copy)
    shutil.copyfile(journal, copy.with_name(f"{copy.name}-journal"))
    if before != (_state(path), _state(journal)):
        raise StorageError(f"{path} was written to while it was copied.", "Run the same command again.")
    with ExitStack() as closing:
        recovered = sqlite3.connect(copy)
        closing.callback(recovered.close)
        recovered.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _state(path: Path) -> tuple[int, int]:
    return path.stat().st_size, path.stat().st_mtime_ns


def _copy(path: Path, copy: Path) -> None:
    with ExitStack() as closing:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        closing.callback(source.close)
        target = sqlite3.connect(copy)
        closing.callback(target.close)
        source.backup(target)


def _remove_abandoned(place: Path) -> None:
    for folder in place.glob(f"{PREFIX}*"):
        # One that disappears at this very moment need not be removed.
        with suppress(FileNotFoundError):
            _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    found = folder.stat()
    # A new folder may not be locked yet.
    if found.st_uid != _own_user(found.st_uid) or time.time() - found.st_mtime < SECONDS_TO_CLAIM:
        return
    with ExitStack() as claim:
        abandoned = try_lock(folder / _CLAIM, claim)
    if abandoned:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        log.debug("a copy that another process is making", folder=str(folder))


def _own_user(otherwise: int) -> int:
    """The user id of this process; Windows has none, but there the folder is the user's own."""
    return os.getuid() if hasattr(os, "getuid") else otherwise
