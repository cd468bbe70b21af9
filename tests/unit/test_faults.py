"""What the databases' own errors mean to a person and to the one who repeats."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tg_parser.cli.hints import hint_of
from tg_parser.domain.errors import SchemaMismatchError, StorageError, StorageUnavailableError, TgParserError
from tg_parser.storage.engine.commits import CommitMark, ServerRun, UnknownOutcomeError
from tg_parser.storage.engine.faults import (
    COLLISION_PAUSE,
    pause_before_again,
    translate,
    translate_db_errors,
    worth_repeating,
)

MARK = CommitMark(1, 2, ServerRun("00000001", datetime(2024, 11, 27, tzinfo=UTC)))


def wrapped(cause: Any, wrapper: type[DBAPIError] = OperationalError) -> DBAPIError:
    return wrapper("SELECT 1", {}, cause)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (errors.SerializationFailure("x"), StorageUnavailableError, "other writers kept interfering"),
        (errors.DeadlockDetected("x"), StorageUnavailableError, "other writers kept interfering"),
        (errors.IdleInTransactionSessionTimeout("x"), StorageUnavailableError, "was idle too long"),
        (
            psycopg.OperationalError("FATAL:  sorry, too many clients already"),
            StorageUnavailableError,
            "no connection left",
        ),
        (psycopg.OperationalError("FATAL:  unsupported startup parameter: options"), StorageError, "behind a pooler"),
        (psycopg.OperationalError("server does not support SSL, but SSL was required"), StorageError, "over TLS"),
        (psycopg.OperationalError("SSL error: certificate verify failed"), StorageError, "over TLS"),
        (psycopg.OperationalError("SSL SYSCALL error: EOF detected"), StorageUnavailableError, "does not answer"),
        (UnknownOutcomeError(MARK, None), StorageUnavailableError, "is unknown"),
        (errors.DiskFull("x"), StorageError, "disk is full"),
        (errors.ReadOnlySqlTransaction("x"), StorageError, "read-only"),
        (errors.InsufficientPrivilege("x"), StorageError, "denies"),
        (errors.TooManyConnections("x"), StorageUnavailableError, "no connection left"),
        (errors.LockNotAvailable("x"), StorageUnavailableError, "locked"),
        (errors.QueryCanceled("x"), StorageUnavailableError, "took too long"),
        (errors.AdminShutdown("x"), StorageUnavailableError, "does not answer"),
        (errors.DataCorrupted("x"), StorageError, "damaged"),
        (errors.UndefinedTable("x"), SchemaMismatchError, "lacks a table"),
        (errors.UndefinedColumn("x"), SchemaMismatchError, "lacks a table or column"),
        (psycopg.OperationalError("connection refused"), StorageUnavailableError, "does not answer"),
        (psycopg.OperationalError("FATAL:  the database system is starting up"), StorageUnavailableError, "answer"),
        (psycopg.OperationalError('FATAL:  password authentication failed for user "u"'), StorageError, "password"),
        (psycopg.OperationalError('FATAL:  database "d" does not exist'), StorageError, "does not exist"),
        (psycopg.OperationalError('FATAL:  role "d" does not exist'), StorageError, "refuses the role"),
        (psycopg.OperationalError("FATAL:  no pg_hba.conf entry for host"), StorageError, "refuses the role"),
        (sqlite3.OperationalError("no such table: x"), SchemaMismatchError, "lacks a table"),
    ],
)
def test_errors_become_a_sentence_with_a_hint(error: Any, kind: type[TgParserError], words: str) -> None:
    """Every known fault has its words, wrapped by SQLAlchemy or not, and tells whether later may be better."""
    for each in (error, error if isinstance(error, UnknownOutcomeError) else wrapped(error)):
        known = translate(each, "The place")
        assert type(known) is kind
        assert known.message.startswith("The place ")
        assert words in known.message
        assert hint_of(known)


def test_mistakes_of_the_program_are_not_dressed_up() -> None:
    """A wrong statement or a broken rule stays the error it is."""
    assert translate(wrapped(errors.SyntaxError("x"), ProgrammingError), "p") is None
    assert translate(wrapped(sqlite3.IntegrityError("UNIQUE"), OperationalError), "p") is None
    assert translate(ValueError("x"), "p") is None


def test_full_pool_is_told() -> None:
    """No free connection is a matter of the pool's size."""
    assert "no free connection" in translate(PoolTimeoutError("x"), "p").message


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (errors.SerializationFailure("x"), True),
        (errors.DeadlockDetected("x"), True),
        (errors.AdminShutdown("x"), True),
        (errors.ConnectionFailure("x"), True),
        (errors.UniqueViolation("x"), True),
        (errors.IdleInTransactionSessionTimeout("x"), True),
        (errors.ReadOnlySqlTransaction("x"), True),
        (psycopg.OperationalError("FATAL:  sorry, too many clients already"), True),
        (psycopg.OperationalError("SSL SYSCALL error: EOF detected"), True),
        (psycopg.OperationalError("SSL error: certificate verify failed"), False),
        (UnknownOutcomeError(MARK, None), True),
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.OperationalError('FATAL:  password authentication failed for user "u"'), False),
        (errors.NotNullViolation("x"), False),
        (errors.DiskFull("x"), False),
        (errors.QueryCanceled("x"), False),
        (ValueError("x"), False),
    ],
)
def test_only_what_can_pass_is_repeated(error: Any, again: bool) -> None:
    """Lost connections and collisions of transactions pass; refusals and mistakes do not."""
    assert worth_repeating(error) is again


def test_collisions_are_repeated_at_once_and_lost_connections_with_patience() -> None:
    """Who met another writer waits a moment; who lost the server waits as the settings say."""
    assert pause_before_again(errors.DeadlockDetected("x")) == COLLISION_PAUSE
    assert pause_before_again(errors.AdminShutdown("x")) is True
    assert pause_before_again(errors.DiskFull("x")) is False


@pytest.mark.parametrize(
    ("error", "again"),
    [(errors.DeadlockDetected("x"), COLLISION_PAUSE), (errors.AdminShutdown("x"), True), (errors.DiskFull("x"), False)],
)
def test_what_is_told_to_a_person_is_repeated_like_what_it_was_made_of(error: psycopg.Error, again: float) -> None:
    """Words change nothing about whether the same again can help."""
    with pytest.raises(StorageError) as known, translate_db_errors("The place"):
        raise error
    assert pause_before_again(known.value) == again
