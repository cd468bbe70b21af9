"""The complete pipeline for every source; a failing source does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tg_parser.domain.errors import TgParserError
from tg_parser.domain.progress import ProgressParts, ReportProgress, silent
from tg_parser.domain.sources import Source
from tg_parser.export.exporter import ExportReport
from tg_parser.processing.processor import ProcessReport
from tg_parser.services.collecting import CollectService
from tg_parser.services.documents import DocumentService
from tg_parser.services.ingestion import IngestOutcome
from tg_parser.services.runs import RunRequest, RunService
from tg_parser.services.sources import SourceService
from tg_parser.services.topics import TopicService
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import TopicizeReport


@dataclass(frozen=True, slots=True)
class SourceRun:
    """Result of each stage for one source; None if skipped. `error` is that of the first failed stage."""

    source: Source
    ingested: IngestOutcome | None = None
    processed: ProcessReport | None = None
    topics: TopicizeReport | None = None
    error: TgParserError | None = None


@dataclass(frozen=True, slots=True)
class RunAllReport:
    """Results of all sources, and their common export."""

    sources: list[SourceRun]
    exported: ExportReport | None = None

    @property
    def failed_messages(self) -> int:
        """Return the number of failed messages in all sources."""
        return sum(each.processed.failed for each in self.sources if each.processed is not None)


class RunAllService:
    """Runs all stages for each source, and one export for all.

    An error that would affect every other source too (no database, no money, a wrong key) ends the run.
    """

    def __init__(
        self,
        sources: SourceService,
        collect: CollectService,
        documents: DocumentService,
        topics: TopicService,
        runs: RunService,
    ) -> None:
        self._sources = sources
        self._collect = collect
        self._documents = documents
        self._topics = topics
        self._runs = runs

    async def run(self, request: RunRequest, report: ReportProgress = silent) -> RunAllReport:
        """Run the stages of `request` for every source that is not paused."""
        chosen = [each for each in await self._sources.list() if each.status != "paused"]
        collected = {} if "ingest" in request.skip else await self._collected(chosen, request, report)
        found = [collected[each.source_id].source if each.source_id in collected else each for each in chosen]
        await self._runs.require_own_folder(request, [each.channel_id for each in found])
        parts = await self._parts(found, request, report)
        done = [await self._steps(each, collected.get(each.source_id), request, parts.next()) for each in chosen]
        exported = None
        if "export" not in request.skip and done:
            channels = list(dict.fromkeys(each.source.channel_id for each in done))
            exported = await self._runs.export(request, channels, report)
        return RunAllReport(done, exported)

    async def topicize(
        self, sources: Sequence[Source], options: TopicOptions, report: ReportProgress = silent, **how: bool
    ) -> list[SourceRun]:
        """Find the topics of each channel separately."""
        parts = ProgressParts(report, len(sources))
        return [await self._topicized(SourceRun(source), options, parts.next(), **how) for source in sources]

    async def _parts(self, chosen: Sequence[Source], request: RunRequest, report: ReportProgress) -> ProgressParts:
        """Return the progress of all sources, based on the number of waiting messages before the first one starts."""
        channels = [] if "process" in request.skip else [each.channel_id for each in chosen]
        waiting = await self._documents.count_waiting_each(channels, request.process)
        return ProgressParts(report, len(chosen), {"process": waiting})

    async def _collected(
        self, chosen: Sequence[Source], request: RunRequest, report: ReportProgress
    ) -> dict[str, IngestOutcome]:
        """Collect live sources; skip those filled from exports or waiting for a person."""
        if not any(each.status == "active" and each.via != "export" for each in chosen):
            return {}
        outcomes = await self._collect.collect_all(request.ingest, report)
        return {outcome.source.source_id: outcome for outcome in outcomes}

    async def _steps(
        self, source: Source, collected: IngestOutcome | None, request: RunRequest, report: ReportProgress
    ) -> SourceRun:
        """Process the stored messages of a source, even if collecting failed."""
        done = SourceRun(source, collected, error=collected.error if collected is not None else None)
        if collected is not None:
            done = replace(done, source=collected.source)
        if "process" not in request.skip:
            try:
                processed = await self._documents.process([done.source.channel_id], request.process, report)
                done = replace(done, processed=processed)
            except TgParserError as error:
                done = _failed(done, error)
        if "topicize" in request.skip:
            return done
        return await self._topicized(done, request.topics, report, force=request.force)

    async def _topicized(
        self, done: SourceRun, options: TopicOptions, report: ReportProgress, **how: bool
    ) -> SourceRun:
        try:
            found = await self._topics.topicize([done.source.channel_id], options, report=report, **how)
        except TgParserError as error:
            return _failed(done, error)
        return replace(done, topics=found)


def _failed(done: SourceRun, error: TgParserError) -> SourceRun:
    if error.stops_run:
        raise error
    return replace(done, error=done.error or error)
