"""The stage of second looks: compare stored messages with what Telegram shows now (M6)."""

from __future__ import annotations

from collections import Counter

from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.refs import MessageType, source_ref
from tg_parser.domain.sources import Source
from tg_parser.domain.times import utc_now
from tg_parser.ingestion.intake import Intake
from tg_parser.ingestion.source import LiveSource, Recheck, Shown
from tg_parser.ingestion.telegram_api import TelegramChat
from tg_parser.storage.raw_storage import RawStorage


class Rechecker:
    """Writes revisions of edited messages, marks deleted ones, refreshes counters."""

    def __init__(self, raw: RawStorage, intake: Intake) -> None:
        self._raw = raw
        self._intake = intake

    async def recheck(
        self,
        source: Source,
        stream: LiveSource,
        wanted: Recheck,
        counts: Counter[str],
        report: ReportProgress = silent,
    ) -> None:
        """Look again at the stored posts of `source` that `wanted` names, and at the comments under them."""
        since = None if wanted.age is None else utc_now() - wanted.age
        posts = await self._raw.posts_to_recheck(source.channel_id, newest=wanted.newest, since=since)
        async for shown in stream.shown(posts):
            await self._take(source, "post", shown, counts)
            report(Progress("recheck", counts["rechecked"]))
        if isinstance(stream, TelegramChat) and source.include_comments:
            thread_of = await self._raw.comments_to_recheck(source.channel_id, posts)
            async for shown in stream.comments_shown(thread_of):
                await self._take(source, "comment", shown, counts)
                report(Progress("recheck", counts["rechecked"]))

    async def _take(self, source: Source, kind: MessageType, shown: Shown, counts: Counter[str]) -> None:
        stored = Counter[str]()
        await self._intake.store(source, shown.messages, stored)
        counts.update(rechecked=len(shown.messages) + len(shown.gone), revised=stored["revised"])
        counts.update(refreshed=stored["refreshed"])
        await self._intake.mark_gone([source_ref(source.channel_id, kind, each) for each in shown.gone], counts)
