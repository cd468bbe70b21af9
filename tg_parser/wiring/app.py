"""The application. Each part is loaded and built when first used; what processes messages is built per run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from tg_parser.config.settings import Settings
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.wiring.garbage_collection import spare_what_runs_load, spare_what_the_app_loaded
from tg_parser.wiring.shared import Shared, open_shared
from tg_parser.wiring.stores import Stores, stores_over

if TYPE_CHECKING:
    from tg_parser.export.exporter import Exporter
    from tg_parser.services.agent_history import AgentHistoryService
    from tg_parser.services.costs import CostService
    from tg_parser.services.databases import DatabaseService
    from tg_parser.services.exports import ExportService
    from tg_parser.services.health import HealthService
    from tg_parser.services.keyed_requests import KeyedRequestService
    from tg_parser.services.keys import KeyService
    from tg_parser.services.login import LoginService
    from tg_parser.services.pools import PoolService
    from tg_parser.services.reading.access import Access
    from tg_parser.services.reading.service import ReadingService
    from tg_parser.services.searching.service import SearchService
    from tg_parser.services.sentiment import SentimentService
    from tg_parser.services.service_figures import FiguresService
    from tg_parser.services.sources import SourceService
    from tg_parser.services.status import StatusService
    from tg_parser.services.topic_edits import TopicEditService
    from tg_parser.wiring.context import RunContext
    from tg_parser.wiring.run import Run


class App:
    """Everything an interface may call that needs neither Telegram nor a model; for the rest there is `new_run`."""

    def __init__(self, settings: Settings, databases: Databases, shared: Shared) -> None:
        self.settings = settings
        self.shared = shared
        self._databases = databases

    @property
    def places(self) -> dict[str, str]:
        """Return the home folder, and the location of each database."""
        return {"home": str(self.settings.home.folder.expanduser().absolute()), **self.databases.places}

    @cached_property
    def databases(self) -> DatabaseService:
        """Locations and schemas of the databases."""
        from tg_parser.services.databases import DatabaseService

        return DatabaseService(self._databases.all)

    @cached_property
    def pools(self) -> PoolService:
        """Connections, and the processes that use them."""
        from tg_parser.services.pools import PoolService

        return PoolService(self._databases)

    @cached_property
    def health(self) -> HealthService:
        """Health checks for monitoring."""
        from tg_parser.wiring.health import health_over

        return health_over(self._databases, self.settings, self.figures)

    @cached_property
    def figures(self) -> FiguresService:
        """Figures of sources and jobs for monitoring."""
        from tg_parser.wiring.health import figures_over

        return figures_over(self._databases, self.shared.stores.sources)

    @cached_property
    def sources(self) -> SourceService:
        """The registry of sources."""
        from tg_parser.services.sources import SourceService
        from tg_parser.storage.stores.job_channels import JobChannels

        stores, jobs = self.shared.stores, JobChannels(self._databases.processing)
        return SourceService(stores.sources, stores.raw, stores.documents, stores.topics, keys=stores.keys, jobs=jobs)

    @cached_property
    def keyed_requests(self) -> KeyedRequestService:
        """Requests with an idempotency key."""
        from tg_parser.services.keyed_requests import KeyedRequestService

        return KeyedRequestService(self.shared.stores.keyed_requests)

    @cached_property
    def keys(self) -> KeyService:
        """API keys, and the audit log."""
        from tg_parser.services.keys import KeyService

        return KeyService(self.shared.stores.keys, self.sources)

    @cached_property
    def status(self) -> StatusService:
        """Status of sources."""
        from tg_parser.services.status import StatusService

        shown = self._shown
        return StatusService(self.sources, shown.raw, shown.documents, shown.topics)

    @cached_property
    def reading(self) -> ReadingService:
        """Messages, documents, entries and topics."""
        from tg_parser.services.reading.service import ReadingService

        return ReadingService(self._access)

    @cached_property
    def search(self) -> SearchService:
        """Search, and the upkeep of its index."""
        from tg_parser.wiring.search import search_over

        return search_over(self._databases, self._access, self.settings.home.folder.expanduser())

    @cached_property
    def topic_edits(self) -> TopicEditService:
        """Edits of topics by people."""
        from tg_parser.services.topic_edits import TopicEditService
        from tg_parser.storage.stores.topic_edits import TopicEditStorage

        stores, edits = self.shared.stores, TopicEditStorage(self._databases.processing)
        return TopicEditService(stores.topics, edits, stores.documents, self._databases.locks)

    @cached_property
    def sentiment(self) -> SentimentService:
        """Sentiment by thread, topic and period."""
        from tg_parser.services.sentiment import SentimentService

        return SentimentService(self.sources, self._shown.sentiment, self._shown.documents)

    @cached_property
    def costs(self) -> CostService:
        """Costs of models."""
        from tg_parser.services.costs import CostService

        return CostService(self._shown.spending, self.settings.llm_money.monthly_budget)

    @cached_property
    def agent_history(self) -> AgentHistoryService:
        """Agents and their history."""
        from tg_parser.agents.cleanup import Cleanup
        from tg_parser.services.agent_history import AgentHistoryService
        from tg_parser.storage.stores.agent_retention import AgentRetention

        retention = AgentRetention(self._databases.processing)
        cleanup = Cleanup(retention, self._databases.locks, self.settings.agents.archive_dir)
        return AgentHistoryService(self._shown.agents, self._shown.handoffs, cleanup, self.settings.agents)

    @cached_property
    def exporter(self) -> Exporter:
        """Writes the knowledge base."""
        from tg_parser.export.exporter import Exporter

        return Exporter(self._shown.documents, self._shown.topics)

    @cached_property
    def exports(self) -> ExportService:
        """Exports of sources, and of raw messages."""
        from tg_parser.export.raw import RawExporter
        from tg_parser.services.exports import ExportService

        return ExportService(self.sources, self.exporter, RawExporter(self._shown.raw, self._shown.revisions))

    @property
    def login(self) -> LoginService:
        """Logs the account in, one attempt at a time."""
        return self.shared.login

    @asynccontextmanager
    async def new_run(self, context: RunContext) -> AsyncIterator[Run]:
        """Yield the services for one run, with its own models, cost limits and ledger.

        Raises SettingsError, ProviderError.

        Runs may overlap: they share pools, connections and the rate limits of each provider, and nothing else.
        """
        from tg_parser.wiring.run import open_run

        spare_what_runs_load()
        async with open_run(context, self.settings, self.shared, self.sources, self.exporter) as run:
            yield run

    @cached_property
    def _access(self) -> Access:
        """Return what readers read from, without restrictions."""
        from tg_parser.services.reading.access import Access

        shown = self._shown
        return Access(self.sources, shown.raw, shown.messages, shown.documents, shown.topics)

    @cached_property
    def _shown(self) -> Stores:
        """Return the stores of read-only services, which may use a replica."""
        return stores_over(self._databases.read_databases)


@asynccontextmanager
async def open_app(settings: Settings, *, prepare: bool = True, begin: bool = False) -> AsyncIterator[App]:
    """Connect and build the application; `prepare` also creates missing schemas and refuses incompatible ones.

    If the user gave a home folder without databases, only `begin` creates them. Raises StorageError.
    """
    async with (
        open_databases(settings, prepare=prepare, begin=begin) as databases,
        open_shared(settings, databases) as shared,
    ):
        spare_what_the_app_loaded()
        yield App(settings, databases, shared)
