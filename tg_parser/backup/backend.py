"""What backups need from a backend: SQLite's files or PostgreSQL."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple, Protocol

from tg_parser.backup.manifest import Backend, Contents
from tg_parser.backup.thread import BackupThread


class Dumped(NamedTuple):
    """The written data, consistent as of one moment; `dump_version` is that of pg_dump, 0 for SQLite."""

    contents: Contents
    dump_version: int = 0


class BackupBackend(Protocol):
    """The databases of the settings, used from a thread. Every method raises StorageError or BackupError."""

    name: Backend

    @property
    def origin(self) -> str:
        """Where the databases are, in words, without secrets."""
        ...

    def dump(self, folder: Path, thread: BackupThread) -> Dumped:
        """Write their state into `folder` while other processes keep writing."""
        ...

    def rehearsed(self, folder: Path, thread: BackupThread) -> contextlib.AbstractContextManager[Contents]:
        """Restore `folder` to a temporary place, removed after the block, and read what is there."""
        ...

    def holdings(self, thread: BackupThread) -> list[str]:
        """What a restore would remove, in words; empty if there is nothing."""
        ...

    def restore(self, folder: Path, thread: BackupThread) -> Contents:
        """Replace everything with the contents of `folder`. Raises BusyError while others use the databases."""
        ...
