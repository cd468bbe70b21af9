"""The one place that knows which backend the settings name for backups."""

from __future__ import annotations

from tg_parser.config.settings import Settings
from tg_parser.storage.backup_backend import BackupBackend
from tg_parser.storage.backup_postgres import PostgresBackups
from tg_parser.storage.backup_sqlite import SqliteBackups


def backup_backend(settings: Settings) -> BackupBackend:
    """The databases of the settings. Raises SettingsError, BackupError."""
    if settings.database.type == "postgresql":
        return PostgresBackups(settings.database, settings.backup)
    return SqliteBackups(settings.database)
