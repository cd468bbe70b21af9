"""The recheck stage: compare stored messages with what Telegram shows now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.refs import comment_id, source_ref, split_comment_id
from tg_parser.domain.sources import Recheck, Source
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.raw_writer import RawWriter
from tg_parser.ingestion.source import ChatSource, CommentedSource, Shown
from tg_parser.ingestion.unknown import only_unknown
from tg_parser.storage.stores.raw import RawStorage


class Rechecker:
    """Writes revisions of edited messages, marks deleted ones, refreshes counters."""

    def __init__(self, raw: RawStorage, raw_writer: RawWriter) -> None:
        self._raw = raw
        self._raw_writer = raw_writer

    async def recheck(
        self,
        source: Source,
        stream: ChatSource,
        wanted: Recheck,
        counts: Counter[str],
        report: ReportProgress = silent,
    ) -> None:
        """Check the stored posts of `source` selected by `wanted` again, with the comments under them."""
        since = None if wanted.age is None else utc_now() - wanted.age
        posts = await self._raw.posts_to_recheck(source.channel_id, newest=wanted.newest, since=since)
        looked = 0
        async for shown in stream.shown(posts):
            looked += shown.asked
            await self._take(
                source, shown, [source_ref(source.channel_id, "post", each) for each in shown.gone], counts
            )
            report(Progress("recheck", looked, len(posts)))
        if isinstance(stream, CommentedSource) and source.include_comments:
            await self._recheck_comments(source, stream, posts, counts, report)

    async def _recheck_comments(
        self, source: Source, chat: CommentedSource, posts: Sequence[int], counts: Counter[str], report: ReportProgress
    ) -> None:
        """Only the group that holds a comment can confirm it: comments of a replaced group stay as they are."""
        group = await chat.discussion_group()
        if group is None:
            return
        first_group = source.discussion_groups[0] if source.discussion_groups else group
        held = await self._raw.comments_to_recheck(source.channel_id, posts)
        thread_of = {
            int(number): thread
            for (number, of_group), thread in ((split_comment_id(each), thread) for each, thread in held.items())
            if (of_group or first_group) == group
        }
        if former := len(held) - len(thread_of):
            counts["note:comments_of_a_former_group"] += former
        looked = 0
        async for shown in chat.comments_shown(thread_of, first_group):
            looked += shown.asked
            gone = [comment_id(each, group, first_group) for each in shown.gone]
            await self._take(source, shown, [source_ref(source.channel_id, "comment", each) for each in gone], counts)
            report(Progress("recheck comments", looked, len(thread_of)))

    async def _take(self, source: Source, shown: Shown, gone: Sequence[str], counts: Counter[str]) -> None:
        stored = Counter[str]()
        await self._raw_writer.store(source, shown.messages, stored)
        counts.update(rechecked=len(shown.messages) + len(shown.gone), revised=stored["revised"])
        counts.update(refreshed=stored["refreshed"])
        counts.update(only_unknown(stored))
        await self._raw_writer.mark_gone(gone, counts)
