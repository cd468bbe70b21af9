"""How our long-lived connections and PostgreSQL's programs log in to the database of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tg_parser.backup.thread import BackupThread
from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.domain.errors import BackupError
from tg_parser.storage.engine.faults import translate_db_errors
from tg_parser.storage.engine.postgres_address import connect_arguments, postgres_url

_VARIABLES = {
    option.keyword.decode(): option.envvar.decode()
    for option in psycopg.pq.Conninfo.get_defaults()
    if option.envvar is not None
}
# The format of a copy must not depend on the settings of a server, a role or a database.
_SESSION = (
    "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c timezone=UTC -c datestyle=ISO "
    "-c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex"
)

_CANCEL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Login:
    """A database and how to get in; `lock_timeout` in seconds."""

    place: str
    database: str
    lock_timeout: int
    parameters: dict[str, str] = field(repr=False)

    def into(self, database: str) -> Login:
        """The same login for another database of the server."""
        place = self.place.replace(repr(self.database), repr(database))
        return replace(self, place=place, database=database, parameters={**self.parameters, "dbname": database})

    @contextmanager
    def connection(self, thread: BackupThread | None = None) -> Iterator[psycopg.Connection[Any]]:
        """A connection in autocommit mode without time limits. Raises StorageError.

        Its statements are interrupted with `thread`; without one it is for cleaning up, which runs to its end.
        """
        with (
            translate_db_errors(self.place),
            psycopg.connect(self._conninfo(), autocommit=True) as connection,
            thread.stopped_by(lambda: _cancel(connection)) if thread else nullcontext(),
        ):
            yield connection

    def _conninfo(self) -> str:
        return make_conninfo(**self.parameters)

    def environment(self) -> dict[str, str]:
        """The parameters as libpq's environment variables, including secrets."""
        return {_VARIABLES[name]: value for name, value in self.parameters.items() if name in _VARIABLES}

    def argument(self) -> str:
        """The parameters that have no libpq variable; none of them is a secret."""
        others = {name: value for name, value in self.parameters.items() if name not in _VARIABLES}
        return make_conninfo(**others, dbname=self.database)


def _cancel(connection: psycopg.Connection[Any]) -> None:
    """Ask the server to cancel the running statement; repeated if it does not answer."""
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=_CANCEL_SECONDS)


def login(settings: DatabaseSettings) -> Login:
    """The login for the database of the settings. Raises SettingsError, BackupError."""
    if settings.transaction_pooler:
        raise BackupError(
            "A backup needs one session from beginning to end, which a transaction pooler does not provide.",
            "For this command set DB_HOST and DB_PORT to the server itself, and DB_TRANSACTION_POOLER=false.",
        )
    url = postgres_url(settings)
    given = {**url.get_dialect()().create_connect_args(url)[1], **connect_arguments(settings, url)}
    if "sslpassword" in given:
        raise BackupError(
            "The passphrase of DB_SSLKEY cannot be passed to pg_dump secretly.", "Use a key without a passphrase."
        )
    given["options"] = f"{given.get('options', '')} {_SESSION}".strip()
    place = f"PostgreSQL database {url.database!r} at {url.host or 'the local socket'}:{url.port or 5432}"
    parameters = {name: str(value) for name, value in given.items() if value is not None}
    return Login(place, url.database or "", settings.lock_timeout, parameters)
