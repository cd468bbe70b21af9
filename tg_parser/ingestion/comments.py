"""The comments stage: find the threads that have grown and read each of them from its cursor.

Telegram gives the number of comments with every post. A thread is read only if that number differs from the one at its
last reading, so posts without comments cost nothing. Comparing old posts costs one request per hundred: the newest ones
are compared in every run, older ones in turn.
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
    """The posts from id `top` down to `bottom` (both included) whose comments are to be counted."""

    top: int
    bottom: int


class CommentCollector:
    """Stores the comments under the posts of one channel; each thread has its own cursor."""

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
        """Store the new comments. `source` must be in its state after its posts were collected."""
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
        """The channel's first discussion group. If `group` has replaced it since, both are kept."""
        known = source.discussion_groups or await self._group_of_stored(source)
        if group not in known:
            known = (*known, group)
        if known != source.discussion_groups:
            await self._sources.set_progress(source.source_id, utc_now(), discussion_groups=list(known))
        return known[0]

    async def _group_of_stored(self, source: Source) -> tuple[str, ...]:
        """The group named in the payload of a stored comment, for comments stored before groups were recorded."""
        stored = await self._raw.first_comment(source.channel_id)
        payload = stored.raw_payload if stored else None
        number = ((payload or {}).get("peer_id") or {}).get("channel_id")
        return () if number is None else (str(number),)

    async def _count(self, source: Source, chat: CommentedSource) -> None:
        """Compare the counts of the newest posts in every run; all older ones once, then some of them in turn."""
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
    """What is left of the one pass over all posts; None once it has reached the first post."""
    if swept_to is None:
        return Look(recent.bottom - 1, 1)
    return Look(swept_to - 1, 1) if swept_to > 1 else None


def next_turn(turn: int | None, recent: Look, window: int) -> Look:
    """The old posts to compare in this run: those below the last run's, then from the top again."""
    below_recent = recent.bottom - 1
    top = turn - 1 if turn is not None and 1 < turn <= below_recent + 1 else below_recent
    return Look(top, max(top - window + 1, 1))
