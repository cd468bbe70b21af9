"""Collects from Telegram: registered sources and chats given by name, through the web preview or the API."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from tg_parser.domain.errors import AccountError, RateLimitedError, TgParserError, UsageError
from tg_parser.domain.messages import Adapter
from tg_parser.domain.peers import Peer, parse_peer
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.sources import Source
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.attempts import recorded_attempt
from tg_parser.ingestion.collector import Collector
from tg_parser.ingestion.comments import CommentCollector
from tg_parser.ingestion.recheck import Rechecker
from tg_parser.ingestion.source import ChatOpener, ChatSource, CommentedSource
from tg_parser.ingestion.telegram.api import TelegramApi
from tg_parser.ingestion.web.preview import WebPreview
from tg_parser.services.ingestion import IngestOutcome, IngestRequest
from tg_parser.services.sources import SourceService
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.sources import IngestionStorage

WEB_SIDE_BY_SIDE = 4
"""Channels read from the web preview in parallel; their page requests are still made one after another."""


@dataclass(frozen=True, slots=True)
class CollectStages:
    """The stages of collecting a live chat, in order."""

    collector: Collector
    comments: CommentCollector
    rechecker: Rechecker


class CollectService:
    """Collects live chats; a failing chat does not stop the others."""

    def __init__(
        self,
        *,
        sources: SourceService,
        storage: IngestionStorage,
        stages: CollectStages,
        web: WebPreview,
        api: TelegramApi,
        locks: Locks,
    ) -> None:
        self._sources = sources
        self._storage = storage
        self._stages = stages
        self._web = web
        self._api = api
        self._locks = locks

    async def collect(self, source: Source, request: IngestRequest, report: ReportProgress = silent) -> IngestOutcome:
        """Collect a source; a failure is part of the outcome. Raises UsageError for one filled from exports."""
        if source.via == "export":
            raise UsageError(
                f"Source {source.source_id!r} is filled from Telegram Desktop exports.",
                case="filled_from_exports",
                source_id=source.source_id,
            )
        return await self._collected(source, source.peer, source, request, report)

    async def collect_chat(
        self, written: str, request: IngestRequest, report: ReportProgress = silent
    ) -> IngestOutcome:
        """Collect a chat given in any form, adding a source if needed. Raises SourceError if that fails."""
        known = await self._sources.find(written)
        peer = parse_peer(written)
        if known is not None and peer.channel_id is not None:
            peer = known.peer
        # A name leads to the chat that owns it today, which may not be the chat we know by that name.
        return await self._collected(known, peer, None, request, report)

    async def collect_all(self, request: IngestRequest, report: ReportProgress = silent) -> list[IngestOutcome]:
        """Collect all active sources except those filled from exports; return one outcome per source, by id."""
        active = [source for source in await self._sources.list() if source.status == "active"]
        live = [source for source in active if source.via != "export"]
        if not live:
            raise UsageError("There is no active source to collect from Telegram.", case="no_live_source")
        reports = _Summed(report, len(live))
        room = {"web": asyncio.Semaphore(WEB_SIDE_BY_SIDE), "api": asyncio.Semaphore(1)}

        async def collect(source: Source) -> IngestOutcome:
            try:
                async with room[self._via(source, source.peer)]:
                    return await self.collect(source, request, reports.of(source.source_id))
            except TgParserError as error:
                return IngestOutcome(source, {}, error)

        return list(await asyncio.gather(*map(collect, live)))

    async def _collected(
        self,
        known: Source | None,
        peer: Peer,
        wanted: Source | None,
        request: IngestRequest,
        report: ReportProgress,
    ) -> IngestOutcome:
        """Open the chat of `peer` and collect it for its source, which must be `wanted` if that is given."""
        via = self._via(known, peer)
        counts = Counter[str]()
        owner = known
        try:
            if known is not None:
                _require_waited(known)
            async with (
                recorded_attempt(self._storage, known, counts, live=True) as attempt,
                self._reach(via).open(peer) as stream,
            ):
                attempt.source = owner = await self._sources.ensure(stream.chat, wanted, via=via)
                async with self._locks.exclusive(f"ingest:{owner.channel_id}"):
                    await self._take_stages(owner, stream, request, counts, report)
        except TgParserError as error:
            if owner is None:
                raise
            return IngestOutcome(await self._sources.get(owner.source_id), dict(counts), error)
        return IngestOutcome(await self._sources.get(owner.source_id), dict(counts))

    async def _take_stages(
        self,
        source: Source,
        stream: ChatSource,
        request: IngestRequest,
        counts: Counter[str],
        report: ReportProgress,
    ) -> None:
        await self._stages.collector.collect(source, stream, request.window(source), counts, report)
        if request.mode == "incremental" and request.limit is None:
            await self._storage.mark_history_complete(source.source_id, utc_now())
        if source.include_comments and source.channel_kind == "channel" and isinstance(stream, CommentedSource):
            if source.last_post_id is None:
                # All posts came with their number of comments in this run: no need to ask for it again.
                await self._storage.set_progress(source.source_id, utc_now(), comments_swept_to=1)
            collected = await self._sources.get(source.source_id)
            await self._stages.comments.collect(collected, stream, counts, report)
        elif source.include_comments and source.channel_kind == "channel":
            counts["note:comments_need_the_api"] += 1
        if request.recheck is not None:
            source = await self._sources.get(source.source_id)
            await self._stages.rechecker.recheck(source, stream, request.recheck, counts, report)

    def _via(self, source: Source | None, peer: Peer) -> Adapter:
        """Return how to read the chat: as its source says, else the account if logged in, else the preview."""
        if source is not None and source.via in {"web", "api"}:
            return source.via
        if self._api.is_configured():
            return "api"
        if peer.username:
            return "web"
        raise AccountError(
            f"Chat {peer.canonical} is only known by its number, and only the Telegram API can open a chat by number.",
            case="number_needs_api",
            channel_id=peer.canonical,
        )

    def _reach(self, via: Adapter) -> ChatOpener:
        return self._api if via == "api" else self._web


def _require_waited(source: Source) -> None:
    if source.rate_limit_until is not None and source.rate_limit_until > utc_now():
        raise RateLimitedError(f"source {source.source_id!r} is read again", source.rate_limit_until)


class _Summed:
    """One progress line for `number` sources collected in parallel. The total is known once each of them has reported
    its own."""

    def __init__(self, report: ReportProgress, number: int) -> None:
        self._report = report
        self._number = number
        self._last: dict[tuple[str, str], Progress] = {}

    def of(self, source_id: str) -> ReportProgress:
        """Return the reporter for one source."""

        def report(progress: Progress) -> None:
            self._last[progress.step, source_id] = progress
            latest = [last for (step, _), last in self._last.items() if step == progress.step]
            totals = [last.total for last in latest if last.total is not None]
            total = sum(totals) if len(totals) == self._number else None
            self._report(Progress(progress.step, sum(last.done for last in latest), total))

        return report
