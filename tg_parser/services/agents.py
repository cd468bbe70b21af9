"""The stages as agents, and the plans that run them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from tg_parser.agents.agent import Agent, Assignment, Done
from tg_parser.agents.curator import CARD as CURATOR
from tg_parser.agents.curator import Curator
from tg_parser.agents.handoff_queue import HandoffQueue
from tg_parser.agents.history import Recorder
from tg_parser.agents.model_review import ModelReviewer
from tg_parser.agents.orchestrator import Orchestrator
from tg_parser.agents.plans import packaged_plan
from tg_parser.agents.quality import inspect
from tg_parser.agents.review import CARD as REVIEWER
from tg_parser.agents.review import Reviewer
from tg_parser.agents.routed_analyzer import READERS, ROUTER, RoutedAnalyzer
from tg_parser.domain.agents import AgentCard, JsonObject
from tg_parser.domain.progress import ReportProgress, silent
from tg_parser.processing.analyzer import Analyzer
from tg_parser.processing.processor import ProcessOptions, ProcessReport
from tg_parser.services.documents import DocumentService
from tg_parser.services.ingestion import IngestOutcome
from tg_parser.services.runs import RunReport, RunRequest, RunService
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.handoffs import HandoffStorage
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.discovery import TopicReport

COLLECTOR = AgentCard("collector", "ingestion", "Collects messages of the requested sources.", ("ingest",))
PROCESSOR = AgentCard("processor", "processing", "Creates documents from the waiting messages.", ("process",))
TOPICIZER = AgentCard("topicizer", "topics", "Updates the topics of channels.", ("topicize",))
EXPORTER = AgentCard("exporter", "export", "Writes the knowledge base.", ("export",))
INSPECTOR = AgentCard("inspector", "quality", "Checks the numbers and reports anomalies.", ("quality",))


@dataclass(frozen=True, slots=True)
class AnalyzerSet:
    """The analyzers of a run: text tools and, if configured, a model. `service` processes messages with one of them."""

    service: Callable[[Analyzer], DocumentService]
    simple: Analyzer
    deep: Analyzer
    reviewer: ModelReviewer | None = None
    provider: str = "local"
    model: str | None = None


@dataclass(frozen=True, slots=True)
class AgentStores:
    """Stores for agents and their history, which is kept for `retention`."""

    agents: AgentStorage
    handoffs: HandoffStorage
    queue: HandoffQueue
    retention: timedelta


@dataclass(frozen=True, slots=True)
class AgentRun:
    """Result of a plan: the same report as without agents, and the report of each agent."""

    report: RunReport
    steps: dict[str, JsonObject]


class AgentService:
    """Runs the plans `process` and `run`."""

    def __init__(
        self,
        runs: RunService,
        analyzers: AnalyzerSet,
        stores: AgentStores,
        *,
        curator: Curator,
        documents: ProcessingStorage,
        topics: TopicStorage,
    ) -> None:
        self._runs = runs
        self._analyzers = analyzers
        self._stores = stores
        self._curator = curator
        self._documents = documents
        self._topics = topics

    async def process(
        self, channels: Sequence[str], options: ProcessOptions, report: ReportProgress = silent
    ) -> AgentRun:
        """Process the waiting messages of channels with agents."""
        return await self._run("process", _Job(tuple(channels), options, report))

    async def run(self, request: RunRequest, report: ReportProgress = silent) -> AgentRun:
        """Run the complete pipeline with agents, except the stages that `request` skips."""
        return await self._run("run", _Job((), request.process, report, request), request.skip)

    async def _run(self, plan: str, job: _Job, skip: frozenset[str] = frozenset()) -> AgentRun:
        recorder = Recorder(self._stores.agents, self._stores.handoffs, self._stores.retention)
        deep = replace(READERS["deep"], provider=self._analyzers.provider, model=self._analyzers.model)
        orchestrator = Orchestrator(
            self._agents(recorder),
            self._stores.queue,
            recorder,
            self._stores.agents,
            others=(ROUTER, READERS["simple"], deep, REVIEWER),
        )
        done = await orchestrator.run(packaged_plan(plan), {"job": job}, skip)
        values = {name: step.value for name, step in done.items()}
        report = RunReport(
            channel_ids=await self._channels(job, values.get("ingest")),
            ingested=values.get("ingest"),
            processed=values.get("process"),
            topics=values.get("topicize"),
            exported=values.get("export"),
        )
        return AgentRun(report, {name: step.facts for name, step in done.items()})

    def _agents(self, recorder: Recorder) -> Sequence[Agent]:
        async def process(assignment: Assignment) -> Done:
            return await self._process(assignment, recorder)

        return (
            Agent(COLLECTOR, self._collect),
            Agent(PROCESSOR, process, frozenset({"review"})),
            Agent(TOPICIZER, self._topicize),
            Agent(CURATOR, self._curate, frozenset({"proposals"})),
            Agent(EXPORTER, self._export),
            Agent(INSPECTOR, self._inspect),
        )

    async def _collect(self, assignment: Assignment) -> Done:
        job = _job(assignment)
        outcomes = await self._runs.collect(job.wanted, job.report)
        return Done(outcomes, {"chats": len(outcomes)})

    async def _process(self, assignment: Assignment, recorder: Recorder) -> Done:
        job, analyzers = _job(assignment), self._analyzers
        reviewer = Reviewer(recorder, analyzers.reviewer if assignment.options.get("review") == "model" else None)
        analyzer = RoutedAnalyzer(analyzers.simple, analyzers.deep, reviewer, recorder)
        channels = await self._channels_of(assignment)
        done: ProcessReport = await analyzers.service(analyzer).process(channels, job.options, job.report)
        facts = {**asdict(done), "routed": analyzer.routed.facts(), "review": dict(sorted(reviewer.counts.items()))}
        return Done(done, facts)

    async def _topicize(self, assignment: Assignment) -> Done:
        job = _job(assignment)
        found = await self._runs.topicize(job.wanted, await self._channels_of(assignment), job.report)
        return Done(found, {channel: asdict(each.found) for channel, each in found.items()})

    async def _curate(self, assignment: Assignment) -> Done:
        most = int(assignment.options.get("proposals", 20))
        channels = await self._channels_of(assignment)
        found = [each for channel in channels for each in await self._curator.proposals(channel, most)]
        return Done(found, {"proposals": [asdict(each) for each in found]})

    async def _export(self, assignment: Assignment) -> Done:
        job = _job(assignment)
        done = await self._runs.export(job.wanted, await self._channels_of(assignment), job.report)
        return Done(done, asdict(done))

    async def _inspect(self, assignment: Assignment) -> Done:
        findings = []
        for channel in await self._channels_of(assignment):
            run = await self._topics.last_run([channel])
            found = inspect(
                await self._documents.counts(channel),
                await self._documents.count_waiting(channel),
                await self._topics.cards(channel_ids=[channel]),
                TopicReport.of(run.report).in_a_topic if run else None,
            )
            findings += [{"channel": channel, **asdict(each)} for each in found]
        return Done(findings, {"findings": findings})

    async def _channels_of(self, assignment: Assignment) -> Sequence[str]:
        collected = assignment.done.get("ingest")
        return await self._channels(_job(assignment), collected.value if collected else None)

    async def _channels(self, job: _Job, ingested: list[IngestOutcome] | None) -> tuple[str, ...]:
        return job.channels or tuple(await self._runs.channels(job.wanted, ingested))


@dataclass(frozen=True, slots=True)
class _Job:
    """The request for a plan."""

    channels: tuple[str, ...]
    options: ProcessOptions
    report: ReportProgress
    request: RunRequest | None = None

    @property
    def wanted(self) -> RunRequest:
        """Return the request for a full run. Raises TypeError for other plans."""
        if self.request is None:
            raise TypeError("this plan has no request for a full run")
        return self.request


def _job(assignment: Assignment) -> _Job:
    job = assignment.inputs["job"]
    if not isinstance(job, _Job):
        raise TypeError("a plan needs a job to run")
    return job
