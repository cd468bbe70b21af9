"""Sets up every new session of a backend, and decides how its transactions begin."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, ExceptionContext

from tg_parser.storage.engine.commits import sqlstate

_READ_ONLY = "25006"
WRITING = "tg_parser_writing"
"""Execution option of a connection whose transaction is going to write."""


def prepare_postgres(engine: Engine, parameters: Mapping[str, str]) -> None:
    """Set up every new session, and drop sessions of a server that has become read-only.

    `parameters` are set in every transaction, for a pooler that gives each one another session.
    """

    def on_connect(connection: Any, _: Any) -> None:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"SELECT {_NOTICE_GONE_CLIENTS}", ("false",))
        cursor.close()
        connection.autocommit = False

    def on_error(context: ExceptionContext) -> None:
        # After a failover the old primary may live on as a standby: only a new connection finds the new one.
        if sqlstate(context.original_exception) == _READ_ONLY:
            context.is_disconnect = True

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(setting, (*parameters.values(), "true"))

    event.listen(engine, "handle_error", on_error)
    if parameters:
        setting = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in parameters)
        setting += f", {_NOTICE_GONE_CLIENTS}"
        event.listen(engine, "begin", on_begin)
    else:
        event.listen(engine, "connect", on_connect)


# A statement whose client was killed ends within seconds; on servers that cannot detect it, it runs to its end.
_NOTICE_GONE_CLIENTS = """
CASE WHEN version() ~* 'linux|darwin|apple|bsd'
     THEN set_config('client_connection_check_interval', '2000', %s::boolean) END
"""


def prepare_sqlite(engine: Engine, busy_timeout: float, attached: Path | None) -> None:
    """Set up every new connection, and begin writing transactions with BEGIN IMMEDIATE.

    `attached` is a second file, read as schema `raw`; read-only, or else BEGIN IMMEDIATE would lock it too.
    """

    def before_connect(_dialect: Any, _record: Any, arguments: tuple[Any, ...], _options: Any) -> None:
        # Check here whether it can be opened: if opening fails inside aiosqlite, its thread outlives the event loop.
        sqlite3.connect(*arguments).close()

    def on_connect(connection: Any, _: Any) -> None:
        try:
            _set_up_sqlite(connection, busy_timeout, attached)
        except BaseException:
            # A connection that fails here has no owner yet; its thread would outlive the event loop.
            connection.close()
            raise

    def on_begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    event.listen(engine, "do_connect", before_connect)
    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _set_up_sqlite(connection: Any, busy_timeout: float, attached: Path | None) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(busy_timeout * 1000)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    if attached is not None:
        cursor.execute("ATTACH DATABASE ? AS raw", (f"{attached.absolute().as_uri()}?mode=ro",))
    cursor.close()
