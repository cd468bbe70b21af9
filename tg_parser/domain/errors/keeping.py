"""Databases, backups, archives and files."""

from __future__ import annotations

from tg_parser.domain.errors.base import TgParserError


class StorageError(TgParserError):
    """A database that cannot be used as it is."""

    code = "storage"
    stops_run = True


class StorageUnavailableError(StorageError):
    """A database that does not answer at the moment; a later try may work."""

    code = "storage_unavailable"
    retryable = True


class SchemaMismatchError(StorageError):
    """A database whose schema is older or newer than this version expects."""

    code = "schema_mismatch"


class BackupError(TgParserError):
    """A backup that cannot be made, trusted or restored."""

    code = "backup"


class BusyError(TgParserError):
    """Another process is already doing this work."""

    code = "busy"
    retryable = True


class OutputError(TgParserError):
    """A place that cannot be written to."""

    code = "output"


class ArchiveError(TgParserError):
    """An archive of the agents' history that cannot be written or has unexpected content; nothing was deleted."""

    code = "archive"
