"""What a database's error means: a sentence with a hint for a person, and whether a retry can succeed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tg_parser.domain.errors import SchemaMismatchError, StorageError, StorageUnavailableError
from tg_parser.storage.engine.commits import UnknownOutcomeError, sqlstate

DATABASE_ERRORS = (DBAPIError, PoolTimeoutError, sqlite3.Error, UnknownOutcomeError)
"""What a database call can raise through SQLAlchemy; a COPY can also raise psycopg's own errors (`is_database_error`).

Those are known by what they carry and not by their class: psycopg is loaded only where there is a server.
"""
_NO_SUCH_TABLE, _NO_SUCH_COLUMN = "42P01", "42703"


class _Meaning(NamedTuple):
    error: type[StorageError]
    sentence: str
    hint: str | None
    case: str | None = None


_SQLITE: dict[int, _Meaning] = {
    sqlite3.SQLITE_BUSY: _Meaning(
        StorageUnavailableError, "is locked by another process", "Wait until that process is done, then try again."
    ),
    sqlite3.SQLITE_LOCKED: _Meaning(
        StorageUnavailableError, "is locked", "Try again when the other work on it is done."
    ),
    sqlite3.SQLITE_READONLY: _Meaning(
        StorageError, "cannot be written", "Give this user write access to the file and its folder."
    ),
    sqlite3.SQLITE_CANTOPEN: _Meaning(
        StorageError, "cannot be opened", "Check that the path is a file in a folder this user may write to."
    ),
    sqlite3.SQLITE_PERM: _Meaning(StorageError, "may not be used", "Give this user access to the file."),
    sqlite3.SQLITE_FULL: _Meaning(
        StorageError, "has no space left: the disk is full", "Free some space, then run again."
    ),
    sqlite3.SQLITE_IOERR: _Meaning(
        StorageError, "cannot be read or written: the disk reports an error", "Check the disk and the free space on it."
    ),
    sqlite3.SQLITE_CORRUPT: _Meaning(StorageError, "is damaged", "Restore it from a backup."),
    sqlite3.SQLITE_NOTADB: _Meaning(
        StorageError, "is not a SQLite database", "Move that file away, or set another path."
    ),
}

_ACCESS = "Check DB_USER and DB_PASSWORD."
_COLLIDED = _Meaning(
    StorageUnavailableError,
    "was busy: other writers kept interfering",
    "Run the same command again, with fewer writers at the same time.",
)
_POSTGRES: dict[str, _Meaning] = {
    "28P01": _Meaning(StorageError, "refuses the password", _ACCESS),
    "28000": _Meaning(StorageError, "refuses the role", f"{_ACCESS} The server's pg_hba.conf must allow it."),
    "3D000": _Meaning(StorageError, "does not exist", "Create it (createdb), or set DB_NAME."),
    "42501": _Meaning(
        StorageError,
        "denies the role a required privilege",
        "Make the role the owner of the database, or run: GRANT CREATE, USAGE ON SCHEMA public TO its name.",
    ),
    "25006": _Meaning(
        StorageError, "is read-only", "Set DB_HOST to the primary server; a standby belongs in DB_REPLICA_HOSTS."
    ),
    "25P03": _Meaning(
        StorageUnavailableError,
        "ended a transaction that was idle too long",
        "Unless this machine was asleep, raise DB_IDLE_IN_TRANSACTION_TIMEOUT.",
    ),
    "40001": _COLLIDED,
    "40P01": _COLLIDED,
    "53100": _Meaning(StorageError, "has no space left: the server's disk is full", "Free some space on the server."),
    "53200": _Meaning(
        StorageUnavailableError, "is out of memory", "Give the server more memory, or lower the concurrency."
    ),
    "53300": _Meaning(
        StorageUnavailableError,
        "has no connection left",
        "Lower DB_POOL_SIZE and DB_MAX_OVERFLOW, or raise the server's max_connections.",
    ),
    "58030": _Meaning(StorageError, "cannot read or write its disk", "Check the server's disk and its free space."),
    "55P03": _Meaning(
        StorageUnavailableError, "was locked by another process for too long", "Try again when the other work is done."
    ),
    "57014": _Meaning(StorageUnavailableError, "took too long to run a statement", "Raise DB_STATEMENT_TIMEOUT."),
    "XX001": _Meaning(StorageError, "is damaged", "Restore it from a backup."),
    "XX002": _Meaning(StorageError, "is damaged", "Restore it from a backup."),
}
_TLS = "TLS"
_POSTGRES[_TLS] = _Meaning(
    StorageError,
    "cannot be reached over TLS as DB_SSLMODE requires",
    "Check DB_SSLMODE, DB_SSLROOTCERT and the name in the server's certificate; --debug shows the reason.",
)
_POOLER = "pooler"
_POSTGRES[_POOLER] = _Meaning(
    StorageError,
    "is behind a pooler that rejects session settings",
    "Set DB_TRANSACTION_POOLER=true.",
)
# libpq gives no code for a refused connection, only words. The first match counts.
_REFUSALS = (
    ("password authentication failed", "28P01"),
    ("SASL authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("pg_hba.conf", "28000"),
    ("unsupported startup parameter", _POOLER),
    ("too many clients", "53300"),
    ("connection slots are reserved", "53300"),
    ("too many connections", "53300"),
    ("no more connections allowed", "53300"),
    ("no such database", "3D000"),
    ("no such user", "28000"),
    ("certificate", _TLS),
    ("does not support SSL", _TLS),
    ("private key file", _TLS),
)
_MISSING = (("role ", "28000"), ("database ", "3D000"))
_UNKNOWN = _Meaning(
    StorageUnavailableError,
    "stopped answering during a write, and it is unknown whether that succeeded",
    "Run the same command again when it answers: stored data is kept, the rest is done then.",
)
_DOWN = _Meaning(
    StorageUnavailableError, "does not answer", "Check DB_HOST and DB_PORT, and that the server is running."
)
_NO_TABLE = _Meaning(
    SchemaMismatchError, "lacks a table or column required by this version", None, "schema_lacks_parts"
)
_POOL = _Meaning(
    StorageUnavailableError,
    "has no free connection: all that DB_POOL_SIZE and DB_MAX_OVERFLOW allow were in use for DB_POOL_TIMEOUT",
    "Raise DB_POOL_SIZE or DB_MAX_OVERFLOW, or lower the concurrency.",
)
_SQLITE_AGAIN = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
# The server has lost this session, or no longer accepts it; 25006: it is no longer the primary.
_LOST = ("08", "57P", "25P03", "25006")
# 23505: another transaction inserted the row meanwhile; a second try will find it.
_COLLISIONS = ("40001", "40P01", "23505")
COLLISION_PAUSE = 0.05
"""Seconds before work that conflicted with another transaction is repeated."""


@contextmanager
def translate_db_errors(place: str) -> Iterator[None]:
    """Turns the database's errors into messages about `place` where they mean something to a person."""
    try:
        yield
    except Exception as error:
        known = translate(error, place)
        if known is None:
            raise
        raise known from error


def is_database_error(error: Exception) -> bool:
    """Whether a database or its driver raised `error`."""
    return isinstance(error, DATABASE_ERRORS) or _is_of_postgres(error)


def translate(error: Exception, place: str) -> StorageError | None:
    """`error` as a message about `place` (the file or server); None if it is a bug of ours."""
    meaning = _meaning(error)
    if meaning is None:
        return None
    case = {"case": meaning.case} if meaning.case else {}
    return meaning.error(f"{place} {meaning.sentence}.", meaning.hint, place=place, **case)


def pause_before_again(error: Exception) -> bool | float:
    """Whether the whole transaction may succeed on another try, and the seconds to wait where known.

    `error` is the database's own error or the translated one.
    """
    cause = error.__cause__ if isinstance(error, StorageError) and isinstance(error.__cause__, Exception) else error
    code = _postgres_code(cause)
    return COLLISION_PAUSE if code is not None and code.startswith(_COLLISIONS) else worth_repeating(cause)


def worth_repeating(error: Exception) -> bool:
    """Whether the whole transaction may succeed on another try."""
    cause = _driver_error(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in _SQLITE_AGAIN
    code = _postgres_code(error)
    return lost_connection(error) or (code is not None and code.startswith(_COLLISIONS))


def lost_connection(error: Exception) -> bool:
    """Whether the session is gone, so that what it was doing may or may not have been done."""
    if isinstance(error, UnknownOutcomeError):
        return True
    cause = _driver_error(error)
    if not _is_of_postgres(cause):
        return False
    code = _postgres_code(error)
    return _is_operational(cause) if code is None else code.startswith((*_LOST, "53300"))


def _meaning(error: Exception) -> _Meaning | None:
    if isinstance(error, PoolTimeoutError):
        return _POOL
    if isinstance(error, UnknownOutcomeError):
        return _UNKNOWN
    cause = _driver_error(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_meaning(cause)
    return _postgres_meaning(cause) if _is_of_postgres(cause) else None


def _driver_error(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _sqlite_code(error: sqlite3.Error) -> int:
    """The primary result code: extended codes carry it in their low byte."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _sqlite_meaning(error: sqlite3.Error) -> _Meaning | None:
    if str(error).startswith(("no such table", "no such column")):
        return _NO_TABLE
    return _SQLITE.get(_sqlite_code(error))


def _is_of_postgres(error: BaseException) -> bool:
    return hasattr(error, "sqlstate")


def _is_operational(error: BaseException) -> bool:
    """By its name, which PEP 249 lays down for every driver."""
    return any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)


def _postgres_meaning(error: BaseException) -> _Meaning | None:
    code = sqlstate(error) or _refusal(error)
    if code in {_NO_SUCH_TABLE, _NO_SUCH_COLUMN}:
        return _NO_TABLE
    if code is None:
        return _DOWN if _is_operational(error) else None
    return _POSTGRES.get(code) or (_DOWN if code.startswith(("08", "57P")) else None)


def _postgres_code(error: Exception) -> str | None:
    cause = _driver_error(error)
    return sqlstate(cause) or _refusal(cause) if _is_of_postgres(cause) else None


def _refusal(error: BaseException) -> str | None:
    """Why a connection was refused, which libpq says in words only."""
    if not _is_operational(error):
        return None
    reason = str(error).rsplit("FATAL:", 1)[-1]
    known = next((code for sign, code in _REFUSALS if sign in reason), None)
    if known is None and "FATAL:" in str(error) and "does not exist" in reason:
        return next((code for sign, code in _MISSING if sign in reason), None)
    return known
