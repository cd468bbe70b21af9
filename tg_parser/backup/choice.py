"""The one place that decides which backend is backed up."""

from __future__ import annotations

from tg_parser.backup.backend import BackupBackend
from tg_parser.backup.postgres import PostgresBackups
from tg_parser.backup.sqlite import SqliteBackups
from tg_parser.config.settings import Settings


def backup_backend(settings: Settings) -> BackupBackend:
    """The databases of the settings. Raises SettingsError, BackupError."""
    if settings.database.type == "postgresql":
        return PostgresBackups(settings.database, settings.backup)
    return SqliteBackups(settings.database)
