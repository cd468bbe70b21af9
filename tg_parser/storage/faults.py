"""What a database's own error means: a sentence with a hint for a person, and whether the same again can succeed."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tg_parser.domain.errors import SchemaMismatchError, StorageError, StorageUnavailableError

DATABASE_ERRORS = (DBAPIError, PoolTimeoutError, sqlite3.Error, psycopg.Error)
"""What a database call can raise; the drivers' own where SQLAlchemy does not stand between (COPY)."""


class _Meaning(NamedTuple):
    error: type[StorageError]
    sentence: str
    hint: str


_SQLITE: dict[int, _Meaning] = {
    sqlite3.SQLITE_BUSY: _Meaning(
        StorageUnavailableError, "is locked by another process", "Wait until that process is done, then try again."
    ),
    sqlite3.SQLITE_LOCKED: _Meaning(StorageUnavailableError, "is locked", "Try again when other work on it is done."),
    sqlite3.SQLITE_READONLY: _Meaning(
        StorageError, "cannot be written", "Give this user write access to the file and its folder."
    ),
    sqlite3.SQLITE_CANTOPEN: _Meaning(
        StorageError, "cannot be opened", "Check that the path is a file in a folder this user may write to."
    ),
    sqlite3.SQLITE_PERM: _Meaning(StorageError, "may not be used", "Give this user access to the file."),
    sqlite3.SQLITE_FULL: _Meaning(StorageError, "has no room: the disk is full", "Free some space, then run again."),
    sqlite3.SQLITE_IOERR: _Meaning(
        StorageError, "cannot be read or written: the disk reports an error", "Check the disk and the free space on it."
    ),
    sqlite3.SQLITE_CORRUPT: _Meaning(StorageError, "is damaged", "Restore it from a backup."),
    sqlite3.SQLITE_NOTADB: _Meaning(
        StorageError, "is not a SQLite database", "Move that file away, or set another path."
    ),
}

_ACCESS = "Check DB_USER and DB_PASSWORD."
_POSTGRES: dict[str, _Meaning] = {
    "28P01": _Meaning(StorageError, "refuses the password", _ACCESS),
    "28000": _Meaning(StorageError, "refuses the role", f"{_ACCESS} The server's pg_hba.conf must let it in."),
    "3D000": _Meaning(StorageError, "does not exist", "Create it (createdb), or set DB_NAME."),
    "42501": _Meaning(StorageError, "denies the role a right it needs", "Grant the role its rights on the database."),
    "25006": _Meaning(StorageError, "is read-only", "Connect to the primary server."),
    "53100": _Meaning(StorageError, "has no room: the server's disk is full", "Free some space on the server."),
    "53300": _Meaning(
        StorageUnavailableError, "has no connection left", "Lower DB_POOL_SIZE or raise the server's max_connections."
    ),
    "55P03": _Meaning(
        StorageUnavailableError, "was locked by another process for too long", "Try again when other work is done."
    ),
    "57014": _Meaning(StorageUnavailableError, "took too long for a statement", "Raise DB_STATEMENT_TIMEOUT."),
    "XX001": _Meaning(StorageError, "is damaged", "Restore it from a backup."),
    "XX002": _Meaning(StorageError, "is damaged", "Restore it from a backup."),
}
# libpq gives no code for a refused connection, only words.
_REFUSALS = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "pg_hba.conf": "28000",
    "role": "28000",
    "database": "3D000",
}
_DOWN = _Meaning(StorageUnavailableError, "does not answer", "Check DB_HOST and DB_PORT, and that the server runs.")
_NO_TABLE = _Meaning(SchemaMismatchError, "lacks a table or column of this version", "Run: tg-parser db upgrade")
_POOL = _Meaning(
    StorageUnavailableError,
    "has no free connection",
    "Raise DB_POOL_SIZE or DB_MAX_OVERFLOW, or lower the concurrency.",
)
_SQLITE_AGAIN = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
# 23505: another transaction inserted the row meanwhile; run again, the work finds it.
_POSTGRES_AGAIN = ("08", "40001", "40P01", "57P", "23505")


def translate(error: Exception, place: str) -> StorageError | None:
    """`error` in words about `place` (the file or server); None where it is a mistake of the program."""
    meaning = _meaning(error)
    if meaning is None:
        return None
    return meaning.error(f"{place} {meaning.sentence}.", meaning.hint)


def worth_repeating(error: Exception) -> bool:
    """Whether the whole transaction may succeed when it is run again."""
    cause = _driver_error(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in _SQLITE_AGAIN
    if not isinstance(cause, psycopg.Error):
        return False
    if cause.sqlstate is not None:
        return cause.sqlstate.startswith(_POSTGRES_AGAIN)
    return isinstance(cause, psycopg.OperationalError) and _refusal(cause) is None


def _meaning(error: Exception) -> _Meaning | None:
    if isinstance(error, PoolTimeoutError):
        return _POOL
    cause = _driver_error(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_meaning(cause)
    if isinstance(cause, psycopg.Error):
        return _postgres_meaning(cause)
    return None


def _driver_error(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _sqlite_code(error: sqlite3.Error) -> int:
    """The primary result code: extended codes carry it in their low byte."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _sqlite_meaning(error: sqlite3.Error) -> _Meaning | None:
    if str(error).startswith(("no such table", "no such column")):
        return _NO_TABLE
    return _SQLITE.get(_sqlite_code(error))


def _postgres_meaning(error: psycopg.Error) -> _Meaning | None:
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return _NO_TABLE
    code = error.sqlstate or _refusal(error)
    if code is None:
        return _DOWN if isinstance(error, psycopg.OperationalError) else None
    return _POSTGRES.get(code) or (_DOWN if code.startswith(("08", "57P")) else None)


def _refusal(error: psycopg.Error) -> str | None:
    words = str(error)
    if "FATAL" not in words:
        return None
    last = words.rsplit("FATAL:", 1)[1]
    if "password" not in last and "pg_hba.conf" not in last and "does not exist" not in last:
        return None
    return next((code for sign, code in _REFUSALS.items() if sign in last), None)
