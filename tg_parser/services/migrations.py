"""Copies the data of SQLite files into the open databases, and undoes that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tg_parser.domain.progress import ReportProgress, silent
from tg_parser.storage.engine.databases import Databases
from tg_parser.transfer.migration import MigrationOptions, MigrationReport, migrate, rollback
from tg_parser.transfer.report import TableReport

__all__ = ["MigrationOptions", "MigrationReport", "MigrationService", "TableReport"]


class MigrationService:
    """Runs migrations into one target."""

    def __init__(self, target: Databases) -> None:
        self._target = target

    async def migrate(self, folder: Path, options: MigrationOptions, tell: ReportProgress = silent) -> MigrationReport:
        """Migrate the SQLite files of `folder`. Raises StorageError, UsageError, BusyError."""
        return await migrate(self._target, folder, options, tell)

    async def rollback(self, run_id: str) -> Mapping[str, int]:
        """Undo a run; return the number of removed rows by table. Raises UsageError for an unknown run."""
        return await rollback(self._target, run_id)
