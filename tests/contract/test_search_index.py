"""The search index in storage: what matches, how frequent it is, and that it follows its documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from samples import CHANNEL, NOW, document, message

from tg_parser.domain.search_entries import first_number
from tg_parser.nlp.indexing import Indexed, channel_mark, entry_of
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.term_queries import NumberRange, TermQuery
from tg_parser.storage.stores.documents import ProcessingStorage, StoredDocument
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.search_index import COUNTED, EVER, SearchIndex


@pytest.fixture
def documents(databases: Databases) -> ProcessingStorage:
    return ProcessingStorage(databases.processing)


@pytest.fixture
def index(databases: Databases) -> SearchIndex:
    return SearchIndex(databases.processing)


def indexed(number: int, text: str, channel: str = CHANNEL) -> StoredDocument:
    stored = document(number, text, channel=channel)
    made = stored.document
    facts = Indexed(made.source_ref, channel, str(number), "post", stored.message_date, text)
    return replace(stored, entry=entry_of(facts))


async def found(index: SearchIndex, wanted: TermQuery, within: NumberRange = EVER, limit: int = 100) -> list[str]:
    entries = await index.entries(await index.numbers(wanted, within, limit))
    return [entry.source_ref.rsplit(":", 1)[1] for entry in entries]


def groups(*alternatives: tuple[str, ...]) -> TermQuery:
    return TermQuery((alternatives,))


async def test_terms_are_found_newest_first(documents: ProcessingStorage, index: SearchIndex) -> None:
    """OR, AND, NOT and marks find the same on both backends; the limit takes the newest."""
    texts = ["one two", "two three", "three it's o'clock", "one three"]
    await documents.store([indexed(n, text) for n, text in enumerate(texts, 1)] + [indexed(5, "one", "-1009")])
    assert await found(index, groups(("one",), ("two",))) == ["5", "4", "2", "1"]
    assert await found(index, groups(("one", "three"))) == ["4"]
    assert await found(index, groups(("one",)).also((channel_mark(CHANNEL),))) == ["4", "1"]
    assert await found(index, TermQuery((), ("one",))) == ["3", "2"]
    assert await found(index, groups(("one",)), limit=1) == ["5"]
    assert await found(index, groups(("o'clock",))) == ["3"]


async def test_numbers_are_times(documents: ProcessingStorage, index: SearchIndex) -> None:
    """A range of numbers is a range of time, half-open."""
    await documents.store([indexed(n, "one") for n in range(1, 6)])
    second, fourth = ((NOW + timedelta(minutes=n)).timestamp() for n in (2, 4))
    within = NumberRange(first_number(int(second)), first_number(int(fourth)))
    assert await found(index, groups(("one",)), within) == ["3", "2"]


@pytest.mark.parametrize("term", ['"', "'", "\\", "a'b", 'x" OR "one', "one* NEAR", "' | 'one", "&!|()", "🙂", "שלום"])
async def test_a_term_is_never_syntax(documents: ProcessingStorage, index: SearchIndex, term: str) -> None:
    """Whatever a term is, it is only a term: neither an error nor another query."""
    await documents.store([indexed(1, "one")])
    try:
        assert await found(index, groups((term,))) == []
    finally:
        assert await found(index, groups(("one",))) == ["1"]


async def test_frequent_terms_are_estimated(documents: ProcessingStorage, index: SearchIndex) -> None:
    """Rare terms are counted exactly, a term in every document of many to within a fifth."""
    many = 3 * COUNTED
    await documents.store([indexed(n, "often rare" if n % 100 == 0 else "often") for n in range(1, many + 1)])
    counted = await index.frequencies(["often", "rare", "absent"])
    assert (counted["rare"], counted["absent"]) == (many // 100, 0)
    assert abs(counted["often"] - many) < many / 5
    assert counted["often"] == counted["=all"]


async def test_the_index_follows_its_documents(documents: ProcessingStorage, index: SearchIndex) -> None:
    """A changed document is found by its new words only, a removed one by none, nor those of a deleted channel."""
    await documents.store([indexed(1, "one"), indexed(2, "one"), indexed(3, "one", "-1009")])
    await documents.store([indexed(1, "two")])
    assert await found(index, groups(("one",))) == ["3", "2"]
    await documents.remove_documents([document(2).document.source_ref])
    await documents.delete_channel("-1009")
    assert await found(index, groups(("one",), ("two",))) == ["1"]


async def test_documents_without_entry_are_known(
    databases: Databases, documents: ProcessingStorage, index: SearchIndex
) -> None:
    """They are counted and listed with the facts of their messages, until their entry is added."""
    await RawStorage(databases.raw).store([message(1, author={"id": "5", "name": "A"})], NOW)
    await documents.store([document(1, "one"), indexed(2, "one")])
    (row,) = [row async for page in index.without_entry(10) for row in page]
    assert (await index.missing(), row["author_name"]) == (1, "A")
    entry = entry_of(Indexed.of_stored(row))
    await index.add({row["source_ref"]: entry}, {row["source_ref"]: row["processed_at"]})
    assert await index.missing() == 0
    assert await found(index, groups(("one",))) == ["2", "1"]


async def test_an_entry_of_an_older_text_is_not_added(documents: ProcessingStorage, index: SearchIndex) -> None:
    """A document that was made again while its entry was made waits for the next one."""
    await documents.store([document(1, "one")])
    (row,) = [row async for page in index.without_entry(10) for row in page]
    await documents.store([document(1, "two", processed_at=NOW + timedelta(hours=1))])
    await index.add({row["source_ref"]: entry_of(Indexed.of_stored(row))}, {row["source_ref"]: row["processed_at"]})
    assert await index.missing() == 1
    assert await found(index, groups(("one",))) == []


async def test_a_document_stored_without_entry_loses_its_old_one(
    documents: ProcessingStorage, index: SearchIndex
) -> None:
    """It is found again when it is indexed, and never by words it no longer has."""
    await documents.store([indexed(1, "one")])
    await documents.store([document(1, "two")])
    assert await found(index, groups(("one",))) == []
    assert await index.missing() == 1


async def test_a_lost_index_is_noticed(databases: Databases, documents: ProcessingStorage, index: SearchIndex) -> None:
    """Entries that vanish without their documents are missed, and `forget_all` makes all of them wait again."""
    await documents.store([indexed(1, "one")])
    assert not await index.is_lost()
    await databases.processing.write(lambda conn: conn.exec_driver_sql("DELETE FROM search_entries"))
    assert await index.is_lost()
    await index.forget_all()
    assert (await index.is_lost(), await index.missing()) == (False, 1)
