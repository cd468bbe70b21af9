"""The pipeline: collect, process, find topics, export. Every stage is incremental and safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tg_parser.domain.errors import TgParserError
from tg_parser.domain.progress import ProgressParts, ReportProgress, silent
from tg_parser.domain.sources import Source
from tg_parser.export.exporter import Exporter, ExportReport, ExportRequest
from tg_parser.processing.processor import ProcessOptions, ProcessReport
from tg_parser.services.collecting import CollectService
from tg_parser.services.documents import DocumentService
from tg_parser.services.ingestion import IngestOutcome, IngestRequest, IngestService
from tg_parser.services.sources import SourceService
from tg_parser.services.topics import TopicService
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import TopicizeReport


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a run works on, and which stages it runs."""

    out: Path
    export_path: Path | None = None
    source: Source | None = None
    channel: str | None = None
    ingest: IngestRequest = field(default_factory=IngestRequest)
    process: ProcessOptions = field(default_factory=ProcessOptions)
    topics: TopicOptions = field(default_factory=TopicOptions)
    force: bool = False
    pretty: bool = False
    replace: bool = False
    own_topics: bool = False
    skip: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RunReport:
    """Result of each stage; None if it was skipped."""

    channel_ids: tuple[str, ...]
    ingested: list[IngestOutcome] | None = None
    processed: ProcessReport | None = None
    topics: dict[str, TopicizeReport] | None = None
    exported: ExportReport | None = None


class RunService:
    """Chains the stages for one source, or for every chat of an export."""

    def __init__(
        self,
        *,
        sources: SourceService,
        ingest: IngestService,
        collect: CollectService,
        documents: DocumentService,
        topics: TopicService,
        exporter: Exporter,
    ) -> None:
        self._sources = sources
        self._ingest = ingest
        self._collect = collect
        self._documents = documents
        self._topics = topics
        self._exporter = exporter

    async def run(self, request: RunRequest, report: ReportProgress = silent) -> RunReport:
        """Run all stages that `request` does not skip. A failed stage ends the run with its error."""
        ingested = None if "ingest" in request.skip else await self.collect(request, report)
        channels = await self.channels(request, ingested)
        processed = topics = exported = None
        if "process" not in request.skip:
            processed = await self._documents.process(channels, request.process, report)
        if "topicize" not in request.skip:
            topics = await self.topicize(request, channels, report)
        if "export" not in request.skip:
            exported = await self.export(request, channels, report)
        return RunReport(tuple(channels), ingested, processed, topics, exported)

    async def collect(self, request: RunRequest, report: ReportProgress = silent) -> list[IngestOutcome]:
        """Run the first stage: collect messages of all requested chats."""
        if request.export_path is not None:
            outcomes = await self._ingest.from_export(
                request.export_path, request.ingest, source=request.source, channel=request.channel, report=report
            )
        elif request.source is not None:
            outcomes = [await self._collect.collect(request.source, request.ingest, report)]
        else:
            outcomes = [await self._collect.collect_chat(request.channel or "", request.ingest, report)]
        raise_first_error(outcomes)
        return outcomes

    async def topicize(
        self, request: RunRequest, channels: Sequence[str], report: ReportProgress = silent
    ) -> dict[str, TopicizeReport]:
        """Find the topics of each channel separately. (For topics across channels there is TopicService.topicize.)"""
        parts, force = ProgressParts(report, len(channels)), request.force
        return {
            channel: await self._topics.topicize([channel], request.topics, force=force, report=parts.next())
            for channel in channels
        }

    async def export(
        self, request: RunRequest, channels: Sequence[str], report: ReportProgress = silent
    ) -> ExportReport:
        """Run the last stage: write files for all these channels together."""
        addresses = await self._sources.addresses()
        return await self._exporter.export(replace(_export_of(request, channels), addresses=addresses), report)

    async def channels(self, request: RunRequest, ingested: list[IngestOutcome] | None) -> Sequence[str]:
        """Return the channels for the later stages. Raises OutputError before money is spent in vain."""
        if ingested is not None:
            found = [outcome.source.channel_id for outcome in ingested]
        else:
            found = [(await self._source(request)).channel_id]
        await self.require_own_folder(request, found)
        return found

    async def require_own_folder(self, request: RunRequest, channels: Sequence[str]) -> None:
        """Raise OutputError if the files of these channels could not be written to the requested folder."""
        if "export" not in request.skip:
            await self._exporter.require_own_folder(_export_of(request, channels))

    async def _source(self, request: RunRequest) -> Source:
        if request.source is not None:
            return request.source
        return await self._sources.by_channel(request.channel or "")


def _export_of(request: RunRequest, channels: Sequence[str]) -> ExportRequest:
    return ExportRequest(
        out=request.out,
        channel_ids=channels,
        pretty=request.pretty,
        replace=request.replace,
        own_topics=request.own_topics,
    )


def raise_first_error(outcomes: Sequence[IngestOutcome]) -> None:
    """Raise the first error among `outcomes`, if there is one."""
    for outcome in outcomes:
        if isinstance(outcome.error, TgParserError):
            raise outcome.error
