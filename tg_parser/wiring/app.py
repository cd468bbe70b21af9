"""The one place where settings become objects: engines, storages, stages, services; opened and closed in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tg_parser.agents.cleanup import Cleanup
from tg_parser.agents.curator import Curator
from tg_parser.agents.handoff_queue import HandoffQueue
from tg_parser.agents.model_curator import ModelCurator
from tg_parser.agents.model_review import ModelReviewer
from tg_parser.backup.choice import backup_backend
from tg_parser.backup.directory import BackupDirectory
from tg_parser.backup.retention import Retention
from tg_parser.config.settings import Settings
from tg_parser.export.exporter import Exporter
from tg_parser.export.raw import RawExporter
from tg_parser.ingestion.collector import Collector
from tg_parser.ingestion.comments import CommentCollector
from tg_parser.ingestion.raw_writer import RawWriter
from tg_parser.ingestion.recheck import Rechecker
from tg_parser.ingestion.rereading import Rereader
from tg_parser.ingestion.telegram.api import TelegramApi
from tg_parser.ingestion.web.preview import WebPreview
from tg_parser.llm.access import LlmAccess
from tg_parser.llm.choice import DEFAULT_MODELS, chosen_provider
from tg_parser.llm.prompts import load_prompts
from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.processing.analyzer import Analyzer
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.llm_analyzer import LlmAnalyzer
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor
from tg_parser.services.agent_history import AgentHistoryService
from tg_parser.services.agents import AgentService, AgentStores, AnalyzerSet
from tg_parser.services.backups import BackupService
from tg_parser.services.collecting import CollectService, CollectStages
from tg_parser.services.costs import CostService
from tg_parser.services.databases import DatabaseService
from tg_parser.services.documents import DocumentService
from tg_parser.services.ingestion import IngestService
from tg_parser.services.login import LoginService
from tg_parser.services.pools import PoolService
from tg_parser.services.reading import ReadingService
from tg_parser.services.rereading import RereadService
from tg_parser.services.run_all import RunAllService
from tg_parser.services.runs import RunService
from tg_parser.services.sentiment import SentimentService
from tg_parser.services.sources import SourceService
from tg_parser.services.status import StatusService
from tg_parser.services.topics import TopicService
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.engine.event_loop import run
from tg_parser.storage.stores.accounts import AccountStorage
from tg_parser.storage.stores.agent_retention import AgentRetention
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.comments import CommentStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.due_texts import DueTextStorage
from tg_parser.storage.stores.handoffs import HandoffStorage
from tg_parser.storage.stores.llm_answers import AnswerStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.raw_repairs import RawRepairStorage
from tg_parser.storage.stores.revision_log import RevisionLog
from tg_parser.storage.stores.sentiment import SentimentStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.editor import TopicEditor
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer
from tg_parser.topics.wanted import read_wanted


@dataclass(frozen=True, slots=True)
class App:
    """Everything an interface may call."""

    settings: Settings
    databases: DatabaseService
    pools: PoolService
    sources: SourceService
    ingest: IngestService
    live: CollectService
    rereading: RereadService
    login: LoginService
    documents: DocumentService
    topics: TopicService
    exporter: Exporter
    runs: RunService
    run_all: RunAllService
    models: LlmAccess
    costs: CostService
    agents: AgentService
    agent_history: AgentHistoryService
    status: StatusService
    reading: ReadingService
    raw_export: RawExporter
    sentiment: SentimentService

    @property
    def places(self) -> dict[str, str]:
        """The folder of everything that is kept, and where each database is."""
        return {"home": str(self.settings.home.folder.expanduser().absolute()), **self.databases.places}

    def process_options(self, *, concurrency: int | None = None, **chosen: Any) -> ProcessOptions:
        """Options of processing: what a user chose, else the settings."""
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
        """Options of topics: what a user chose, else the settings. Raises UsageError for a wrong file of topics."""
        defaults = self.settings.topics.model_dump()
        listed = known_topics or defaults["known_topics"]
        del defaults["known_topics"]
        return TopicOptions(**{**defaults, "wanted": read_wanted(listed) if listed else (), **chosen})


@asynccontextmanager
async def open_app(settings: Settings, *, prepare: bool = True, begin: bool = False) -> AsyncIterator[App]:
    """Connect and build; `prepare` also makes missing schemas and refuses unfit ones. Raises StorageError.

    Only with `begin` are databases made in a home that was named and holds none.
    """
    async with (
        open_databases(settings, prepare=prepare, begin=begin) as databases,
        _reached(settings, databases) as (web, api),
        _models(settings, databases) as models,
    ):
        yield _build(settings, databases, web, api, models)


def backup_service(settings: Settings) -> BackupService:
    """Backups; they need no open application, and work where the databases are damaged or gone."""
    kept = settings.backup
    return BackupService(
        BackupDirectory(kept.dir),
        lambda: backup_backend(settings),
        Retention(kept.keep_daily, kept.keep_weekly, kept.keep_monthly),
        lambda: run(_upgrade(settings)),
    )


async def _upgrade(settings: Settings) -> None:
    async with open_databases(settings, prepare=False) as databases:
        await DatabaseService(databases.all).upgrade("all")


@asynccontextmanager
async def _reached(settings: Settings, databases: Databases) -> AsyncIterator[tuple[WebPreview, TelegramApi]]:
    """The ways to reach Telegram; each connects when it is first used."""
    max_wait = settings.collecting.max_wait
    web = WebPreview(settings.web, settings.retry, max_wait)
    accounts = AccountStorage(databases.ingestion)
    api = TelegramApi(settings.telegram, settings.retry, max_wait, accounts, databases.locks)
    try:
        yield web, api
    finally:
        await api.close()
        await web.close()


def _models(settings: Settings, databases: Databases) -> LlmAccess:
    """The way to the models that the settings choose; nothing is opened before the first question."""
    return LlmAccess(settings, AnswerStorage(databases.processing), SpendingStorage(databases.processing))


def _build(settings: Settings, databases: Databases, web: WebPreview, api: TelegramApi, models: LlmAccess) -> App:
    ingestion, raw = IngestionStorage(databases.ingestion), RawStorage(databases.raw)
    documents, topics = ProcessingStorage(databases.processing), TopicStorage(databases.processing)
    sources = SourceService(ingestion, raw, documents, topics)
    salt = settings.collecting.author_hash_salt
    raw_writer = RawWriter(raw, salt.get_secret_value() if salt else None)
    comments = CommentStorage(databases.ingestion)
    collector = Collector(ingestion, comments, raw_writer)
    ingest = IngestService(sources, ingestion, collector)
    stages = CollectStages(
        collector,
        CommentCollector(ingestion, raw, comments, raw_writer, settings.collecting.comment_window),
        Rechecker(raw, raw_writer),
    )
    live = CollectService(sources=sources, storage=ingestion, stages=stages, web=web, api=api, locks=databases.locks)
    claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)

    def documents_by(analyzer: Analyzer) -> DocumentService:
        return DocumentService(Processor(documents, raw, analyzer, claims), documents, databases.locks)

    encoder = SentenceEncoder()
    local = LocalAnalyzer(embedder=encoder)
    deep, reviewer = _deep_analyzers(settings, models, local)
    document_service = documents_by(deep)
    topicizer = Topicizer(documents, topics, encoder, _topic_editor(settings, models))
    topic_service = TopicService(topicizer, topics, sources, databases.locks)
    # What only shows what is stored may come from a replica.
    read_databases = databases.read_databases
    shown_raw, shown_documents = RawStorage(read_databases.raw), ProcessingStorage(read_databases.processing)
    shown_topics = TopicStorage(read_databases.processing)
    exporter = Exporter(shown_documents, shown_topics)
    runs = RunService(
        sources=sources,
        ingest=ingest,
        live=live,
        documents=document_service,
        topics=topic_service,
        exporter=exporter,
    )
    readers_of_messages = AnalyzerSet(documents_by, local, deep, reviewer, *_model_of(settings))
    return App(
        settings=settings,
        databases=DatabaseService(databases.all),
        pools=PoolService(databases),
        sources=sources,
        ingest=ingest,
        live=live,
        rereading=RereadService(Rereader(RawRepairStorage(databases.raw))),
        login=LoginService(settings.telegram, settings.retry, AccountStorage(databases.ingestion), databases.locks),
        documents=document_service,
        topics=topic_service,
        exporter=exporter,
        runs=runs,
        run_all=RunAllService(sources, live, document_service, topic_service, runs),
        models=models,
        costs=CostService(
            settings, SpendingStorage(read_databases.processing), DueTextStorage(read_databases.processing)
        ),
        agents=_agents(settings, databases, models, runs, readers_of_messages),
        agent_history=_agent_history(settings, databases),
        status=StatusService(sources, shown_raw, shown_documents, shown_topics),
        reading=ReadingService(sources, shown_raw, shown_documents, shown_topics),
        raw_export=RawExporter(shown_raw, RevisionLog(read_databases.raw)),
        sentiment=SentimentService(SentimentStorage(read_databases.processing), shown_documents),
    )


def _deep_analyzers(
    settings: Settings, models: LlmAccess, local: LocalAnalyzer
) -> tuple[Analyzer, ModelReviewer | None]:
    """Who reads with a model, and who reviews that; text tools where there is none. Raises SettingsError."""
    if chosen_provider(settings.llm) == "local":
        return local, None
    prompts = load_prompts(settings.prompts)
    reader = LlmAnalyzer(models.at("processing"), prompts, settings.llm, local)
    return reader, ModelReviewer(models.at("agents"), prompts, settings.llm.max_input_chars)


def _topic_editor(settings: Settings, models: LlmAccess) -> TopicEditor | None:
    """Who finds words for topics with a model; None where there is none. Raises SettingsError."""
    if models.is_offline:
        return None
    prompts, concurrency = load_prompts(settings.prompts), settings.processing.concurrency
    return TopicEditor(models.at("topics"), prompts, concurrency, settings.llm_limits.shutdown_wait)


def _model_of(settings: Settings) -> tuple[str, str | None]:
    """The provider that reads messages, and its model."""
    provider, chosen = chosen_provider(settings.llm), settings.llm
    return provider, chosen.model_processing or chosen.model or DEFAULT_MODELS.get(provider)


def _agents(
    settings: Settings, databases: Databases, models: LlmAccess, runs: RunService, read_databases: AnalyzerSet
) -> AgentService:
    documents, topics = ProcessingStorage(databases.processing), TopicStorage(databases.processing)
    offline = read_databases.provider == "local"
    opinion = None if offline else ModelCurator(models.at("agents"), load_prompts(settings.prompts))
    return AgentService(
        runs,
        read_databases,
        _books(settings, databases),
        curator=Curator(topics, documents, SentenceEncoder().model_id, opinion),
        documents=documents,
        topics=topics,
    )


def _books(settings: Settings, databases: Databases) -> AgentStores:
    handoffs = HandoffStorage(databases.processing)
    retention = timedelta(days=settings.agents.retention_days)
    return AgentStores(AgentStorage(databases.processing), handoffs, HandoffQueue(handoffs, databases.locks), retention)


def _agent_history(settings: Settings, databases: Databases) -> AgentHistoryService:
    shown = databases.read_databases.processing
    cleanup = Cleanup(AgentRetention(databases.processing), databases.locks, settings.agents.archive_dir)
    return AgentHistoryService(AgentStorage(shown), HandoffStorage(shown), cleanup, settings.agents)
