"""What stands in the databases of a process, asked without starting a command: a test that waits asks often."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import psycopg

PROCESSING, RAW = "PROCESSING_STORAGE_DB_PATH", "RAW_STORAGE_DB_PATH"


def first_row(env: dict[str, str], statement: str, database: str = PROCESSING) -> tuple[Any, ...] | None:
    """The first row that a statement finds; None as long as there is none, no such table or no such file.

    `database` is the variable that names the file on SQLite.
    """
    if env.get("DB_TYPE") == "postgresql":
        with contextlib.suppress(psycopg.errors.UndefinedTable), psycopg.connect(env["DB_URL"]) as connection:
            return connection.execute(statement).fetchone()
        return None
    with contextlib.suppress(sqlite3.OperationalError):
        file = sqlite3.connect(f"{Path(env[database]).absolute().as_uri()}?mode=ro", uri=True)
        with contextlib.closing(file):
            row: tuple[Any, ...] | None = file.execute(statement).fetchone()
            return row
    return None
