"""Processing storage: documents and the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW, document, message, topic

from tg_parser.domain.documents import Entity, Sentiment
from tg_parser.domain.text_vectors import TextVector
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.document_changes import changes_of
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import DocumentCounts, Failure, ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage

LATER = NOW + timedelta(days=1)


@pytest.fixture
def raw(databases: Databases) -> RawStorage:
    return RawStorage(databases.raw)


@pytest.fixture
def documents(databases: Databases) -> ProcessingStorage:
    return ProcessingStorage(databases.processing)


def failure(number: int, **fields: Any) -> Failure:
    ref = message(number).source_ref
    return Failure(ref, CHANNEL, **{"revision": 0, "error_class": "E", "error_message": "bad", "at": NOW, **fields})


async def read(documents: ProcessingStorage, **wanted: Any) -> list[str]:
    return [row["source_message_id"] async for page in documents.pages(DocumentFilter(**wanted), 2) for row in page]


async def test_document_comes_back_as_it_was_made(documents: ProcessingStorage) -> None:
    """Every field survives, and NUL from a model's answer does no harm."""
    made = document(
        1,
        "чистый\x00 текст",
        summary="s",
        topics=("a", "b"),
        entities=(Entity(type="link", value="x", confidence=0.5),),
        language="ru",
        sentiment=Sentiment(label="positive", score=0.9),
        is_noise=True,
    )
    await documents.store([made])
    stored = await documents.get(made.document.source_ref)
    assert stored == made.document.model_copy(update={"text_clean": "чистый текст"})


async def test_pages_of_several_channels_follow_the_refs(documents: ProcessingStorage) -> None:
    """Page by page, channels in the order of their refs and not of their numbers, nothing twice."""
    made = [document(number, channel=channel) for channel in ("-1001", "-10012", "-1002") for number in (1, 2, 3)]
    await documents.store(made)
    wanted = DocumentFilter(channel_ids=("-1002", "-1001", "-10012", "-1001"))
    refs = [row["source_ref"] async for page in documents.pages(wanted, 2) for row in page]
    assert refs == [f"tg:{channel}:post:{n}" for channel in ("-10012", "-1001", "-1002") for n in (1, 2, 3)]
    assert [page async for page in documents.pages(DocumentFilter(channel_ids=()), 2)] == []


async def test_ledger_adds_up_attempts_and_forgets_on_success(documents: ProcessingStorage) -> None:
    """Attempts accumulate in SQL; a document clears its message's entry in the same transaction."""
    await documents.record_failures([failure(1), failure(2)])
    await documents.record_failures([failure(1, error_message="worse\x00", at=LATER)])
    newest, other = (await documents.failures([CHANNEL]))[0]
    assert (newest.attempts, newest.error_message, newest.at, other.attempts) == (2, "worse", LATER, 1)
    await documents.store([document(1)])
    assert [each.source_ref for each in (await documents.failures())[0]] == [message(2).source_ref]
    assert (await documents.counts(CHANNEL)).failures == 1


async def test_document_is_replaced_by_ref(documents: ProcessingStorage) -> None:
    """One message has one current document."""
    await documents.store([document(1, "first")])
    await documents.store([document(1, "second", processed_at=LATER)])
    assert (await documents.get(message(1).source_ref)).text_clean == "second"
    assert (await documents.counts(CHANNEL)).documents == 1


async def test_filters(databases: Databases, documents: ProcessingStorage) -> None:
    """Channel, date (half-open), refs, topic with and without supporting messages, noise, text."""
    await documents.store([document(1), document(2, is_noise=True), document(3, ""), document(4)])
    await documents.store([document(7, channel="-1009")])
    run = TopicRun("f", NOW, {})
    await TopicStorage(databases.processing).replace([CHANNEL], [topic(4, 1)], [], run)
    assert await read(documents) == ["1", "2", "3", "4", "7"]
    assert await read(documents, channel_ids=(CHANNEL,)) == ["1", "2", "3", "4"]
    assert await read(documents, channel_ids=()) == []
    assert await read(documents, source_refs=(message(3).source_ref,)) == ["3"]
    assert await read(documents, noise=False, with_text=True) == ["1", "4", "7"]
    span = {"date_from": NOW + timedelta(minutes=2), "date_to": NOW + timedelta(minutes=4)}
    assert await read(documents, **span) == ["2", "3"]
    card, _ = topic(4, 1)
    assert await read(documents, topic_id=card.id) == ["1", "4"]
    assert await read(documents, topic_id=card.id, include_supporting=False) == ["4"]


async def test_fingerprint_changes_with_the_documents(documents: ProcessingStorage) -> None:
    """Equal as long as no document was made, made again or removed; other channels do not matter."""
    seen = [await documents.content_fingerprint([CHANNEL])]
    for change in (
        documents.store([document(1)]),
        documents.store([document(1, "again", processed_at=LATER)]),
        documents.store([document(2)]),
        documents.remove_documents([message(2).source_ref]),
        documents.delete_channel(CHANNEL),
        documents.store([document(1)]),
    ):
        await change
        seen.append(await documents.content_fingerprint([CHANNEL]))
    assert len(set(seen)) == 7
    await documents.store([document(1, channel="-1001230")])
    assert await documents.content_fingerprint([CHANNEL]) == seen[-1]


@pytest.mark.parametrize("moment", [NOW - timedelta(days=400), NOW])
async def test_fingerprint_asks_no_clock(documents: ProcessingStorage, moment: datetime) -> None:
    """An edit that is processed while the clock is behind, or stands still, is seen all the same."""
    await documents.store([document(1, processed_at=NOW), document(2, processed_at=NOW)])
    before = await documents.content_fingerprint([CHANNEL])
    await documents.store([document(1, "edited", processed_at=moment)])
    assert await documents.content_fingerprint([CHANNEL]) != before


async def test_changes_of_many_writers_all_count(databases: Databases, documents: ProcessingStorage) -> None:
    """The count goes up in SQL: fifty writers at once make fifty changes."""
    await asyncio.gather(*(documents.store([document(number)]) for number in range(1, 51)))
    assert await changes_of(databases.processing, CHANNEL) == 50


async def test_channel_can_be_deleted(documents: ProcessingStorage) -> None:
    """Documents and failures of one channel go, others stay."""
    await documents.store([document(1), document(1, channel="-1001230")])
    await documents.record_failures([failure(2)])
    await documents.delete_channel(CHANNEL)
    assert await read(documents) == ["1"]
    assert (await documents.failures())[0] == []


async def test_vectors_are_stored_with_their_documents(documents: ProcessingStorage, databases: Databases) -> None:
    """The embedding of a text comes with its document, once for equal texts; one that is known stays."""
    kept = TextVector("h1", "m", 2, b"12345678")
    again = replace(kept, vector=b"other")
    await documents.store([replace(document(1), vector=kept), replace(document(2), vector=kept), document(3)])
    await documents.store([replace(document(1, "new"), vector=again)])
    assert await TopicStorage(databases.processing).embeddings({"h1"}, "m") == {"h1": b"12345678"}


async def test_noise_and_documents_without_text_are_two_counts(documents: ProcessingStorage) -> None:
    """A photo alone is no noise, not even where an earlier version flagged it as such."""
    await documents.store(
        [document(1), document(2, "ad", is_noise=True), document(3, ""), document(4, "", is_noise=True)]
    )
    assert await documents.counts(CHANNEL) == DocumentCounts(documents=4, noise=1, failures=0, without_text=2)
