"""Claim storage: which messages are waiting, and who is at work on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW, document, message

from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.documents import Failure, ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage

LATER = NOW + timedelta(days=1)


@pytest.fixture
def raw(databases: Databases) -> RawStorage:
    return RawStorage(databases.raw)


@pytest.fixture
def documents(databases: Databases) -> ProcessingStorage:
    return ProcessingStorage(databases.processing)


@pytest.fixture
def claims(databases: Databases) -> ClaimStorage:
    return ClaimStorage(databases.processing)


@pytest.fixture
def waiting_ids(documents: ProcessingStorage, claims: ClaimStorage) -> Callable[..., Any]:
    """Ids of the waiting messages, claimed and given up again; they are as many as are counted."""

    async def look(**options: Any) -> list[str]:
        found = await claims.take_waiting(CHANNEL, "me", **{"after_ref": None, "limit": 100, **options})
        await claims.release("me")
        if not {"after_ref", "limit"} & options.keys():
            assert len(found) == await documents.count_waiting(CHANNEL, **options)
        return [each.message.id for each in found]

    return look


@pytest.fixture
def claimed(claims: ClaimStorage) -> Callable[..., Any]:
    """Ids of the waiting messages that a holder claims."""

    async def take(holder: str, limit: int) -> list[str]:
        found = await claims.take_waiting(CHANNEL, holder, after_ref=None, limit=limit)
        return [waiting.message.id for waiting in found]

    return take


def failure(number: int, **fields: Any) -> Failure:
    ref = message(number).source_ref
    return Failure(ref, CHANNEL, **{"revision": 0, "error_class": "E", "error_message": "bad", "at": NOW, **fields})


async def test_messages_without_document_are_waiting(
    raw: RawStorage, documents: ProcessingStorage, waiting_ids: Callable[..., Any]
) -> None:
    """By ref, page by page; service messages never."""
    await raw.store([message(1), message(2), message(3, "", service_action="pin"), message(4)], NOW)
    await raw.store([message(9, channel="-1001234")], NOW)
    await documents.store([document(2)])
    assert await waiting_ids() == ["1", "4"]
    assert await waiting_ids(after_ref=message(1).source_ref) == ["4"]
    assert await waiting_ids(limit=1) == ["1"]
    assert await waiting_ids(force=True) == ["1", "2", "4"]


async def test_newer_revision_is_waiting_with_its_text(
    raw: RawStorage, documents: ProcessingStorage, waiting_ids: Callable[..., Any], claims: ClaimStorage
) -> None:
    """An edited message is waiting again, and the newest text is what is to be processed."""
    await raw.store([message(1, "old"), message(2)], NOW)
    await documents.store([document(1), document(2)])
    await raw.store([message(1, "new")], LATER)
    (waiting,) = await claims.take_waiting(CHANNEL, "me", after_ref=None, limit=10)
    assert (waiting.message.text, waiting.revision, waiting.deleted) == ("new", 1, False)
    await documents.store([document(1, "new", revision=1)])
    assert await waiting_ids() == []


async def test_deleted_message_is_waiting_while_it_has_a_document(
    raw: RawStorage, documents: ProcessingStorage, waiting_ids: Callable[..., Any], claims: ClaimStorage
) -> None:
    """The document is to go, once; a deleted message that never had one is left alone."""
    await raw.store([message(1), message(2), message(3)], NOW)
    await documents.store([document(1), document(3)])
    await raw.mark_deleted([message(1).source_ref, message(2).source_ref], LATER)
    (waiting,) = await claims.take_waiting(CHANNEL, "me", after_ref=None, limit=10)
    assert (waiting.message.id, waiting.revision, waiting.deleted) == ("1", 1, True)
    await documents.remove_documents([waiting.message.source_ref])
    assert await waiting_ids() == []
    assert await waiting_ids(force=True) == ["3"]


async def test_nobody_claims_what_another_has(
    raw: RawStorage, documents: ProcessingStorage, claims: ClaimStorage, claimed: Callable[..., Any]
) -> None:
    """What one holder has claimed is passed over by the next, until it is done, failed or given up."""
    await raw.store([message(number) for number in range(1, 7)], NOW)
    mine = await claimed("me", limit=3)
    assert (mine, await claimed("you", limit=10)) == (["1", "2", "3"], ["4", "5", "6"])
    assert await claimed("me", limit=10) == []
    assert await claims.holders() == ["me", "you"]
    await documents.store([document(1)])
    await documents.record_failures([failure(2)])
    assert await claims.release("me") == 1
    assert await claims.release("you") == 3
    assert await claimed("you", limit=10) == ["3", "4", "5", "6"]


async def test_failed_message_waits_for_retry(
    raw: RawStorage, documents: ProcessingStorage, waiting_ids: Callable[..., Any]
) -> None:
    """A message in the ledger is waiting only on request, or when it has changed since."""
    await raw.store([message(1), message(2)], NOW)
    await documents.record_failures([failure(1), failure(2)])
    assert await waiting_ids() == []
    assert await waiting_ids(retry_failed=True) == ["1", "2"]
    await raw.store([message(2, "changed")], LATER)
    assert await waiting_ids() == ["2"]


async def test_texts_are_the_newest(raw: RawStorage, claims: ClaimStorage) -> None:
    """Whatever is held is told with its newest text, claimed or not; what is not held is left out."""
    await raw.store([message(1, "one"), message(2, "two"), message(3, "three", kind="comment")], NOW)
    await raw.store([message(2, "two, edited")], LATER)
    refs = [message(number).source_ref for number in (1, 2, 9)] + [message(3, kind="comment").source_ref]
    assert await claims.texts(refs) == dict(
        zip((refs[0], refs[1], refs[3]), ("one", "two, edited", "three"), strict=True)
    )
    assert await claims.texts([]) == {}
