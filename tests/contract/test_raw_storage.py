"""Raw storage: snapshots that never change, and a log of what did."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from samples import CHANNEL, NOW, message

from tg_parser.domain.messages import Author, Media, RawMessage, Reaction
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.raw import RawStorage, StoreCounts

LATER = NOW + timedelta(days=1)


@pytest.fixture
def raw(databases: Databases) -> RawStorage:
    return RawStorage(databases.raw)


async def test_message_comes_back_as_it_was_seen(raw: RawStorage) -> None:
    """Every field of a message survives storing, payload included."""
    full = message(
        7,
        "Текст\nв две строки",
        author=Author(id="-100123", name="Канал"),
        views=10,
        forwards=2,
        reactions=(Reaction(emoji="👍", count=3),),
        media=(Media(kind="photo", size=100),),
        reply_to_message_id="5",
        album_id="9",
        forum_topic="General",
        language="ru",
        edited_at=NOW,
        raw_payload={"id": 7, "text": ["a", {"type": "bold", "text": "b"}]},
    )
    assert await raw.store([full], NOW) == StoreCounts(inserted=1)
    stored = await raw.get(full.source_ref)
    assert stored.message == full
    assert (stored.current_text, stored.revision, stored.deleted_at) == ("Текст\nв две строки", 0, None)


async def test_storing_again_changes_nothing(raw: RawStorage) -> None:
    """The unique key makes a repeated batch harmless, also in another cut."""
    await raw.store([message(1), message(2)], NOW)
    assert await raw.store([message(2), message(3)], LATER) == StoreCounts(inserted=1, unchanged=1)
    assert (await raw.summary(CHANNEL)).total == 3


async def test_edit_becomes_a_revision(raw: RawStorage) -> None:
    """Text and date of the first sighting stay; the new text is in the log and counts from now on."""
    first = message(1, "price 10")
    await raw.store([first], NOW)
    edited = message(1, "price 12", edited_at=LATER)
    assert await raw.store([edited], LATER) == StoreCounts(revised=1)
    stored = await raw.get(first.source_ref)
    assert (stored.message.text, stored.message.date) == ("price 10", first.date)
    assert (stored.current_text, stored.revision) == ("price 12", 1)
    (revision,) = await raw.revisions(first.source_ref)
    assert (revision.reason, revision.text, revision.observed_at, revision.edited_at) == (
        "edited",
        "price 12",
        LATER,
        LATER,
    )
    assert await raw.store([edited], LATER) == StoreCounts(unchanged=1)


async def test_older_export_does_not_bring_an_old_text_back(raw: RawStorage) -> None:
    """A sighting from before the known edit is stale."""
    await raw.store([message(1, "new", edited_at=LATER)], NOW)
    assert await raw.store([message(1, "old")], LATER) == StoreCounts(unchanged=1)
    assert (await raw.get(message(1).source_ref)).current_text == "new"


async def test_fuller_text_is_no_edit(raw: RawStorage) -> None:
    """What an adapter could not show comes in as a revision of its own reason; the poorer one changes nothing."""
    await raw.store([message(1, "a cut previ…", via="web")], NOW)
    await raw.store([message(1, "a cut preview of more")], LATER)
    assert [each.reason for each in await raw.revisions(message(1).source_ref)] == ["richer_source"]
    assert await raw.store([message(1, "a cut previ…", via="web")], LATER) == StoreCounts(unchanged=1)


async def test_counters_are_refreshed_and_missing_fields_filled_in(raw: RawStorage) -> None:
    """Views change in place; a missing field comes from an equal or richer adapter, never from a poorer one."""
    await raw.store([message(1, views=1)], NOW)
    seen = message(1, views=5, author=Author(name="A"))
    assert await raw.store([seen], LATER) == StoreCounts(refreshed=1)
    await raw.store([message(1, forum_topic="from the web", via="web")], LATER)
    stored = (await raw.get(seen.source_ref)).message
    assert (stored.views, stored.author, stored.forum_topic) == (5, Author(name="A"), None)


async def test_one_batch_may_hold_a_message_twice(raw: RawStorage) -> None:
    """The second sighting in a batch is compared with the first."""
    counts = await raw.store([message(1, "first"), message(1, "second"), message(1, "third")], NOW)
    assert counts == StoreCounts(inserted=1, revised=2)
    assert [each.text for each in await raw.revisions(message(1).source_ref)] == ["second", "third"]
    assert (await raw.get(message(1).source_ref)).current_text == "third"


async def test_text_that_no_database_holds_is_cleaned_and_marked(raw: RawStorage) -> None:
    """NUL and lone surrogates are cleaned alike on both backends, in text and payload, and the row says so."""
    await raw.store([message(1, "a\x00b\ud800", raw_payload={"t\x00": "\udfff"}), message(2)], NOW)
    stored = await raw.get(message(1).source_ref)
    assert (stored.message.text, stored.text_sanitized) == ("ab\ufffd", True)
    assert stored.message.raw_payload == {"t": "\ufffd"}
    assert (await raw.get(message(2).source_ref)).text_sanitized is False
    assert await raw.store([message(1, "a\x00b\ud800")], LATER) == StoreCounts(unchanged=1)


async def test_small_texts_are_cleaned_too(raw: RawStorage) -> None:
    """Names, file names and odd numbers in a payload do no harm on either backend."""
    odd = message(1, author=Author(name="A\x00"), media=(Media(kind="document", file_name="f\ud800"),), raw_payload={})
    odd = odd.model_copy(update={"raw_payload": {"big": 2**70, "u": "\ud83d"}})
    await raw.store([odd], NOW)
    stored = await raw.get(odd.source_ref)
    assert stored.message.author == Author(name="A")
    assert stored.message.media == (Media(kind="document", file_name="f\ufffd"),)
    assert stored.message.raw_payload["u"] == "\ufffd"
    assert stored.text_sanitized is True


async def test_large_payload_is_cut_with_a_flag(raw: RawStorage) -> None:
    """More than 256 KiB of payload are not kept whole."""
    await raw.store([message(1, raw_payload={"x": "y" * 300_000}), message(2, raw_payload={"x": "y" * 200_000})], NOW)
    cut, whole = await raw.get(message(1).source_ref), await raw.get(message(2).source_ref)
    assert cut.raw_payload_truncated
    assert len(str(cut.message.raw_payload)) < 20_000
    assert not whole.raw_payload_truncated
    assert len(whole.message.raw_payload["x"]) == 200_000


async def test_many_messages_in_one_batch(raw: RawStorage) -> None:
    """Thousands of rows go in at once, and pages bring them back in the order of their refs."""
    await raw.store([message(number) for number in range(1, 3001)], NOW)
    refs = [stored.message.source_ref async for page in raw.pages(CHANNEL, 700) for stored in page]
    assert len(refs) == 3000
    assert refs == sorted(refs)


async def test_summary_and_gaps(raw: RawStorage) -> None:
    """Posts, comments and service messages are counted apart; ids that are not held are named as ranges."""
    batch = [message(1), message(2, kind="comment", thread_id="1", parent_message_id="1"), message(5), message(9)]
    batch.append(message(6, "", service_action="pin_message"))
    await raw.store(batch, NOW)
    await raw.store([message(50, channel="-1001234")], NOW)
    summary = await raw.summary(CHANNEL)
    assert (summary.total, summary.posts, summary.comments, summary.service) == (5, 3, 1, 1)
    assert (summary.first_id, summary.last_id) == (1, 9)
    assert (summary.first_date, summary.last_date) == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=9))
    assert await raw.gaps(CHANNEL) == [(3, 4), (7, 8)]
    assert await raw.gaps(CHANNEL, limit=1) == [(3, 4)]
    assert (await raw.summary("nobody")).total == 0


async def test_gaps_follow_the_numbering(raw: RawStorage) -> None:
    """Where a discussion group numbers the comments, the posts alone are looked at."""
    await raw.store([message(1), message(3), message(2, kind="comment", thread_id="1")], NOW)
    assert await raw.gaps(CHANNEL, message_types=("post",)) == [(2, 2)]
    assert await raw.gaps(CHANNEL) == []


async def test_deleted_message_keeps_text_and_log(raw: RawStorage) -> None:
    """A deletion is marked and logged once; what was read stays, and an old export changes nothing."""
    first = message(1, "price 10")
    await raw.store([first, message(2)], NOW)
    await raw.store([message(1, "price 12", edited_at=NOW)], NOW)
    assert await raw.mark_deleted([first.source_ref, "tg:-100123:post:99"], LATER) == 1
    assert await raw.mark_deleted([first.source_ref], LATER + timedelta(days=1)) == 0
    stored = await raw.get(first.source_ref)
    assert (stored.current_text, stored.revision, stored.deleted_at) == ("price 12", 2, LATER)
    assert [each.reason for each in await raw.revisions(first.source_ref)] == ["edited", "deleted"]
    assert await raw.store([first], LATER) == StoreCounts(unchanged=1)
    assert (await raw.summary(CHANNEL)).deleted == 1


async def test_web_preview_edit_counts_though_it_has_no_time(raw: RawStorage) -> None:
    """The preview shows the present text without the moment of the edit, so its other text is newer."""
    await raw.store([message(1, "price 10", edited_at=NOW, via="api")], NOW)
    assert await raw.store([message(1, "price 12", via="web")], LATER) == StoreCounts(revised=1)


async def test_closing_texts_are_the_newest_first(raw: RawStorage) -> None:
    """Newest current texts of the channel, without service messages."""
    await raw.store(
        [message(1, "one"), message(2, "two"), message(3, "", service_action="pin"), message(4, "four")], NOW
    )
    await raw.store([message(2, "two, edited")], LATER)
    assert await raw.closing_texts(CHANNEL, 2) == ["four", "two, edited"]


async def test_channel_can_be_deleted(raw: RawStorage) -> None:
    """Deleting takes messages and log of one channel, and leaves its neighbours."""
    await raw.store([message(1), message(1, channel="-1001230")], NOW)
    await raw.store([message(1, "edited")], LATER)
    await raw.delete_channel(CHANNEL)
    assert (await raw.summary(CHANNEL)).total == 0
    assert await raw.revisions(message(1).source_ref) == []
    assert (await raw.summary("-1001230")).total == 1


async def test_two_writers_of_one_message_make_one_row(raw: RawStorage) -> None:
    """Concurrent batches with the same messages store each once and lose no edit."""
    batches = [[message(number, f"text {number}") for number in range(1, 301)] for _ in range(4)]
    counts = await asyncio.gather(*(raw.store(batch, NOW) for batch in batches))
    assert sum(each.inserted for each in counts) == 300
    assert (await raw.summary(CHANNEL)).total == 300
    await asyncio.gather(*(raw.store([message(1, f"edit {number}", edited_at=LATER)], LATER) for number in range(4)))
    assert [each.revision for each in await raw.revisions(message(1).source_ref)] == [1, 2, 3, 4]


def test_contract_names_no_other_fields() -> None:
    """A new field of the contract must be stored: this list is the reminder."""
    assert set(RawMessage.model_fields) == {
        *("album_id", "author", "channel_id", "date", "edited_at", "forum_topic", "forward", "forwards", "id"),
        *("language", "links", "media", "message_type", "parent_message_id", "raw_payload", "reactions"),
        *("reply_to_message_id", "service_action", "source_ref", "text", "thread_id", "via", "views"),
    }
