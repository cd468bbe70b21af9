"""Builds backups without an open application, so that they work if the databases are damaged or missing."""

from __future__ import annotations

from tg_parser.backup.choice import backup_backend
from tg_parser.backup.directory import BackupDirectory
from tg_parser.backup.retention import Retention
from tg_parser.config.settings import Settings
from tg_parser.services.backups import BackupService
from tg_parser.services.databases import DatabaseService
from tg_parser.storage.engine.databases import open_databases


def backup_service(settings: Settings) -> BackupService:
    """Return a service for backups of the databases in `settings`."""
    kept = settings.backup
    return BackupService(
        BackupDirectory(kept.dir),
        lambda: backup_backend(settings),
        Retention(kept.keep_daily, kept.keep_weekly, kept.keep_monthly),
        lambda: _upgrade(settings),
    )


async def _upgrade(settings: Settings) -> None:
    async with open_databases(settings, prepare=False) as databases:
        await DatabaseService(databases.all).upgrade("all")
