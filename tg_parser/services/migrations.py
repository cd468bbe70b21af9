"""Migrations: the data of SQLite files into the databases that are open, and back out again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tg_parser.domain.progress import ReportProgress, silent
from tg_parser.storage.engine.databases import Databases
from tg_parser.transfer.migration import MigrationOptions, MigrationReport, migrate, rollback
from tg_parser.transfer.report import TableReport

__all__ = ["MigrationOptions", "MigrationReport", "MigrationService", "TableReport"]


class MigrationService:
    """Migrations into one target."""

    def __init__(self, target: Databases) -> None:
        self._target = target

    async def migrate(self, folder: Path, options: MigrationOptions, tell: ReportProgress = silent) -> MigrationReport:
        """Bring the SQLite files of `folder` in. Raises StorageError, UsageError, BusyError."""
        return await migrate(self._target, folder, options, tell)

    async def rollback(self, run_id: str) -> Mapping[str, int]:
        """Take a run back out; the rows that were removed, by table. Raises UsageError for an unknown one."""
        return await rollback(self._target, run_id)
