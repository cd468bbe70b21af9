"""Reading without search: topics, messages and entries by filter, the same on both backends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW, document, message, topic

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import InvalidRefError, NotFoundError
from tg_parser.domain.messages import Author
from tg_parser.domain.sources import SourceChange
from tg_parser.services.reading.service import ReadingService
from tg_parser.services.reading.topics import TopicFilter
from tg_parser.services.views.reading import TopicLine
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.wiring.app import open_app

OTHER = "-1009"
RUN = TopicRun("f", NOW, {})


@pytest.fixture
async def reading(settings: Settings) -> AsyncIterator[ReadingService]:
    async with open_databases(settings) as databases:
        raw, documents = RawStorage(databases.raw), ProcessingStorage(databases.processing)
        topics = TopicStorage(databases.processing)
        posts = [message(number, f"Text {number}") for number in range(1, 8)]
        await raw.store([*posts, message(1, channel=OTHER), message(50, "Reply", kind="comment", thread_id="3")], NOW)
        await raw.store([message(3, "Text 3, edited", author=Author(name="Anna"), views=7)], NOW + timedelta(hours=1))
        await documents.store(
            [document(number, f"Text {number}. МОСТ" if number % 2 else "x") for number in range(1, 8)]
        )
        await documents.store([document(1, "Elsewhere", channel=OTHER), document(8, "Advert", is_noise=True)])
        found = [topic(2, 1, 3, title="Мосты"), topic(5, title="Alone"), topic(6, 7, title="Zoo")]
        await topics.replace([CHANNEL], found, [], RUN)
        await topics.replace([OTHER], [topic(1, channel=OTHER, title="Far")], [], RUN)
    async with open_app(settings) as app:
        await app.sources.add(
            SourceChange(source_id="s", channel_id=CHANNEL, channel_username="durov", peer_id="-1001032086354")
        )
        yield app.reading


def titles(found: list[TopicLine]) -> list[str]:
    return [one.title for one in found]


async def test_topics_are_listed_in_every_order(reading: ReadingService) -> None:
    """Most messages first, then by id; by title; only so many; with the number of their messages."""
    found = await reading.topics.first(TopicFilter())
    assert [(one.title, one.messages) for one in found] == [("Мосты", 3), ("Zoo", 2), ("Alone", 1), ("Far", 1)]
    assert titles(await reading.topics.first(TopicFilter(), "title")) == ["Alone", "Far", "Zoo", "Мосты"]
    assert titles(await reading.topics.first(TopicFilter(), "id")) == ["Мосты", "Alone", "Zoo", "Far"]
    assert titles(await reading.topics.first(TopicFilter(), "newest", limit=1)) == ["Мосты"]


async def test_topics_are_filtered(reading: ReadingService) -> None:
    """By channel, type and words, whatever the case of their letters, in any alphabet."""
    assert titles(await reading.topics.first(TopicFilter(channel_ids=(OTHER,)))) == ["Far"]
    assert titles(await reading.topics.first(TopicFilter(type="singleton"))) == ["Alone", "Far"]
    assert titles(await reading.topics.first(TopicFilter(contains="мост"))) == ["Мосты"]
    assert await reading.topics.first(TopicFilter(contains="nothing")) == []


async def test_topic_is_shown_with_its_members(reading: ReadingService) -> None:
    """Card, and every message once, the anchor first, with date, link and text."""
    view = await reading.topics.one(topic(2)[0].id)
    assert view.card.title == "Мосты"
    assert [(each.message_id, each.text) for each in view.members] == [
        ("2", "x"), ("1", "Text 1. МОСТ"), ("3", "Text 3. МОСТ"),
    ]  # fmt: skip
    assert view.members[0].date == "2024-11-27T09:02:00Z"
    assert view.members[0].link == "https://t.me/durov/2"
    with pytest.raises(NotFoundError, match="There is no topic 'topic:tg:-100123:post:99'"):
        await reading.topics.one("topic:tg:-100123:post:99")


@pytest.mark.parametrize(
    "written",
    [
        "tg:-100123:post:3",
        "https://t.me/durov/3",
        "t.me/durov/3",
        "https://t.me/c/1032086354/3",
        "https://t.me/s/durov/3",
    ],
)
async def test_message_is_found_by_ref_and_by_link(reading: ReadingService, written: str) -> None:
    """As first seen, as it says now, with its log, document, topics and link, however it is named."""
    view = await reading.messages.one(written)
    assert (view.message.text, view.current_text) == ("Text 3", "Text 3, edited")
    assert [(each.revision, each.text) for each in view.revisions] == [(1, "Text 3, edited")]
    assert view.document is not None
    assert view.document.text_clean == "Text 3. МОСТ"
    assert view.topics == {topic(2)[0].id: "Мосты"}
    assert view.link == "https://t.me/durov/3"


async def test_comment_is_found_by_its_link(reading: ReadingService) -> None:
    """A comment of a channel is known by its own number behind the post's."""
    assert (await reading.messages.one("https://t.me/durov/3?comment=50")).message.text == "Reply"
    assert (await reading.messages.one("tg:-100123:comment:50")).document is None


async def test_comment_of_a_later_group_is_told_by_its_post(settings: Settings) -> None:
    """Two groups that followed one another both have a comment 50: the post in the link says which is meant."""
    async with open_databases(settings) as databases:
        first = message(50, "First group", kind="comment", thread_id="3")
        other = message(51, "Later group", kind="comment", thread_id="4")
        later = other.model_copy(update={"id": "50@222", "source_ref": "tg:-100123:comment:50@222"})
        await RawStorage(databases.raw).store([first, later], NOW)
        await IngestionStorage(databases.ingestion).save_source(
            SourceChange(source_id="s", channel_id=CHANNEL, channel_username="durov", peer_id="-1001032086354"), NOW
        )
        await IngestionStorage(databases.ingestion).set_progress("s", NOW, discussion_groups=["111", "222"])
    async with open_app(settings) as app:
        assert (await app.reading.messages.one("https://t.me/durov/3?comment=50")).message.text == "First group"
        assert (await app.reading.messages.one("https://t.me/durov/4?comment=50")).message.text == "Later group"
        assert (await app.reading.messages.one("tg:-100123:comment:50@222")).message.text == "Later group"


async def test_what_is_not_held_is_told(reading: ReadingService) -> None:
    """An unknown message is not there; what is no reference is refused."""
    with pytest.raises(NotFoundError, match=r"There is no message https://t\.me/durov/99"):
        await reading.messages.one("https://t.me/durov/99")
    with pytest.raises(InvalidRefError):
        await reading.messages.one("tg:durov:photo:1")


async def entries(
    reading: ReadingService, contains: str | None = None, limit: int | None = None, **wanted: Any
) -> list[str]:
    found = reading.entries.each(DocumentFilter(**wanted, contains=contains), limit)
    return [each["id"].removeprefix("kb:msg:tg:") async for each in found]


async def test_entries_pass_every_filter(reading: ReadingService) -> None:
    """Channel, topic, dates, noise, words, number; in the order of an export."""
    everything = [f"-100123:post:{number}" for number in range(1, 9)]
    assert await entries(reading) == [*everything, "-1009:post:1"]
    assert await entries(reading, channel_ids=(OTHER,)) == ["-1009:post:1"]
    assert await entries(reading, topic_id=topic(6)[0].id) == ["-100123:post:6", "-100123:post:7"]
    span: dict[str, Any] = {"date_from": NOW + timedelta(minutes=3), "date_to": NOW + timedelta(minutes=5)}
    assert await entries(reading, channel_ids=(CHANNEL,), **span) == ["-100123:post:3", "-100123:post:4"]
    assert await entries(reading, noise=True) == ["-100123:post:8"]
    assert "-100123:post:8" not in await entries(reading, noise=False)
    assert await entries(reading, contains="мост", limit=2) == ["-100123:post:1", "-100123:post:3"]
    assert await entries(reading, limit=1) == ["-100123:post:1"]


async def test_entry_is_that_of_an_export(reading: ReadingService) -> None:
    """With topics, link and what the message is known by."""
    (entry,) = [each async for each in reading.entries.each(DocumentFilter(source_refs=("tg:-100123:post:3",)))]
    assert entry["topics"] == [topic(2)[0].id]
    assert entry["metadata"]["link"] == "https://t.me/durov/3"
    assert (entry["metadata"]["author"]["name"], entry["metadata"]["views"]) == ("Anna", 7)
