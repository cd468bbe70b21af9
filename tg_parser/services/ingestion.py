"""Collects from files: imports exports into the raw storage, with one outcome per chat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tg_parser.domain.errors import SourceError, TgParserError
from tg_parser.domain.messages import Chat
from tg_parser.domain.peers import is_nameless, parse_peer
from tg_parser.domain.progress import ProgressParts, ReportProgress, silent
from tg_parser.domain.sources import CollectMode, Recheck, Source
from tg_parser.ingestion.attempts import recorded_attempt
from tg_parser.ingestion.collector import Collector
from tg_parser.ingestion.desktop.export import DesktopExport
from tg_parser.ingestion.source import MessageSource, Window
from tg_parser.services.sources import SourceService
from tg_parser.storage.stores.sources import IngestionStorage


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """Selects which messages to collect, and the encoding of an export that does not declare it."""

    mode: CollectMode = "incremental"
    limit: int | None = None
    recheck: Recheck | None = None
    encoding: str | None = None

    def window(self, source: Source) -> Window:
        """Return the window of messages of `source` that this selects."""
        return Window(
            after_id=None if self.mode == "snapshot" else source.last_post_id or 0,
            date_from=source.history_from,
            date_to=source.history_to,
            limit=self.limit,
            batch_size=source.batch_size,
        )


@dataclass(frozen=True, slots=True)
class IngestOutcome:
    """The outcome for one chat."""

    source: Source
    counts: dict[str, int] = field(default_factory=dict)
    error: TgParserError | None = None


class IngestService:
    """Imports the chats of Telegram Desktop exports into the raw storage."""

    def __init__(self, sources: SourceService, storage: IngestionStorage, collector: Collector) -> None:
        self._sources = sources
        self._storage = storage
        self._collector = collector

    async def from_export(
        self,
        path: Path,
        request: IngestRequest,
        *,
        source: Source | None = None,
        channel: str | None = None,
        report: ReportProgress = silent,
    ) -> list[IngestOutcome]:
        """Import a Telegram Desktop export: all its channels and groups, or only that of `source` or `channel`.

        If the file is truncated, the last outcome carries the error; everything before that point is stored.
        """
        outcomes: list[IngestOutcome] = []
        parts = ProgressParts(report)
        export = DesktopExport(path, encoding=request.encoding)
        try:
            async for stream in export.chats(_chat_filter(export, source, channel)):
                named = source
                if named is None and channel is not None and is_nameless(stream.chat.channel_id):
                    named = await self._sources.of_channel(channel)
                owner = await self._sources.ensure(stream.chat, named)
                outcomes.append(await self._collected(owner, stream, request, parts.next()))
        except SourceError as error:
            # The file is truncated within a chat that was not selected; everything before it is stored all the same.
            if not outcomes:
                raise
            outcomes[-1] = replace(outcomes[-1], error=error)
        if not outcomes:
            raise SourceError(f"{path} does not contain the requested chat.", _left_out_hint(export))
        return outcomes

    async def _collected(
        self, owner: Source, stream: MessageSource, request: IngestRequest, report: ReportProgress
    ) -> IngestOutcome:
        counts = Counter[str]()
        try:
            async with recorded_attempt(self._storage, owner, counts, live=False):
                await self._collector.collect(owner, stream, request.window(owner), counts, report)
        except SourceError as error:
            return IngestOutcome(owner, dict(counts), error)
        return IngestOutcome(owner, dict(counts))


def _chat_filter(export: DesktopExport, source: Source | None, channel: str | None) -> Callable[[Chat], bool] | None:
    """Return the filter for chats to read; None leaves it to the export. An HTML export of one chat contains neither
    its number nor its name, so it is taken to be the chat that the user gave."""
    peer = parse_peer(channel) if channel is not None else source.peer if source is not None else None
    if peer is None or (channel is None and peer.channel_id is None):
        return None

    def is_wanted(chat: Chat) -> bool:
        if is_nameless(chat.channel_id):
            return export.alone
        return peer.canonical in (chat.channel_id, (chat.username or "").lower())

    return is_wanted


def _left_out_hint(export: DesktopExport) -> str:
    names = ", ".join(chat.title or chat.channel_id for chat in export.left_out[:5])
    return (
        f"It contains: {names}. Choose one with --channel." if names else "Export a channel or group with its messages."
    )
