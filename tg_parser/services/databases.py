"""Schema migrations of all three databases or one of them."""

from __future__ import annotations

from collections.abc import Sequence

from tg_parser.services.views.upkeep import SchemaState
from tg_parser.storage.engine import migrator
from tg_parser.storage.engine.transactions import Database


class DatabaseService:
    """Implements the `db` commands."""

    def __init__(self, databases: Sequence[Database]) -> None:
        self._databases = databases

    @property
    def places(self) -> dict[str, str]:
        """Return a readable location (file or server) for each database."""
        return {database.name: database.place for database in self._databases}

    def _chosen(self, name: str) -> list[Database]:
        return [database for database in self._databases if name in ("all", database.name)]

    async def upgrade(self, name: str, revision: str = "head") -> list[SchemaState]:
        """Upgrade the schema to `revision`."""
        for database in self._chosen(name):
            await migrator.upgrade(database, revision)
        return await self.current(name)

    async def downgrade(self, name: str, revision: str) -> list[SchemaState]:
        """Downgrade the schema to `revision`; `base` drops all tables with their rows."""
        for database in self._chosen(name):
            await migrator.downgrade(database, revision)
        return await self.current(name)

    async def stamp(self, name: str, revision: str) -> list[SchemaState]:
        """Mark `revision` as the current one without running a migration."""
        for database in self._chosen(name):
            await migrator.stamp(database, revision)
        return await self.current(name)

    async def current(self, name: str) -> list[SchemaState]:
        """Return the current revision of each schema."""
        return [
            SchemaState(
                database=database.name, revision=await migrator.current(database), newest=migrator.head(database.name)
            )
            for database in self._chosen(name)
        ]

    def history(self, name: str) -> dict[str, list[str]]:
        """Return the known revisions with their subjects, newest first, by database."""
        return {database.name: migrator.history(database.name) for database in self._chosen(name)}
