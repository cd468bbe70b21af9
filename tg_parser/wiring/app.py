"""The application: what reads and keeps order is built at once, what works on messages with each run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tg_parser.agents.cleanup import Cleanup
from tg_parser.config.settings import Settings
from tg_parser.export.exporter import Exporter
from tg_parser.export.raw import RawExporter
from tg_parser.services.agent_history import AgentHistoryService
from tg_parser.services.costs import CostService
from tg_parser.services.databases import DatabaseService
from tg_parser.services.exports import ExportService
from tg_parser.services.pools import PoolService
from tg_parser.services.reading.access import Access
from tg_parser.services.reading.service import ReadingService
from tg_parser.services.sentiment import SentimentService
from tg_parser.services.sources import SourceService
from tg_parser.services.status import StatusService
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.agent_retention import AgentRetention
from tg_parser.wiring.shared import Shared, open_shared
from tg_parser.wiring.stores import Stores, stores_over

if TYPE_CHECKING:
    from tg_parser.services.login import LoginService
    from tg_parser.wiring.context import RunContext
    from tg_parser.wiring.run import Run


@dataclass(frozen=True, slots=True)
class App:
    """Everything an interface may call that needs neither Telegram nor a model; `new_run` gives the rest."""

    settings: Settings
    databases: DatabaseService
    pools: PoolService
    sources: SourceService
    status: StatusService
    reading: ReadingService
    sentiment: SentimentService
    costs: CostService
    agent_history: AgentHistoryService
    exporter: Exporter
    exports: ExportService
    shared: Shared

    @property
    def places(self) -> dict[str, str]:
        """The folder of everything that is kept, and where each database is."""
        return {"home": str(self.settings.home.folder.expanduser().absolute()), **self.databases.places}

    @property
    def login(self) -> LoginService:
        """The one attempt at a time to log the account in."""
        return self.shared.login

    @asynccontextmanager
    async def new_run(self, context: RunContext) -> AsyncIterator[Run]:
        """Services for one run, with models, caps and a ledger of its own. Raises SettingsError, ProviderError.

        Runs may go side by side: they share pools, connections and the limits of each provider, and nothing else.
        """
        # Collecting, text tools and models take a second to load, which who only reads need not wait for.
        from tg_parser.wiring.run import open_run  # noqa: PLC0415

        async with open_run(context, self.settings, self.shared, self.sources, self.exporter) as run:
            yield run


@asynccontextmanager
async def open_app(settings: Settings, *, prepare: bool = True, begin: bool = False) -> AsyncIterator[App]:
    """Connect and build; `prepare` also makes missing schemas and refuses unfit ones. Raises StorageError.

    Only with `begin` are databases made in a home that was named and holds none.
    """
    async with (
        open_databases(settings, prepare=prepare, begin=begin) as databases,
        open_shared(settings, databases) as shared,
    ):
        yield _build(settings, databases, shared)


def _build(settings: Settings, databases: Databases, shared: Shared) -> App:
    stores = shared.stores
    # What only shows what is stored may come from a replica.
    shown = stores_over(databases.read_databases)
    sources = SourceService(stores.sources, stores.raw, stores.documents, stores.topics)
    exporter = Exporter(shown.documents, shown.topics)
    return App(
        settings=settings,
        databases=DatabaseService(databases.all),
        pools=PoolService(databases),
        sources=sources,
        status=StatusService(sources, shown.raw, shown.documents, shown.topics),
        reading=ReadingService(Access(sources, shown.raw, shown.messages, shown.documents, shown.topics)),
        sentiment=SentimentService(sources, shown.sentiment, shown.documents),
        costs=CostService(shown.spending, settings.llm_money.monthly_budget),
        agent_history=_agent_history(settings, databases, shown),
        exporter=exporter,
        exports=ExportService(sources, exporter, RawExporter(shown.raw, shown.revisions)),
        shared=shared,
    )


def _agent_history(settings: Settings, databases: Databases, shown: Stores) -> AgentHistoryService:
    cleanup = Cleanup(AgentRetention(databases.processing), databases.locks, settings.agents.archive_dir)
    return AgentHistoryService(shown.agents, shown.handoffs, cleanup, settings.agents)
