"""What backups ask of a backend: SQLite's files or PostgreSQL."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple, Protocol

from tg_parser.backup.manifest import Backend, Contents
from tg_parser.backup.work import Work


class Dumped(NamedTuple):
    """What was written of one moment; `dump_version` is that of pg_dump, 0 for SQLite."""

    contents: Contents
    dump_version: int = 0


class BackupBackend(Protocol):
    """The databases that the settings name, from a thread. Every method raises StorageError or BackupError."""

    name: Backend

    @property
    def origin(self) -> str:
        """Where they are, in words, without any secret."""
        ...

    def dump(self, folder: Path, work: Work) -> Dumped:
        """Write their state into `folder` while others go on writing."""
        ...

    def rehearsed(self, folder: Path, work: Work) -> contextlib.AbstractContextManager[Contents]:
        """Bring `folder` back in a place of its own, which is removed after the block, and look at what is there."""
        ...

    def holdings(self, work: Work) -> list[str]:
        """What a restore would remove, in words; empty where there is nothing."""
        ...

    def restore(self, folder: Path, work: Work) -> Contents:
        """Replace everything by what is in `folder`. Raises BusyError while others use the databases."""
        ...
