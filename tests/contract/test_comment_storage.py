"""Comment storage: which threads are to be read, and how far each has been walked."""

from __future__ import annotations

import pytest
from samples import CHANNEL, NOW

from tg_parser.domain.sources import SourceChange
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.comments import ChangedThread, CommentStorage
from tg_parser.storage.stores.sources import IngestionStorage


@pytest.fixture
async def comments(databases: Databases) -> CommentStorage:
    await IngestionStorage(databases.ingestion).save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    return CommentStorage(databases.ingestion)


async def test_every_thread_has_its_own_cursor(comments: CommentStorage) -> None:
    """Cursors are kept per thread and never go back."""
    assert await comments.cursor("s", "1") is None
    for comment in (5, 3):
        await comments.advance("s", "1", comment, NOW)
    await comments.advance("s", "2", 9, NOW)
    assert [await comments.cursor("s", thread) for thread in ("1", "2")] == [5, 9]


async def test_thread_is_read_until_its_present_count_was_walked(comments: CommentStorage) -> None:
    """A thread is to be read when first counted, not after its walk, and again when Telegram counts another number."""
    await comments.note_counts("s", {1: 3, 2: 0, 7: 4}, NOW)
    assert await comments.changed("s", 10) == [ChangedThread("1", None, 3), ChangedThread("7", None, 4)]
    await comments.advance("s", "1", 50, NOW)
    await comments.mark_walked("s", "1", 3, NOW)
    assert await comments.changed("s", 10) == [ChangedThread("7", None, 4)]
    await comments.note_counts("s", {1: 3, 7: 4}, NOW)
    assert [thread.thread_id for thread in await comments.changed("s", 10)] == ["7"]
    await comments.note_counts("s", {1: 5}, NOW)
    assert await comments.changed("s", 10) == [ChangedThread("1", 50, 5), ChangedThread("7", None, 4)]


async def test_changed_threads_come_in_pages(comments: CommentStorage) -> None:
    """A page holds at most what was asked for, and the next one goes on after it."""
    await comments.note_counts("s", dict.fromkeys(range(1, 8), 1), NOW)
    first = await comments.changed("s", 4)
    rest = await comments.changed("s", 4, first[-1].thread_id)
    assert [each.thread_id for each in [*first, *rest]] == ["1", "2", "3", "4", "5", "6", "7"]


async def test_cursor_of_a_thread_without_count_is_not_read(comments: CommentStorage) -> None:
    """A thread whose comments came another way is not walked before Telegram tells a number."""
    await comments.advance("s", "1", 5, NOW)
    assert await comments.changed("s", 10) == []
