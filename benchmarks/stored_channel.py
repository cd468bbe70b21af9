"""Channels filled with generated documents, on SQLite, for the benchmarks of idle processing and export."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tg_parser.config.settings import DatabaseSettings, Settings
from tg_parser.domain.documents import Entity, ProcessedDocument
from tg_parser.domain.messages import Author, Media, RawMessage, Reaction
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.documents import ProcessingStorage, StoredDocument
from tg_parser.storage.stores.raw import RawStorage

CHANNEL = "-1001234567890"
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
TEXT = "Сегодня вышла новая версия: быстрее, проще и на русском языке. See the release notes for details. " * 6
BATCH = 2000


@asynccontextmanager
async def stored_channel(documents: int) -> AsyncIterator[Databases]:
    """Databases in a temporary folder with `documents` processed messages of one channel."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        paths = {
            "ingestion_state_path": place / "i.sqlite",
            "raw_storage_path": place / "r.sqlite",
            "processing_storage_path": place / "p.sqlite",
        }
        settings = Settings(database=DatabaseSettings(_env_file=None, type="sqlite", **paths))
        async with open_databases(settings) as databases:
            raw, processed = RawStorage(databases.raw), ProcessingStorage(databases.processing)
            for first in range(1, documents + 1, BATCH):
                numbers = range(first, min(first + BATCH, documents + 1))
                await raw.store([message(number) for number in numbers], BEGIN)
                await processed.store([document(number) for number in numbers])
            yield databases


def message(number: int) -> RawMessage:
    return RawMessage(
        id=str(number),
        message_type="post",
        source_ref=f"tg:{CHANNEL}:post:{number}",
        channel_id=CHANNEL,
        date=BEGIN + timedelta(minutes=number),
        text=f"{number}. {TEXT}",
        thread_id=str(number),
        author=Author(name="Редакция"),
        views=number * 7,
        forwards=number % 50,
        reactions=(Reaction(emoji="👍", count=number % 90 + 1), Reaction(emoji="🔥", count=3)),
        media=(Media(kind="photo", size=120_000),) if number % 3 == 0 else (),
    )


def document(number: int) -> StoredDocument:
    ref = f"tg:{CHANNEL}:post:{number}"
    made = ProcessedDocument(
        id=f"doc:{ref}",
        source_ref=ref,
        source_message_id=str(number),
        channel_id=CHANNEL,
        processed_at=BEGIN,
        text_clean=f"{number}. {TEXT}",
        summary=TEXT[:100],
        topics=("новая версия", "release notes", "русский язык"),
        entities=(Entity(type="link", value=f"https://example.org/{number}"), Entity(type="hashtag", value="#release")),
        language="ru",
        metadata={
            "pipeline_version": "processing:v3.1.0",
            "provider": "local",
            "model_id": "local-4",
            "parameters": {},
        },
    )
    return StoredDocument(made, 0, BEGIN + timedelta(minutes=number), "post", str(number), None)
