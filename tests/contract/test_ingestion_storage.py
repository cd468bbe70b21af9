"""Ingestion storage: sources, cursors, attempts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW

from tg_parser.domain.backlog import Backlog, OpenRange
from tg_parser.domain.sources import Attempt, Source, SourceChange
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.comments import CommentStorage
from tg_parser.storage.stores.sources import IngestionStorage

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def sources(databases: Databases) -> IngestionStorage:
    return IngestionStorage(databases.ingestion)


@pytest.fixture
def comments(databases: Databases) -> CommentStorage:
    return CommentStorage(databases.ingestion)


def attempt(*, success: bool = True, **fields: Any) -> Attempt:
    return Attempt(source_id="s", started_at=NOW, finished_at=LATER, success=success, **fields)


async def add(sources: IngestionStorage, source_id: str = "s", **fields: Any) -> Source:
    return await sources.save_source(SourceChange(source_id=source_id, channel_id=CHANNEL, **fields), NOW)


async def test_source_is_made_and_read(sources: IngestionStorage) -> None:
    """A new source is active, with everything that was said of it."""
    made = await add(sources, channel_username="durov", include_comments=True, history_from=NOW)
    assert made == await sources.get("s")
    assert (made.status, made.include_comments, made.history_from, made.last_post_id) == ("active", True, NOW, None)
    assert await sources.get("t") is None


async def test_change_touches_only_what_it_names(sources: IngestionStorage) -> None:
    """On a known source the other fields, the cursor above all, stay."""
    await add(sources, channel_username="durov", batch_size=50)
    await sources.cover("s", 1, 10, NOW)
    changed = await sources.save_source(SourceChange(source_id="s", batch_size=70), LATER)
    assert (changed.batch_size, changed.channel_username, changed.last_post_id) == (70, "durov", 10)
    assert (changed.created_at, changed.updated_at) == (NOW, LATER)
    cleared = await sources.save_source(SourceChange(source_id="s", batch_size=None), LATER)
    assert cleared.batch_size is None


async def test_lists_and_finds(sources: IngestionStorage) -> None:
    """By id, by status, by channel."""
    await add(sources, "b")
    await add(sources, "a")
    await sources.set_status("b", "paused", LATER)
    assert [each.source_id for each in await sources.list_sources()] == ["a", "b"]
    assert [each.source_id for each in await sources.list_sources("paused")] == ["b"]
    assert [each.source_id for each in await sources.find_by_channel(CHANNEL)] == ["a", "b"]
    assert await sources.find_by_channel("-1") == []


async def test_cursor_never_goes_back(sources: IngestionStorage) -> None:
    """A late or repeated step does not move the cursor backwards."""
    await add(sources)
    await asyncio.gather(*(sources.cover("s", 1, number, NOW) for number in (5, 30, 7, 12)))
    assert (await sources.get("s")).last_post_id == 30


async def test_backlog_moves_the_cursor_to_below_its_lowest_range(sources: IngestionStorage) -> None:
    """What is open stays below no cursor; once all is closed the cursor is the newest post, and never goes back."""
    await add(sources)
    await sources.save_backlog("s", Backlog(90, (OpenRange(40, 61), OpenRange(0, 21))), NOW)
    held = await sources.get("s")
    assert (held.newest_post_id, held.last_post_id) == (90, None)
    assert held.open_ranges == (OpenRange(40, 61), OpenRange(0, 21))
    await sources.save_backlog("s", Backlog(90, (OpenRange(40, 61),)), NOW)
    assert (await sources.get("s")).last_post_id == 40
    await sources.cover("s", 1, 95, NOW)
    await sources.save_backlog("s", Backlog(90), LATER)
    assert (await sources.get("s")).last_post_id == 95


async def test_posts_stored_from_the_middle_of_a_chat_leave_the_rest_open(sources: IngestionStorage) -> None:
    """The cursor waits below what is missing, whoever writes at the same time, and follows once that is stored."""
    await add(sources)
    await asyncio.gather(*(sources.cover("s", 500, number, NOW) for number in (600, 550, 520)))
    held = await sources.get("s")
    assert (held.newest_post_id, held.open_ranges, held.last_post_id) == (600, (OpenRange(0, 500),), None)
    await sources.cover("s", 1, 499, NOW)
    held = await sources.get("s")
    assert (held.newest_post_id, held.open_ranges, held.last_post_id) == (600, (), 600)
    await sources.cover("unknown", 1, 5, NOW)
    assert await sources.get("unknown") is None


async def test_attempt_changes_the_status_unless_paused(sources: IngestionStorage) -> None:
    """A failed source becomes active by success; what a person paused stays paused whatever happens."""
    await add(sources)
    await sources.record_attempt(attempt(success=False, error_message="gone"), "error")
    assert (await sources.get("s")).status == "error"
    await sources.record_attempt(attempt(), "active")
    assert (await sources.get("s")).status == "active"
    await sources.record_attempt(attempt(success=False, error_message="off"))
    assert (await sources.get("s")).status == "active"
    await sources.set_status("s", "paused", NOW)
    for status in ("error", "active"):
        await sources.record_attempt(attempt(), status)
        assert (await sources.get("s")).status == "paused"


async def test_history_is_complete_once(sources: IngestionStorage) -> None:
    """The moment when the history was read to its end is kept, whatever runs come after."""
    await add(sources)
    for moment in (NOW, LATER):
        await sources.mark_history_complete("s", moment)
    assert (await sources.get("s")).backfill_completed_at == NOW


async def test_attempts_are_kept_and_told(sources: IngestionStorage) -> None:
    """A failure counts up in SQL and leaves its reason; a success resets the count."""
    await add(sources)
    failures = [attempt(success=False, error_class="SourceError", error_message="gone") for _ in range(4)]
    await asyncio.gather(*(sources.record_attempt(each) for each in failures))
    failed = await sources.get("s")
    assert (failed.fail_count, failed.last_error, failed.last_success_at) == (4, "gone", None)
    await sources.record_attempt(attempt(counts={"new": 3}))
    fine = await sources.get("s")
    assert (fine.fail_count, fine.last_error, fine.last_attempt_at, fine.last_success_at) == (0, None, NOW, LATER)
    newest, *_ = await sources.attempts("s", limit=2)
    assert newest == attempt(counts={"new": 3})
    assert len(await sources.attempts("s")) == 5


async def test_concurrent_changes_make_one_source(sources: IngestionStorage) -> None:
    """Two writers of a source nobody knows yet make it once, and both changes stay."""
    await asyncio.gather(add(sources, channel_title="T\x00itle"), add(sources, batch_size=7))
    (made,) = await sources.list_sources()
    assert (made.channel_title, made.batch_size) == ("Title", 7)


async def test_rate_limit_is_remembered(sources: IngestionStorage) -> None:
    """Until when not to knock again survives a restart."""
    await add(sources)
    await sources.set_rate_limit("s", LATER, NOW)
    assert (await sources.get("s")).rate_limit_until == LATER


async def test_removed_source_takes_its_cursors_and_attempts(
    sources: IngestionStorage, comments: CommentStorage
) -> None:
    """Nothing of a removed source is left for one that comes later under its id."""
    await add(sources)
    await comments.advance("s", "1", 5, NOW)
    await sources.record_attempt(attempt())
    await sources.remove("s")
    assert await sources.get("s") is None
    await add(sources)
    assert await comments.cursor("s", "1") is None
    assert await sources.attempts("s") == []


async def test_rename_takes_everything_along(sources: IngestionStorage, comments: CommentStorage) -> None:
    """Under its new id a source has its fields, cursors, threads and attempts; the old id is nobody's, others stay."""
    await add(sources, channel_username="durov", batch_size=50)
    await add(sources, "other")
    await sources.save_backlog("s", Backlog(20, (OpenRange(3, 9),)), NOW)
    await comments.note_counts("s", {5: 3}, NOW)
    await sources.record_attempt(attempt(success=False, error_class="X", error_message="no"))
    before = await sources.get("s")
    await sources.rename("s", "new", LATER)
    assert await sources.get("s") is None
    assert await sources.get("new") == before.model_copy(update={"source_id": "new", "updated_at": LATER})
    assert [each.source_id for each in await sources.list_sources()] == ["new", "other"]
    assert [each.error_message for each in await sources.attempts("new")] == ["no"]
    assert [thread.thread_id for thread in await comments.changed("new", 10, "")] == ["5"]
    assert await sources.attempts("s") == []
