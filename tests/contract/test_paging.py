"""Pages of documents and messages: every filter against a model in Python, and what is stored meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from query_counts import counted_queries
from samples import CHANNEL, NOW, document, message, topic

from tg_parser.domain.documents import Sentiment
from tg_parser.domain.folding import contains
from tg_parser.domain.pages import Order
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores import paging
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage, StoredDocument
from tg_parser.storage.stores.message_reading import MessageFilter, MessageReading
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage

OTHER, THIRD = "-1009", "durov"
CHANNELS = (CHANNEL, OTHER, THIRD)
TEXTS = ("Мост через реку", "МОСТ", "straße [1]* a?b", "STRASSE", "Ἀθῆνΐς Σ", "x^y\\d 100%_", "")


@pytest.fixture
def documents(databases: Databases) -> ProcessingStorage:
    return ProcessingStorage(databases.processing)


@pytest.fixture
def messages(databases: Databases) -> MessageReading:
    return MessageReading(databases.raw)


def made() -> Iterator[StoredDocument]:
    """Three channels of documents with every mix of language, tone, noise and words; some of the same minute."""
    kinds = product(("ru", "en", None), ("positive", "negative", None), (True, False), TEXTS)
    for number, (language, tone, noise, text) in enumerate(kinds, 1):
        yield document(
            1 + number // 2 * 2 if number % 3 else number,
            text,
            channel=CHANNELS[number % 3],
            language=language,
            sentiment=Sentiment(label=tone, score=0.9) if tone else None,
            is_noise=noise,
            summary="Итог: мост" if number % 7 == 0 else None,
        )


def distinct(stored: Iterable[StoredDocument]) -> list[StoredDocument]:
    return list({each.document.source_ref: each for each in stored}.values())


def fits(each: StoredDocument, wanted: DocumentFilter) -> bool:
    """The filter as a person reads it."""
    doc, date = each.document, each.message_date
    return all(
        [
            wanted.channel_ids is None or doc.channel_id in wanted.channel_ids,
            wanted.date_from is None or date >= wanted.date_from,
            wanted.date_to is None or date < wanted.date_to,
            wanted.language is None or doc.language == wanted.language,
            wanted.sentiment is None or (doc.sentiment is not None and doc.sentiment.label == wanted.sentiment),
            wanted.noise is None or doc.is_noise == wanted.noise,
            not wanted.contains or contains(doc.text_clean, wanted.contains) or contains(doc.summary, wanted.contains),
        ]
    )


PLACES = {
    "newest": lambda each: (-each.message_date.timestamp(), [-ord(x) for x in each.document.source_ref] + [0]),
    "oldest": lambda each: (each.message_date, each.document.source_ref),
    "ref": lambda each: each.document.source_ref,
}

filters = st.builds(
    DocumentFilter,
    channel_ids=st.none() | st.lists(st.sampled_from((*CHANNELS, "nobody")), max_size=3).map(tuple),
    date_from=st.none() | st.integers(0, 130).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    date_to=st.none() | st.integers(0, 130).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    language=st.sampled_from((None, None, "ru", "xx")),
    sentiment=st.sampled_from((None, None, "positive", "negative")),
    noise=st.sampled_from((None, True, False)),
    contains=st.sampled_from(
        (None, None, "мост", "ТОГ: М", "SS", "ß", "[1]*", "?B", "ῆνΐσ", "σ", "^Y\\D", "%_", "ſtra", "nowhere")
    ),
)


async def every(documents: ProcessingStorage, wanted: DocumentFilter, order: Order, limit: int) -> list[str]:
    """The refs of all pages; and no page is longer than asked for."""
    found, after = [], None
    while True:
        page = await documents.page(wanted, order, limit, after)
        assert len(page.rows) <= limit
        found += [row["source_ref"] for row in page.rows]
        if (after := page.end) is None:
            return found


async def test_filters_find_what_they_say(documents: ProcessingStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any filters together, in any order, on pages of any size, find what the same filters in Python find."""
    stored = distinct(made())
    await documents.store(stored)
    cases = []

    @hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(filters, st.sampled_from(("newest", "oldest", "ref")), st.sampled_from((1, 3, 50)))
    def collect(wanted: DocumentFilter, order: Order, limit: int) -> None:
        cases.append((wanted, order, limit))

    collect()
    for wanted, order, limit in cases:
        expected = sorted((each for each in stored if fits(each, wanted)), key=PLACES[order])
        found = await every(documents, wanted, order, limit)
        assert found == [each.document.source_ref for each in expected], (wanted, order, limit)


@pytest.mark.parametrize("order", ["newest", "oldest", "ref"])
async def test_what_is_stored_meanwhile_neither_repeats_nor_hides(documents: ProcessingStorage, order: Order) -> None:
    """Between the pages documents come, change and go: what was there all the time is found once."""
    await documents.store([document(number * 2) for number in range(1, 21)])
    found, after = [], None
    for turn in range(100):
        page = await documents.page(DocumentFilter(channel_ids=(CHANNEL,)), order, 3, after)
        found += [row["source_message_id"] for row in page.rows]
        if (after := page.end) is None:
            break
        await documents.store([document(turn * 4 + 1), document(40 - turn * 2, "edited", revision=1)])
        await documents.remove_documents([document(turn * 4 + 1).document.source_ref])
    assert len(found) == len(set(found))
    assert {str(number * 2) for number in range(1, 21)} <= set(found)


async def test_topic_is_read_by_page(documents: ProcessingStorage, databases: Databases) -> None:
    """The documents of a topic, also within channels and with its anchors alone, in the order of their dates."""
    await documents.store([document(number) for number in range(1, 9)])
    await TopicStorage(databases.processing).replace([CHANNEL], [topic(5, 2, 7)], [], TopicRun("f", NOW, {}))
    wanted = DocumentFilter(topic_id=topic(5)[0].id)
    assert await every(documents, wanted, "newest", 2) == [f"tg:-100123:post:{number}" for number in (7, 5, 2)]
    anchors = DocumentFilter(topic_id=topic(5)[0].id, include_supporting=False)
    assert await every(documents, anchors, "oldest", 2) == ["tg:-100123:post:5"]
    assert await every(documents, DocumentFilter((OTHER,), topic_id=topic(5)[0].id), "newest", 2) == []
    refs = ("tg:-100123:post:3", "tg:-100123:post:1", "tg:-100123:post:99")
    assert await every(documents, DocumentFilter(source_refs=refs), "newest", 1) == list(refs[:2])


async def test_search_for_what_is_rare_is_bounded(documents: ProcessingStorage) -> None:
    """A page looks at a bounded number of documents: it may be empty, and the next one goes on from there."""
    rare = document(1, "Needle")
    looked_at = paging.EXAMINED_FOR_WORDS * paging.LEAST_SIZE
    await documents.store([rare, *(document(number, "hay") for number in range(2, looked_at + 50))])
    wanted = DocumentFilter(contains="needle")
    first = await documents.page(wanted, "newest", 10)
    assert (list(first.rows), first.end is None) == ([], False)
    second = await documents.page(wanted, "newest", 10, first.end)
    assert [row["source_ref"] for row in second.rows] == [rare.document.source_ref]
    assert second.end is None


async def test_more_channels_than_a_statement_names(documents: ProcessingStorage) -> None:
    """A filter of hundreds of channels reads them all, in one order."""
    channels = tuple(f"-1001{number:03d}" for number in range(paging.CHANNELS_A_QUERY + 20))
    await documents.store([document(number, channel=channel) for number, channel in enumerate(channels)])
    found = await every(documents, DocumentFilter(channels[1:]), "newest", 50)
    assert found == [f"tg:{channel}:post:{number}" for number, channel in enumerate(channels)][:0:-1]


async def test_page_costs_the_same_number_of_queries_however_long_it_is(documents: ProcessingStorage) -> None:
    """Two queries, or three where rows must be looked at, and one for topics; never one a row or a channel."""
    await documents.store(distinct(made()))
    for wanted, queries in (
        (DocumentFilter(), 3),
        (DocumentFilter(CHANNELS, date_from=NOW), 3),
        (DocumentFilter(CHANNELS, language="ru", contains="мост"), 4),
    ):
        for limit in (1, 100):
            with counted_queries() as sent:
                await documents.page(wanted, "newest", limit)
            assert len(sent) == queries


async def test_messages_are_read_by_page(messages: MessageReading, databases: Databases) -> None:
    """By channel, type, dates and thread; with the present text, without payloads."""
    raw = RawStorage(databases.raw)
    posts = [message(number, raw_payload={"id": number}) for number in (1, 2, 3)]
    replies = [message(number, f"reply {number}", kind="comment", thread_id="2") for number in (10, 11)]
    await raw.store([*posts, *replies, message(2, channel=OTHER)], NOW)
    await raw.store([message(2, "edited")], NOW + timedelta(hours=1))

    async def read(order: Order = "newest", limit: int = 2, **wanted: Any) -> list[str]:
        found: list[Any] = []
        after = None
        while True:
            page, after = await messages.page(MessageFilter(**wanted), order, limit, after)
            found += page
            if after is None:
                return [f"{each.message.message_type}:{each.message.id}" for each in found]

    assert await read() == ["comment:11", "comment:10", "post:3", "post:2", "post:2", "post:1"]
    assert await read(type="post", channel_ids=(CHANNEL,)) == ["post:3", "post:2", "post:1"]
    thread: dict[str, Any] = {"channel_ids": (CHANNEL,), "thread_id": "2"}
    assert await read("oldest", 1, **thread) == ["post:2", "comment:10", "comment:11"]
    assert await read(**thread, type="comment") == ["comment:11", "comment:10"]
    span: dict[str, Any] = {"date_from": NOW + timedelta(minutes=2), "date_to": NOW + timedelta(minutes=10)}
    assert await read(channel_ids=(CHANNEL,), **span) == ["post:3", "post:2"]
    (held, _) = await messages.page(MessageFilter((CHANNEL,), **span), "oldest", 1)
    assert (held[0].message.text, held[0].current_text, held[0].message.raw_payload) == ("text", "edited", None)
