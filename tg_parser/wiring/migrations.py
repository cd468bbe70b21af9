"""Opens the target databases of a migration; a rehearsal leaves no traces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tg_parser.config.settings import Settings
from tg_parser.services.migrations import MigrationService
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.engine.sqlite_places import there_are_files


@asynccontextmanager
async def open_migrations(settings: Settings, *, rehearsal: bool = False) -> AsyncIterator[MigrationService]:
    """Yield a service for migrations into the databases of `settings`. Raises StorageError."""
    database = settings.database
    with ExitStack() as stack:
        if rehearsal and database.type == "sqlite" and not there_are_files(database):
            # If the files do not exist yet, the rehearsal uses a temporary folder, so that nothing is left behind.
            database = database.in_folder(Path(stack.enter_context(TemporaryDirectory(prefix="tg-parser-dry-"))))
        async with open_databases(settings.model_copy(update={"database": database}), prepare=False) as databases:
            yield MigrationService(databases)
