"""Errors of databases, backups, archives and files."""

from __future__ import annotations

from tg_parser.domain.errors.base import TgParserError


class StorageError(TgParserError):
    """A database cannot be used in its current state."""

    code = "storage"
    stops_run = True


class StorageUnavailableError(StorageError):
    """A database does not respond at the moment; a retry may work."""

    code = "storage_unavailable"
    retryable = True


class SchemaMismatchError(StorageError):
    """The schema of a database is older or newer than this version expects."""

    code = "schema_mismatch"


class BackupError(TgParserError):
    """A backup cannot be made, trusted or restored."""

    code = "backup"


class BusyError(TgParserError):
    """Another process is already doing this work."""

    code = "busy"
    retryable = True


class OutputError(TgParserError):
    """A file or folder cannot be written."""

    code = "output"


class ArchiveError(TgParserError):
    """An archive of the agents' history cannot be written or has unexpected content; nothing was deleted."""

    code = "archive"
