"""One run: collecting, documents, topics and agents, with its own models and limits, using what all runs share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tg_parser.agents.curator import Curator
from tg_parser.agents.handoff_queue import HandoffQueue
from tg_parser.agents.model_curator import ModelCurator
from tg_parser.agents.model_review import ModelReviewer
from tg_parser.config.settings import Settings
from tg_parser.export.exporter import Exporter
from tg_parser.ingestion.collector import Collector
from tg_parser.ingestion.comments import CommentCollector
from tg_parser.ingestion.raw_writer import RawWriter
from tg_parser.ingestion.recheck import Rechecker
from tg_parser.ingestion.rereading import Rereader
from tg_parser.llm.access import LlmAccess
from tg_parser.llm.choice import DEFAULT_MODELS
from tg_parser.llm.prompts import load_prompts
from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.processing.analyzer import Analyzer
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.llm_analyzer import LlmAnalyzer
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor
from tg_parser.services.agents import AgentService, AgentStores, AnalyzerSet
from tg_parser.services.collecting import CollectService, CollectStages
from tg_parser.services.documents import DocumentService
from tg_parser.services.estimates import EstimateService
from tg_parser.services.ingestion import IngestService
from tg_parser.services.rereading import RereadService
from tg_parser.services.run_all import RunAllService
from tg_parser.services.runs import RunService
from tg_parser.services.sources import SourceService
from tg_parser.services.topics import TopicService
from tg_parser.storage.stores.raw_repairs import RawRepairStorage
from tg_parser.topics.editor import TopicEditor
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer
from tg_parser.topics.wanted import read_wanted
from tg_parser.topics.word_workers import WordWorkers
from tg_parser.wiring.context import RunContext
from tg_parser.wiring.shared import Shared


@dataclass(frozen=True, slots=True)
class Run:
    """The services of one run that work on messages. `settings` are those of the run."""

    context: RunContext
    settings: Settings
    models: LlmAccess
    ingest: IngestService
    collect: CollectService
    rereading: RereadService
    documents: DocumentService
    estimates: EstimateService
    topics: TopicService
    runs: RunService
    run_all: RunAllService
    agents: AgentService

    def process_options(self, *, concurrency: int | None = None, **chosen: Any) -> ProcessOptions:
        """Return the options of processing: the user's choices, else the settings."""
        defaults = self.settings.processing
        concurrency = concurrency or defaults.concurrency
        return ProcessOptions(
            concurrency=concurrency,
            ahead=0 if self.models.is_offline else concurrency,
            page_size=defaults.page_size,
            shutdown_wait=self.settings.llm_limits.shutdown_wait,
            **chosen,
        )

    def topic_options(self, known_topics: Path | None = None, **chosen: Any) -> TopicOptions:
        """Return the user's topic options, else those of the settings. Raises UsageError for an invalid file."""
        defaults = self.settings.topics.model_dump(exclude={"judges_events"})
        listed = known_topics or defaults["known_topics"]
        del defaults["known_topics"]
        return TopicOptions(**{**defaults, "wanted": read_wanted(listed) if listed else (), **chosen})


@asynccontextmanager
async def open_run(
    context: RunContext, settings: Settings, shared: Shared, sources: SourceService, exporter: Exporter
) -> AsyncIterator[Run]:
    """Build a run; its spending is saved when it ends. Raises SettingsError, ProviderError."""
    own = context.applied(settings)
    stores = shared.stores
    async with LlmAccess(own, context.run_id, shared.models, stores.answers, stores.spending) as models:
        yield _Builder(context, own, shared, sources, exporter, models).run()


@dataclass(frozen=True, slots=True)
class _Builder:
    context: RunContext
    settings: Settings
    shared: Shared
    sources: SourceService
    exporter: Exporter
    models: LlmAccess

    def run(self) -> Run:
        encoder = SentenceEncoder()
        ingest, collect = self._collecting()
        analyzers = self._analyzers(LocalAnalyzer(embedder=encoder, workers=self.shared.workers))
        documents, topics = analyzers.service(analyzers.deep), self._topics(encoder)
        runs = RunService(
            sources=self.sources,
            ingest=ingest,
            collect=collect,
            documents=documents,
            topics=topics,
            exporter=self.exporter,
        )
        return Run(
            context=self.context,
            settings=self.settings,
            models=self.models,
            ingest=ingest,
            collect=collect,
            rereading=RereadService(Rereader(RawRepairStorage(self.shared.databases.raw))),
            documents=documents,
            estimates=EstimateService(self.settings, self.shared.stores.waiting_texts),
            topics=topics,
            runs=runs,
            run_all=RunAllService(self.sources, collect, documents, topics, runs),
            agents=self._agents(runs, analyzers, encoder),
        )

    def _collecting(self) -> tuple[IngestService, CollectService]:
        stores, collecting = self.shared.stores, self.settings.collecting
        salt = collecting.author_hash_salt
        writer = RawWriter(stores.raw, salt.get_secret_value() if salt else None)
        collector = Collector(stores.sources, stores.comments, writer)
        stages = CollectStages(
            collector,
            CommentCollector(stores.sources, stores.raw, stores.comments, writer, collecting.comment_window),
            Rechecker(stores.raw, writer),
        )
        web, api = self.shared.telegram
        collect = CollectService(
            sources=self.sources,
            storage=stores.sources,
            stages=stages,
            web=web,
            api=api,
            locks=self.shared.databases.locks,
        )
        return IngestService(self.sources, stores.sources, collector), collect

    def _analyzers(self, local: LocalAnalyzer) -> AnalyzerSet:
        """Return the text tools, and the chosen model if there is one. Raises SettingsError."""
        service = self._documents_by()
        provider, llm = self.models.provider, self.settings.llm
        if self.models.is_offline:
            return AnalyzerSet(service, local, local)
        prompts = load_prompts(self.settings.prompts)
        return AnalyzerSet(
            service,
            local,
            LlmAnalyzer(self.models.at("processing"), prompts, llm, local, self.shared.workers),
            ModelReviewer(self.models.at("agents"), prompts, llm.max_input_chars),
            provider,
            llm.model_processing or llm.model or DEFAULT_MODELS.get(provider),
        )

    def _documents_by(self) -> Callable[[Analyzer], DocumentService]:
        stores, locks = self.shared.stores, self.shared.databases.locks
        claims = WorkClaims(stores.claims, locks)
        return lambda analyzer: DocumentService(
            Processor(stores.documents, stores.raw, analyzer, claims, self.shared.workers), stores.documents, locks
        )

    def _topics(self, encoder: SentenceEncoder) -> TopicService:
        stores = self.shared.stores
        workers = WordWorkers(self.shared.workers.expect, self.shared.workers.run)
        topicizer = Topicizer(stores.documents, stores.topics, encoder, self._topic_editor(), workers)
        return TopicService(topicizer, stores.topics, self.sources, self.shared.databases.locks)

    def _topic_editor(self) -> TopicEditor | None:
        """Return the editor that words topics with a model; None without a model. Raises SettingsError."""
        if self.models.is_offline:
            return None
        prompts, concurrency = load_prompts(self.settings.prompts), self.settings.processing.concurrency
        return TopicEditor(
            self.models.at("topics"),
            prompts,
            concurrency,
            self.settings.llm_limits.shutdown_wait,
            judges_events=self.settings.topics.judges_events,
        )

    def _agents(self, runs: RunService, analyzers: AnalyzerSet, encoder: SentenceEncoder) -> AgentService:
        stores, locks = self.shared.stores, self.shared.databases.locks
        opinion = None
        if not self.models.is_offline:
            opinion = ModelCurator(self.models.at("agents"), load_prompts(self.settings.prompts))
        retention = timedelta(days=self.settings.agents.retention_days)
        return AgentService(
            runs,
            analyzers,
            AgentStores(stores.agents, stores.handoffs, HandoffQueue(stores.handoffs, locks), retention),
            curator=Curator(stores.topics, stores.documents, encoder.model_id, opinion),
            documents=stores.documents,
            topics=stores.topics,
        )
