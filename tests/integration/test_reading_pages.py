"""Lists by page and as streams, and what a reader sees who may see some channels only."""

from __future__ import annotations

import tracemalloc
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from query_counts import counted_queries
from samples import CHANNEL, NOW, document, message, topic

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import InvalidCursorError, NotFoundError, UsageError
from tg_parser.domain.pages import Order, PageRequest
from tg_parser.domain.sources import SourceChange
from tg_parser.domain.topics import TopicBundle, TopicCard
from tg_parser.services.reading.service import ReadingService
from tg_parser.services.reading.topics import TopicFilter, TopicOrder
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.message_reading import MessageFilter
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.wiring.app import open_app

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER = "-1009"
MIXED = topic(5)[0].id


def mixed() -> tuple[TopicCard, TopicBundle]:
    """A topic that begins in one channel and has a message of another."""
    card, bundle = topic(5, title="Mixed")
    (of_other,) = topic(1, channel=OTHER)[1].items
    items = (*bundle.items, of_other.model_copy(update={"role": "supporting"}))
    return card, bundle.model_copy(update={"items": items, "channels": (CHANNEL, OTHER)})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reading(shared_settings: Settings) -> AsyncIterator[ReadingService]:
    async with open_databases(shared_settings) as databases:
        raw, documents = RawStorage(databases.raw), ProcessingStorage(databases.processing)
        topics = TopicStorage(databases.processing)
        posts = [message(number, f"Text {number}") for number in range(1, 8)]
        replies = [message(50, "Reply", kind="comment", thread_id="3"), message(1, "Secret", channel=OTHER)]
        await raw.store([*posts, *replies], NOW)
        await documents.store([document(number, f"Text {number}") for number in range(1, 8)])
        await documents.store([document(1, "Secret", channel=OTHER)])
        card, bundle = topic(2, 1, 3, title="Own")
        own = card.model_copy(update={"related_topics": (MIXED, topic(6)[0].id)}), bundle
        await topics.replace([CHANNEL], [own, mixed(), topic(6, 7)], [], TopicRun("f", NOW, {}))
        await topics.replace([OTHER], [topic(1, channel=OTHER, title="Far")], [], TopicRun("f", NOW, {}))
    async with open_app(shared_settings) as app:
        await app.sources.add(
            SourceChange(source_id="s", channel_id=CHANNEL, channel_username="durov", peer_id="-1001032086354")
        )
        yield app.reading


async def walked(page: Callable[..., Any], wanted: Any, **order: Any) -> list[Any]:
    """All items of all pages of two, each page asked for with the cursor of the last."""
    found, cursor = [], None
    while True:
        one = await page(wanted, PageRequest(2, cursor), **order)
        found += one.items
        if (cursor := one.next_cursor) is None:
            return found


async def test_documents_are_read_by_page(reading: ReadingService) -> None:
    """Newest first, with link, topics and the facts of the message; one of them by its id."""
    found = await walked(reading.documents.page, DocumentFilter((CHANNEL,)))
    assert [each.document.source_message_id for each in found] == ["7", "6", "5", "4", "3", "2", "1"]
    one = await reading.documents.one("doc:tg:-100123:post:3")
    assert (one.link, one.topics, one.message_type) == ("https://t.me/durov/3", (topic(2)[0].id,), "post")
    assert one == found[4]
    with pytest.raises(NotFoundError, match="There is no document of tg:-100123:post:99"):
        await reading.documents.one("tg:-100123:post:99")


async def test_messages_and_threads_are_read_by_page(reading: ReadingService) -> None:
    """A thread begins with its post, whichever of its messages is named; a list begins with the newest."""
    found = await walked(reading.messages.page, MessageFilter((CHANNEL,), type="post"), order="oldest")
    assert [each.message.id for each in found] == ["1", "2", "3", "4", "5", "6", "7"]
    for named in ("t.me/durov/3", "tg:-100123:comment:50"):
        thread = await walked(reading.messages.thread, named)
        assert [each.current_text for each in thread] == ["Text 3", "Reply"]
    assert thread[1].link == "https://t.me/durov/3?comment=50"
    with pytest.raises(UsageError, match="A thread belongs to a channel"):
        await reading.messages.page(MessageFilter(thread_id="3"), PageRequest())


async def test_entries_are_read_by_page(reading: ReadingService) -> None:
    """The entries of a page are those of the stream; one of them by its id."""
    found = await walked(reading.entries.page, DocumentFilter(), order="ref")
    assert found == [each async for each in reading.entries.each(DocumentFilter())]
    assert await reading.entries.one("kb:msg:tg:-100123:post:3") == found[2]


@pytest.mark.parametrize(
    ("order", "titles"),
    [
        ("messages", ["Own", "Title", "Mixed", "Far"]),
        ("title", ["Far", "Mixed", "Own", "Title"]),
        ("id", ["Own", "Mixed", "Title", "Far"]),
        ("newest", ["Own", "Mixed", "Title", "Far"]),
        ("updated", ["Own", "Mixed", "Title", "Far"]),
    ],
)
async def test_topics_are_read_by_page(reading: ReadingService, order: TopicOrder, titles: list[str]) -> None:
    """In every order that a list has."""
    found = await walked(reading.topics.page, TopicFilter(), order=order)
    assert sorted(each.title for each in found) == sorted(titles)
    assert [each.id for each in found] == [each.id for each in await reading.topics.first(TopicFilter(), order)]
    if order in {"title", "id"}:
        assert [each.title for each in found] == titles


def forged(*place: Any) -> str:
    import orjson

    return urlsafe_b64encode(orjson.dumps(list(place))).decode()


@pytest.mark.parametrize(
    "cursor", ["", "x", "ä", "%00", forged("a", "b"), forged({}), forged("0" * 12, 1), "W10", "e30"]
)
async def test_bad_cursor_is_refused(reading: ReadingService, cursor: str) -> None:
    """Whatever a stranger sends is an error with a code, for every list."""
    asked = PageRequest(2, cursor)
    lists: list[tuple[Callable[..., Any], Any]] = [
        (reading.messages.page, MessageFilter()),
        (reading.documents.page, DocumentFilter()),
        (reading.entries.page, DocumentFilter()),
        (reading.topics.page, TopicFilter()),
    ]
    for page, wanted in lists:
        with pytest.raises(InvalidCursorError) as error:
            await page(wanted, asked)
        assert error.value.code == "invalid_cursor"


async def test_cursor_of_another_list_is_refused(reading: ReadingService) -> None:
    """A cursor goes on with the list, the filter and the order it was given for, and with a place of its own form."""
    given = (await reading.documents.page(DocumentFilter(), PageRequest(2))).next_cursor
    others: list[tuple[Callable[..., Any], DocumentFilter, Order]] = [
        (reading.entries.page, DocumentFilter(), "newest"),
        (reading.documents.page, DocumentFilter((CHANNEL,)), "newest"),
        (reading.documents.page, DocumentFilter(), "oldest"),
    ]
    for page, wanted, order in others:
        with pytest.raises(InvalidCursorError):
            await page(wanted, PageRequest(2, given), order)
    await reading.documents.page(DocumentFilter(), PageRequest(500, given))
    digest = ("documents", DocumentFilter(), "newest")
    from tg_parser.domain.pages import cursor_of

    for place in (("tomorrow", "x"), (1, "x"), ("2024-01-01", "a\x00b"), ("0001-01-01T00:00:00+23:59", "x"), ()):
        with pytest.raises(InvalidCursorError):
            await reading.documents.page(DocumentFilter(), PageRequest(2, cursor_of(place, *digest)))


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_page_has_a_size(limit: int) -> None:
    """A page can have 1 to 500 items."""
    with pytest.raises(UsageError, match="A page can have 1 to 500 items"):
        PageRequest(limit)


async def test_reader_of_some_channels_sees_nothing_else(reading: ReadingService) -> None:
    """Other channels are as if they did not exist, whatever is asked for, and so are topics made of them."""
    mine = reading.restricted_to([CHANNEL])
    assert len(await walked(mine.documents.page, DocumentFilter())) == 7
    assert await walked(mine.documents.page, DocumentFilter((OTHER,))) == []
    assert len(await walked(mine.documents.page, DocumentFilter(topic_id=topic(6)[0].id))) == 2
    assert await walked(mine.entries.page, DocumentFilter(contains="secret")) == []
    assert {each.message.channel_id for each in await walked(mine.messages.page, MessageFilter())} == {CHANNEL}
    assert [each.title for each in await walked(mine.topics.page, TopicFilter())] == ["Own", "Title"]
    assert [each.title for each in await walked(mine.topics.page, TopicFilter((OTHER,)))] == []
    assert (await mine.documents.one("tg:-100123:post:5")).topics == ()
    assert (await mine.messages.one("tg:-100123:post:5")).topics == {}
    assert (await mine.topics.one(topic(2)[0].id)).card.related_topics == (topic(6)[0].id,)
    secret = f"tg:{OTHER}:post:1"
    lookups: list[tuple[Callable[..., Any], str]] = [
        (mine.messages.one, secret),
        (mine.messages.thread, secret),
        (mine.documents.one, secret),
        (mine.entries.one, secret),
        (mine.topics.one, MIXED),
        (mine.topics.one, topic(1, channel=OTHER)[0].id),
    ]
    for one, asked in lookups:
        with pytest.raises(NotFoundError):
            await (one(asked, PageRequest()) if one == mine.messages.thread else one(asked))
    for page in (mine.documents.page, mine.entries.page):
        with pytest.raises(NotFoundError):
            await page(DocumentFilter(topic_id=MIXED), PageRequest())
    assert await walked(mine.restricted_to([OTHER]).documents.page, DocumentFilter()) == []
    assert await walked(reading.restricted_to([]).messages.page, MessageFilter()) == []
    assert (await reading.documents.one(secret)).document.text_clean == "Secret"


async def test_page_costs_the_same_number_of_queries_however_long_it_is(reading: ReadingService) -> None:
    """Never a query an item."""
    lists: list[tuple[Callable[..., Any], Any]] = [
        (reading.messages.page, MessageFilter()),
        (reading.documents.page, DocumentFilter()),
        (reading.entries.page, DocumentFilter(contains="text")),
        (reading.topics.page, TopicFilter()),
    ]
    for page, wanted in lists:
        counts = []
        for limit in (1, 5):
            with counted_queries() as sent:
                await page(wanted, PageRequest(limit))
            counts.append(len(sent))
        assert counts[0] == counts[1] <= 5


async def test_stream_is_never_held_whole(settings: Settings) -> None:
    """A stream of 20 MB of documents holds one piece of it at a time."""
    async with open_databases(settings) as databases:
        documents = ProcessingStorage(databases.processing)
        for first in range(1, 4001, 1000):
            await documents.store([document(number, "x" * 5000) for number in range(first, first + 1000)])
    async with open_app(settings) as app:
        async for _ in app.reading.documents.each(DocumentFilter(channel_ids=("nobody",))):
            pass
        tracemalloc.start()
        count = sum([1 async for _ in app.reading.documents.each(DocumentFilter())])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 4000
    assert peak < 12_000_000
