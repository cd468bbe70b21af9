"""The three databases of a deployment, opened together and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tg_parser.config.settings import Settings
from tg_parser.storage.engine_factory import create_engine_from_settings, sqlite_path, wait_until_it_answers
from tg_parser.storage.locks import AdvisoryLocks, FileLocks, Locks
from tg_parser.storage.migrator import ensure_schema
from tg_parser.storage.transactions import Database


@dataclass(frozen=True, slots=True)
class Databases:
    """Ingestion, raw and processing, and the locks that keep processes apart on them."""

    ingestion: Database
    raw: Database
    processing: Database
    locks: Locks

    @property
    def all(self) -> tuple[Database, Database, Database]:
        """In the order of the main job."""
        return self.ingestion, self.raw, self.processing


@asynccontextmanager
async def open_databases(settings: Settings, *, prepare: bool = True) -> AsyncIterator[Databases]:
    """Connect; `prepare` also makes missing schemas and refuses those that do not fit. Raises StorageError."""
    databases = _connectable(settings)
    try:
        for database in databases.all:
            await wait_until_it_answers(database, settings.retry)
        if prepare:
            for database in databases.all:
                await ensure_schema(database)
        yield databases
    finally:
        # Readers of the raw file first: the last to leave a SQLite file folds its log in, and only a writer can.
        for database in reversed(databases.all):
            await database.close()


def _connectable(settings: Settings) -> Databases:
    if settings.database.type == "postgresql":
        engine = create_engine_from_settings(settings, "ingestion")
        processing = Database("processing", engine)
        return Databases(Database("ingestion", engine), Database("raw", engine), processing, AdvisoryLocks(processing))
    folder = sqlite_path(settings.database, "processing").parent / "locks"
    return Databases(
        Database("ingestion", create_engine_from_settings(settings, "ingestion")),
        Database("raw", create_engine_from_settings(settings, "raw")),
        Database("processing", create_engine_from_settings(settings, "processing")),
        FileLocks(folder),
    )
