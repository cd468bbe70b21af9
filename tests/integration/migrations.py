"""Helpers of the migration tests: a target, a migration into it, and what it holds then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from fresh_databases import settings_of
from psycopg.rows import dict_row

from tg_parser.storage.engine.databases import open_databases
from tg_parser.transfer.migration import MigrationOptions, MigrationReport, migrate


class Target:
    """A PostgreSQL database that is migrated into."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.url = variables["DB_URL"]
        self._settings = settings_of(variables)

    @asynccontextmanager
    async def databases(self) -> AsyncIterator[Any]:
        async with open_databases(self._settings, prepare=False) as databases:
            yield databases

    async def migrate(self, folder: Path, **options: Any) -> MigrationReport:
        async with self.databases() as databases:
            return await migrate(databases, folder, MigrationOptions(**options))

    def rows(self, statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            return connection.execute(statement).fetchall()

    def row(self, statement: str) -> dict[str, Any]:
        (row,) = self.rows(statement)
        return row

    def value(self, statement: str) -> Any:
        (value,) = self.row(statement).values()
        return value

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement)

    def tables(self) -> set[str]:
        found = self.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        return {row["table_name"] for row in found}


def tally(report: MigrationReport, table: str) -> tuple[int, int, int, int]:
    """Rows, migrated, changed and quarantined of a table."""
    (found,) = (each.tally for each in report.tables if each.table == table)
    return found.rows, found.migrated, found.changed, found.quarantined


def changes(report: MigrationReport, table: str) -> dict[str, int]:
    (found,) = (each.changes for each in report.tables if each.table == table)
    return dict(found)


def reasons(report: MigrationReport, table: str) -> dict[str, int]:
    (found,) = (each.reasons for each in report.tables if each.table == table)
    return dict(found)
