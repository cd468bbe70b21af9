"""The collector on chats that are read backwards: whatever ends a run early, nothing is lost and nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW, message

from tg_parser.domain.errors import SourceUnavailableError, WrongChatError
from tg_parser.domain.messages import Adapter, Author, Chat, Forward
from tg_parser.domain.sources import SourceChange
from tg_parser.ingestion.collector import Collector
from tg_parser.ingestion.raw_writer import RawWriter
from tg_parser.ingestion.source import Batch, Window
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.comments import CommentStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage

PAGE = 10


class Backwards:
    """A chat with posts 1 to `newest`, given in pages from the newest down; the connection ends after `pages`."""

    via: Adapter = "web"
    newest_first, follows_cursor = True, False

    def __init__(self, newest: int, pages: int = 1000) -> None:
        self.chat, self._newest, self._pages = Chat(channel_id=CHANNEL), newest, pages
        self.asked: list[tuple[int | None, int | None]] = []

    async def batches(self, window: Window) -> AsyncIterator[Batch]:
        self.asked.append((window.after_id, window.before_id))
        left = self._newest if window.limit is None else window.limit
        before = self._newest + 1 if window.before_id is None else window.before_id
        while before > (window.after_id or 0) + 1 and left > 0:
            if not self._pages:
                raise SourceUnavailableError("The connection is gone.")
            self._pages -= 1
            ids = range(max((window.after_id or 0) + 1, before - min(PAGE, left)), before)
            yield Batch([message(number, via="web") for number in ids])
            before, left = min(ids), left - len(ids)


class Forwards(Backwards):
    """The same chat read forward in time, in one batch."""

    via = "api"
    newest_first, follows_cursor = False, True

    async def batches(self, window: Window) -> AsyncIterator[Batch]:
        ids = range((window.after_id or 0) + 1, self._newest + 1)
        yield Batch([message(number, via="api") for number in ids[: window.limit]])


class Exported(Backwards):
    """Posts `first` to `newest` of the chat in an export, in batches; `began` says how the first of them tells it."""

    via = "export"
    newest_first, follows_cursor = False, False

    def __init__(self, first: int, newest: int, began: str | None = None) -> None:
        super().__init__(newest)
        self._first, self._began = first, began

    async def batches(self, window: Window) -> AsyncIterator[Batch]:
        ids = list(range(self._first, self._newest + 1))
        for start in range(0, len(ids), PAGE):
            told = dict.fromkeys(ids[:1], self._began)
            part = ids[start : start + PAGE]
            yield Batch([message(number, via="export", service_action=told.get(number)) for number in part])


@pytest.fixture
def sources(databases: Databases) -> IngestionStorage:
    return IngestionStorage(databases.ingestion)


@pytest.fixture
def raw(databases: Databases) -> RawStorage:
    return RawStorage(databases.raw)


@pytest.fixture
async def collect(databases: Databases, sources: IngestionStorage, raw: RawStorage) -> Callable[..., Any]:
    await sources.save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    collector = Collector(sources, CommentStorage(databases.ingestion), RawWriter(raw))

    async def run(
        stream: Backwards,
        *,
        limit: int | None = None,
        snapshot: bool = False,
        date_from: datetime | None = None,
    ) -> Counter[str]:
        source = await sources.get("s")
        after = None if snapshot else source.last_post_id or 0
        counts: Counter[str] = Counter()
        try:
            await collector.collect(source, stream, Window(after_id=after, limit=limit, date_from=date_from), counts)
        except SourceUnavailableError:
            counts["failed"] = 1
        return counts

    return run


async def held_ids(raw: RawStorage) -> list[int]:
    return [message_id async for page in raw.pages(CHANNEL) for message_id in sorted(int(m.message.id) for m in page)]


async def test_backwards_to_the_first_post(
    collect: Callable[..., Any], sources: IngestionStorage, raw: RawStorage
) -> None:
    """A whole run stores every post once and leaves the cursor at the newest."""
    counts = await collect(Backwards(35))
    assert (counts["new"], counts["seen"]) == (35, 35)
    source = await sources.get("s")
    assert (source.last_post_id, source.newest_post_id, source.open_ranges) == (35, 35, ())
    assert (await raw.summary(CHANNEL)).posts == 35


async def test_next_run_closes_what_a_lost_connection_left_open(
    collect: Callable[..., Any], sources: IngestionStorage, raw: RawStorage
) -> None:
    """What is new comes first, then the hole; no page is read twice."""
    assert (await collect(Backwards(50, pages=2)))["failed"] == 1
    source = await sources.get("s")
    assert (source.last_post_id, source.open_ranges) == (None, ((0, 31),))
    chat = Backwards(60)
    counts = await collect(chat)
    assert chat.asked == [(50, None), (0, 31)]
    assert (counts["seen"], counts["new"]) == (40, 40)
    assert sorted(await held_ids(raw)) == list(range(1, 61))
    assert (await sources.get("s")).last_post_id == 60


async def test_limited_runs_reach_the_first_post_in_the_end(
    collect: Callable[..., Any], sources: IngestionStorage, raw: RawStorage
) -> None:
    """Each run with a limit takes that many more, the newest first, until nothing is left."""
    assert [(await collect(Backwards(25), limit=10))["new"] for _ in range(4)] == [10, 10, 5, 0]
    assert sorted(await held_ids(raw)) == list(range(1, 26))
    assert (await sources.get("s")).last_post_id == 25


async def test_nothing_new_is_one_look(collect: Callable[..., Any]) -> None:
    """A run with nothing new asks once and stores nothing."""
    await collect(Backwards(25))
    chat = Backwards(25)
    assert (await collect(chat))["seen"] == 0
    assert chat.asked == [(25, None)]


async def test_snapshot_reads_all_again_and_keeps_the_backlog_until_it_is_done(
    collect: Callable[..., Any], sources: IngestionStorage
) -> None:
    """A snapshot that is cut short changes no cursor; a whole one closes every hole."""
    await collect(Backwards(50, pages=2))
    before = await sources.get("s")
    await collect(Backwards(50, pages=3), snapshot=True)
    after = await sources.get("s")
    assert (after.open_ranges, after.last_post_id) == (before.open_ranges, None)
    assert (await collect(Backwards(50), snapshot=True))["new"] == 20
    done = await sources.get("s")
    assert (done.open_ranges, done.last_post_id) == ((), 50)


async def test_a_limited_snapshot_moves_no_cursor_past_what_it_did_not_read(
    collect: Callable[..., Any], sources: IngestionStorage, raw: RawStorage
) -> None:
    """Read newest first, it holds the newest posts alone; read forward, all up to its last one."""
    await collect(Backwards(50), snapshot=True, limit=20)
    source = await sources.get("s")
    assert (source.last_post_id, source.newest_post_id, source.open_ranges) == (None, None, None)
    await collect(Forwards(50), snapshot=True, limit=20)
    assert (await sources.get("s")).last_post_id == 20
    assert (await collect(Backwards(50)))["seen"] == 30
    assert sorted(await held_ids(raw)) == list(range(1, 51))


@pytest.mark.parametrize(("live", "seen"), [(Backwards, 29), (Forwards, 60)])
async def test_an_export_of_a_part_leaves_the_rest_to_be_fetched(
    collect: Callable[..., Any],
    sources: IngestionStorage,
    raw: RawStorage,
    live: type[Backwards],
    seen: int,
) -> None:
    """What lies below its first post and above its last one is asked for as soon as Telegram can be asked."""
    await collect(Exported(25, 55))
    source = await sources.get("s")
    assert (source.last_post_id, source.open_ranges) == (None, ((0, 25),))
    assert (await collect(live(60)))["seen"] == seen
    assert sorted(await held_ids(raw)) == list(range(1, 61))
    assert (await sources.get("s")).last_post_id == 60


@pytest.mark.parametrize(("first", "began"), [(1, None), (7, "create_channel"), (7, "migrate_from_group")])
async def test_an_export_that_begins_with_the_chat_leaves_nothing_open(
    collect: Callable[..., Any], sources: IngestionStorage, first: int, began: str | None
) -> None:
    """The first message by its number, or one that tells how the chat began: there is none before it."""
    await collect(Exported(first, 30, began))
    source = await sources.get("s")
    assert (source.last_post_id, source.open_ranges) == (30, ())


async def test_a_newer_export_of_a_part_leaves_the_time_between_open(
    collect: Callable[..., Any], sources: IngestionStorage
) -> None:
    """Posts between two exports are missing until they come."""
    await collect(Exported(1, 30))
    await collect(Exported(51, 60))
    source = await sources.get("s")
    assert (source.last_post_id, source.open_ranges) == (30, ((30, 51),))
    await collect(Exported(31, 55))
    assert (await sources.get("s")).last_post_id == 60


async def test_the_api_takes_over_from_the_preview(
    collect: Callable[..., Any], sources: IngestionStorage, raw: RawStorage
) -> None:
    """A hole left by the preview is closed by reading forward from the cursor, and is not asked for again."""
    await collect(Backwards(50, pages=2))
    assert (await collect(Forwards(55)))["new"] == 35
    chat = Backwards(55)
    assert (await collect(chat))["seen"] == 0
    assert chat.asked == [(55, None)]
    assert (await raw.summary(CHANNEL)).posts == 55


async def test_another_chat_under_the_same_id_is_refused(
    databases: Databases, sources: IngestionStorage, raw: RawStorage
) -> None:
    """Where an id is another message than the stored one, nothing of it is stored: two chats never mix."""
    source = await sources.save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    raw_writer = RawWriter(raw)
    await raw_writer.store(source, [message(5, "mine")], Counter())
    other = [message(4, "other"), message(5, "other").model_copy(update={"date": NOW + timedelta(days=3)})]
    with pytest.raises(WrongChatError, match="another chat"):
        await raw_writer.store(source, other, Counter())
    assert [stored.current_text async for page in raw.pages(CHANNEL) for stored in page] == ["mine"]


async def test_messages_are_kept_under_the_id_of_their_source(sources: IngestionStorage, raw: RawStorage) -> None:
    """A chat first stored by its name keeps that id when its number becomes known."""
    source = await sources.save_source(SourceChange(source_id="s", channel_id="durov"), NOW)
    counts: Counter[str] = Counter()
    await RawWriter(raw).store(source, [message(1, channel="durov")], counts)
    await RawWriter(raw).store(source, [message(1), message(2)], counts)
    assert (counts["new"], counts["unchanged"]) == (2, 1)
    assert [each.message.source_ref async for page in raw.pages("durov") for each in page] == [
        "tg:durov:post:1",
        "tg:durov:post:2",
    ]


async def test_with_a_salt_nobody_is_named(sources: IngestionStorage, raw: RawStorage) -> None:
    """Writers of comments become one hash a person, forwards lose the person's name, the payload goes; posts stay."""
    source = await sources.save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    ann = Author(id="7", name="Ann")
    told: dict[str, Any] = {
        "author": ann,
        "forward": Forward(name="Bob"),
        "raw_payload": {"from": "Ann"},
        "parent_message_id": "1",
    }
    comments = [message(number, kind="comment", thread_id="1", **told) for number in (2, 3)]
    await RawWriter(raw, "pepper").store(source, [message(1, author=Author(name="Editor")), *comments], Counter())
    kept = {m.message.id: m.message async for page in raw.pages(CHANNEL) for m in page}
    assert kept["1"].author == Author(name="Editor")
    assert kept["2"].author == kept["3"].author == Author(id="hash-86693d50efdc246c")
    assert (kept["2"].forward.name, kept["2"].raw_payload) == (None, None)


async def test_with_a_salt_nobody_in_a_group_is_named_either(sources: IngestionStorage, raw: RawStorage) -> None:
    """In a group people write every message: posts too lose their names there, as they do not in a channel."""
    group = SourceChange(source_id="g", channel_id=CHANNEL, channel_kind="group")
    ann: dict[str, Any] = {"author": Author(id="7", name="Ann"), "raw_payload": {"from": "Ann"}}
    await RawWriter(raw, "pepper").store(await sources.save_source(group, NOW), [message(1, **ann)], Counter())
    (kept,) = [each.message async for page in raw.pages(CHANNEL) for each in page]
    assert (kept.author, kept.raw_payload) == (Author(id="hash-86693d50efdc246c"), None)
