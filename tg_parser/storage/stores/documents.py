"""Documents and the failure ledger, and how many messages are waiting."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.pages import Order, Position
from tg_parser.domain.refs import MessageType
from tg_parser.domain.search_entries import SearchEntry
from tg_parser.domain.storable import storable, storable_json
from tg_parser.domain.text_vectors import TextVector
from tg_parser.storage.engine.transactions import Database, channel_range, upsert
from tg_parser.storage.stores.document_changes import changes_of, channels_of, count_change
from tg_parser.storage.stores.document_reading import (
    READ_AS,
    DocumentFilter,
    DocumentSlice,
    chosen_documents,
    conditions,
    readable,
    readable_as,
)
from tg_parser.storage.stores.llm_answers import forget_answers
from tg_parser.storage.stores.paging import PagedTable, newest_rows
from tg_parser.storage.stores.search_writing import put_entries
from tg_parser.storage.stores.text_vectors import keep_vectors
from tg_parser.storage.stores.topics_of_messages import note_lost, topics_of
from tg_parser.storage.stores.waiting import is_waiting, raw_beside_documents
from tg_parser.storage.tables.processing import processed_documents, processing_claims, processing_failures
from tg_parser.storage.tables.topics import topic_items

_doc = processed_documents.c
_failed = processing_failures.c

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document with the revision it was made from and the permanent facts of its message.

    `vector` is the embedding of its text, if one was made. The search finds it by its `entry`; a document without one
    is indexed later.
    """

    document: ProcessedDocument
    revision: int
    message_date: datetime
    message_type: MessageType
    thread_id: str | None = None
    parent_message_id: str | None = None
    vector: TextVector | None = None
    entry: SearchEntry | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An entry of the failure ledger."""

    source_ref: str
    channel_id: str
    revision: int
    error_class: str
    error_message: str
    at: datetime
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Documents of a channel, those that are noise, messages in the failure ledger, documents without text.

    A document without text is not noise, even where an earlier version flagged it.
    """

    documents: int
    noise: int
    failures: int
    without_text: int = 0


class ProcessingStorage:
    """The processing database, with read access to the raw one to find what is waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._paged = PagedTable(database.dialect, _doc.channel_id, _doc.message_date, _doc.source_ref)

    async def count_waiting(self, channel_id: str, *, force: bool = False, retry_failed: bool = False) -> int:
        """How many messages are waiting."""
        counted = select(func.count().label("waiting")).select_from(raw_beside_documents(with_log=False))
        statement = counted.where(*is_waiting(channel_id, force=force, retry_failed=retry_failed))
        return int((await self._database.rows(statement))[0]["waiting"])

    async def store(self, documents: Sequence[StoredDocument]) -> None:
        """Write documents by source_ref; their messages leave the failure ledger in the same transaction."""
        if not documents:
            return
        refs = [stored.document.source_ref for stored in documents]

        async def store(conn: AsyncConnection) -> None:
            rows = [_document_row(stored) for stored in documents]
            await upsert(self._database, conn, processed_documents, rows, key=("source_ref",))
            await put_entries(self._database, conn, refs, [stored.entry for stored in documents if stored.entry])
            await keep_vectors(self._database, conn, (stored.vector for stored in documents if stored.vector))
            await count_change(self._database, conn, channels_of(refs))
            for table in (processing_failures, processing_claims):
                await self._remove(conn, table, refs)

        await self._database.write(store)

    async def remove_documents(self, refs: Sequence[str]) -> None:
        """Remove the documents of messages that Telegram no longer shows."""
        if not refs:
            return

        async def remove(conn: AsyncConnection) -> None:
            for table in (processed_documents, processing_claims):
                await self._remove(conn, table, refs)
            await note_lost(conn, self._database.dialect.any_of(topic_items.c.source_ref, refs))
            await count_change(self._database, conn, channels_of(refs))

        await self._database.write(remove)

    async def record_failures(self, failures: Sequence[Failure]) -> None:
        """Add failures to the ledger; attempts add up."""
        if not failures:
            return

        async def record(conn: AsyncConnection) -> None:
            rows = [_failure_row(failure) for failure in failures]
            await upsert(self._database, conn, processing_failures, rows, key=("source_ref",), accumulate=("attempts",))
            await self._remove(conn, processing_claims, [failure.source_ref for failure in failures])

        await self._database.write(record)

    async def failures(
        self, channel_ids: Sequence[str] | None = None, limit: int = 100, after: Position | None = None
    ) -> tuple[list[Failure], Position | None]:
        """The ledger of channels, of all without any, behind `after`, newest first; and where the next ones begin."""
        statement = select(processing_failures)
        if channel_ids is not None:
            statement = statement.where(self._database.dialect.any_of(_failed.channel_id, channel_ids))
        keys = _failed.last_attempt_at, _failed.source_ref
        found = await newest_rows(self._database, statement, keys, limit, after)
        return [_failure(row) for row in found.rows], found.end

    async def get(self, source_ref: str) -> ProcessedDocument | None:
        """The document of a message."""
        row = await self._database.row(readable().where(_doc.source_ref == source_ref))
        return (
            None if row is None else ProcessedDocument(**{name: row[name] for name in ProcessedDocument.model_fields})
        )

    async def pages(self, wanted: DocumentFilter, size: int) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """The matching documents by ref, `size` at a time, as mappings of plain values."""
        statement = readable_as(wanted).where(*conditions(wanted, self._database.dialect))
        for part in _parts(statement, wanted.channel_ids):
            async for page in self._database.pages(part, _doc.source_ref, size):
                yield page

    async def page(
        self,
        wanted: DocumentFilter,
        order: Order,
        limit: int,
        after: Position | None = None,
        *,
        allowed: Collection[str] | None = None,
    ) -> DocumentSlice:
        """A page of the matching documents, as mappings of plain values; `allowed` as in `TopicStorage.topics_of`."""
        dialect = self._database.dialect
        chosen = chosen_documents(wanted, dialect)

        async def read(conn: AsyncConnection) -> DocumentSlice:
            found = await self._paged.page(conn, readable_as(wanted), chosen, order, limit, after=after)
            topics = await topics_of(conn, dialect, [row["source_ref"] for row in found.rows], allowed)
            return DocumentSlice(found.rows, topics, found.end)

        return await self._database.read(read)

    async def count(self, wanted: DocumentFilter) -> int:
        """How many documents `pages` would read."""
        counted = select(func.count().label("all")).select_from(processed_documents)
        counted = counted.where(*conditions(wanted, self._database.dialect))
        return sum([(await self._database.rows(part))[0]["all"] for part in _parts(counted, wanted.channel_ids)])

    async def counts(self, channel_id: str) -> DocumentCounts:
        """Documents, noise and failures of a channel."""
        has_text = _doc.text_clean != ""
        documents = select(
            func.count().label("all"),
            func.count().filter(and_(_doc.is_noise, has_text)).label("noise"),
            func.count().filter(~has_text).label("without_text"),
        )
        made = (await self._database.rows(documents.where(channel_range(_doc.source_ref, channel_id))))[0]
        ledger = select(func.count().label("all")).where(channel_range(_failed.source_ref, channel_id))
        failed = (await self._database.rows(ledger))[0]
        return DocumentCounts(made["all"], made["noise"], failed["all"], made["without_text"])

    async def content_fingerprint(self, channel_ids: Sequence[str]) -> str:
        """A text that changes whenever a document of these channels is made, made again or removed."""
        parts = [f"{channel_id} {await changes_of(self._database, channel_id)}" for channel_id in sorted(channel_ids)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    async def delete_channel(self, channel_id: str) -> None:
        """Delete all documents and failures of a channel, and the answers its documents were made from."""

        async def remove(conn: AsyncConnection) -> None:
            await self._database.dialect.lift_time_limit(conn)
            for table in (processing_claims, processing_failures, processed_documents):
                await conn.execute(delete(table).where(channel_range(table.c.source_ref, channel_id)))
            await note_lost(conn, channel_range(topic_items.c.source_ref, channel_id))
            await count_change(self._database, conn, [channel_id])
            await forget_answers(conn, channel_id)

        await self._database.write(remove)

    async def _remove(self, conn: AsyncConnection, table: Any, refs: Sequence[str]) -> None:
        await conn.execute(delete(table).where(self._database.dialect.any_of(table.c.source_ref, refs)))


def _parts(statement: Select[*tuple[Any, ...]], channel_ids: Sequence[str] | None) -> list[Select[*tuple[Any, ...]]]:
    """`statement` channel by channel, in the order of their refs: each part is one range of the key."""
    if channel_ids is None:
        return [statement]
    ordered = sorted(set(channel_ids), key=lambda channel_id: f"tg:{channel_id}:")
    return [statement.where(channel_range(_doc.source_ref, channel_id)) for channel_id in ordered]


def _document_row(stored: StoredDocument) -> Row:
    document = storable_json(stored.document.model_dump(mode="json", exclude={"processed_at"}))
    row = {_COLUMN.get(name, name): value for name, value in document.items()}
    return {
        **row,
        "processed_at": stored.document.processed_at,
        "revision": stored.revision,
        "is_grouped": False,
        "is_indexed": stored.entry is not None,
        "message_date": stored.message_date,
        "message_type": stored.message_type,
        "thread_id": stored.thread_id,
        "parent_message_id": stored.parent_message_id,
    }


_COLUMN = {name: column for column, name in READ_AS.items()}


def _failure_row(failure: Failure) -> Row:
    return {
        "source_ref": failure.source_ref,
        "channel_id": failure.channel_id,
        "revision": failure.revision,
        "attempts": failure.attempts,
        "last_attempt_at": failure.at,
        "error_class": failure.error_class,
        "error_message": storable(failure.error_message),
        "error_details_json": None,
    }


def _failure(row: Mapping[str, Any]) -> Failure:
    return Failure(
        source_ref=row["source_ref"],
        channel_id=row["channel_id"],
        revision=row["revision"],
        error_class=row["error_class"] or "",
        error_message=row["error_message"] or "",
        at=row["last_attempt_at"],
        attempts=row["attempts"],
    )
