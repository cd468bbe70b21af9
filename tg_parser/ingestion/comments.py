"""The comments stage: find the threads that have grown and read those from their cursors.

Telegram tells the number of comments with every post it shows. A thread is walked only where that number is not the
one of its last walk; so posts without comments cost nothing, and old posts cost one request a hundred to compare:
the newest ones in every run, older ones in turn.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.refs import split_comment_id
from tg_parser.domain.sources import Source
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.raw_writer import RawWriter
from tg_parser.ingestion.source import CommentedSource
from tg_parser.ingestion.unknown import only_unknown
from tg_parser.storage.stores.comments import ChangedThread, CommentStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage

_THREADS_A_PAGE = 500


@dataclass(frozen=True, slots=True)
class Look:
    """Post ids from `top` down to `bottom`, both included, whose comments are counted."""

    top: int
    bottom: int


class CommentCollector:
    """Brings the comments under the posts of one channel into the raw storage; each thread has its own cursor."""

    def __init__(
        self, sources: IngestionStorage, raw: RawStorage, comments: CommentStorage, raw_writer: RawWriter, window: int
    ) -> None:
        self._sources = sources
        self._raw = raw
        self._comments = comments
        self._raw_writer = raw_writer
        self._window = window

    async def collect(
        self, source: Source, chat: CommentedSource, counts: Counter[str], report: ReportProgress = silent
    ) -> None:
        """Store the comments that are new. `source` is as it stands after its posts were collected."""
        group = await chat.discussion_group()
        await self._sources.set_progress(source.source_id, utc_now(), comments_unavailable=group is None)
        if group is None:
            return
        first_group = await self._first_group(source, group)
        await self._count(source, chat)
        after = ""
        while page := await self._comments.changed(source.source_id, _THREADS_A_PAGE, after):
            for thread in page:
                await self._walk(source, chat, thread, first_group, counts)
                report(Progress("comments", counts["comments"]))
            after = page[-1].thread_id

    async def _first_group(self, source: Source, group: str) -> str:
        """The channel's first discussion group, which may have been replaced by `group` since; both are kept."""
        known = source.discussion_groups or await self._group_of_stored(source)
        if group not in known:
            known = (*known, group)
        if known != source.discussion_groups:
            await self._sources.set_progress(source.source_id, utc_now(), discussion_groups=list(known))
        return known[0]

    async def _group_of_stored(self, source: Source) -> tuple[str, ...]:
        """The group of comments that were stored before groups were noted, as their payload tells it."""
        stored = await self._raw.first_comment(source.channel_id)
        payload = stored.raw_payload if stored else None
        number = ((payload or {}).get("peer_id") or {}).get("channel_id")
        return () if number is None else (str(number),)

    async def _count(self, source: Source, chat: CommentedSource) -> None:
        """Compare the counts of the newest posts, of all posts once, and of some old ones in turn."""
        newest = source.last_post_id or 0
        recent = Look(newest, max(newest - self._window + 1, 1))
        await self._note(source, chat, recent)
        if (sweep := to_sweep(source.comments_swept_to, recent)) is not None:
            for top in range(sweep.top, 0, -self._window):
                bottom = max(top - self._window + 1, 1)
                await self._note(source, chat, Look(top, bottom))
                await self._sources.set_progress(source.source_id, utc_now(), comments_swept_to=bottom)
        else:
            turn = next_turn(source.comments_turn, recent, self._window)
            await self._note(source, chat, turn)
            await self._sources.set_progress(source.source_id, utc_now(), comments_turn=turn.bottom)

    async def _note(self, source: Source, chat: CommentedSource, look: Look) -> None:
        if look.top < look.bottom:
            return
        counted = await chat.reply_counts(range(look.bottom, look.top + 1))
        await self._comments.note_counts(source.source_id, counted, utc_now())

    async def _walk(
        self, source: Source, chat: CommentedSource, thread: ChangedThread, first_group: str, counts: Counter[str]
    ) -> None:
        async for batch in chat.comments(int(thread.thread_id), thread.last_comment_id or 0, first_group):
            stored = Counter[str]()
            await self._raw_writer.store(source, batch.messages, stored)
            counts.update(comments=stored["seen"], new_comments=stored["new"], revised=stored["revised"])
            counts.update(only_unknown(stored))
            if batch.messages:
                newest = max(int(split_comment_id(message.id)[0]) for message in batch.messages)
                await self._comments.advance(source.source_id, thread.thread_id, newest, utc_now())
        await self._comments.mark_walked(source.source_id, thread.thread_id, thread.reply_count, utc_now())


def to_sweep(swept_to: int | None, recent: Look) -> Look | None:
    """What is left of the one look at all posts; None once it has come to the first post."""
    if swept_to is None:
        return Look(recent.bottom - 1, 1)
    return Look(swept_to - 1, 1) if swept_to > 1 else None


def next_turn(turn: int | None, recent: Look, window: int) -> Look:
    """The old posts whose turn it is: below those of the last run, from the top again after the first post."""
    below_recent = recent.bottom - 1
    top = turn - 1 if turn is not None and 1 < turn <= below_recent + 1 else below_recent
    return Look(top, max(top - window + 1, 1))
