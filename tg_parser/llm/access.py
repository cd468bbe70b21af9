"""The language models of one run, by stage, with one ledger. Nothing heavy is loaded before the first question."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from tg_parser.config.settings import Settings
from tg_parser.llm.choice import Stage, chosen_provider, require_extra
from tg_parser.llm.question import Answer, Question
from tg_parser.llm.spending.budget import Caps
from tg_parser.llm.spending.ledger import Ledger, SpendingBook

if TYPE_CHECKING:
    from tg_parser.llm.asking import Llm
    from tg_parser.llm.models.cached import AnswerStore
    from tg_parser.llm.models.connections import Connections
    from tg_parser.llm.models.stages import Models

T = TypeVar("T", bound=BaseModel)


class SharedModels:
    """Shared by all runs of a process: connections, and the rate limits of each provider."""

    def __init__(self) -> None:
        self._connections: Connections | None = None

    def connections(self) -> Connections:
        """The connections, opened on first use."""
        if self._connections is None:
            # Part of the optional extra, and takes most of a second to load.
            from tg_parser.llm.models.connections import Connections  # noqa: PLC0415

            self._connections = Connections()
        return self._connections

    async def close(self) -> None:
        """Close what was opened."""
        if self._connections is not None:
            await self._connections.close()


class LlmAccess:
    """Open it with `async with`: everything paid for is written, however the run ends."""

    def __init__(
        self, settings: Settings, run_id: str, shared: SharedModels, answers: AnswerStore, book: SpendingBook
    ) -> None:
        money = settings.llm_money
        self.ledger = Ledger(book, Caps(money.max_cost, money.monthly_budget, money.allow_unknown_price), run_id)
        self.provider = chosen_provider(settings.llm)
        self._settings = settings
        self._shared = shared
        self._answers = answers
        self._lock = asyncio.Lock()
        self._models: Models | None = None
        self._made: dict[Stage, Llm] = {}

    @property
    def is_offline(self) -> bool:
        """Whether no model is configured."""
        return self.provider == "local"

    async def __aenter__(self) -> LlmAccess:
        await self.ledger.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.ledger.close()

    def at(self, stage: Stage) -> StageLlm:
        """The model of a stage, created on first use."""
        return StageLlm(self, stage)

    async def llm(self, stage: Stage) -> Llm:
        """The complete Llm of a stage. Raises ProviderError, BudgetError, SettingsError before anything is sent."""
        async with self._lock:
            if stage not in self._made:
                self._made[stage] = await self._make(stage)
            return self._made[stage]

    async def _make(self, stage: Stage) -> Llm:
        require_extra()
        # Part of the optional extra, and takes most of a second to load.
        from tg_parser.llm.models.assembly import llm_of  # noqa: PLC0415
        from tg_parser.llm.models.stages import Models  # noqa: PLC0415

        if self._models is None:
            self._models = Models(self._settings, self._shared.connections())
        return await llm_of(stage, self._models, self._settings, self._answers, self.ledger)


class StageLlm:
    """Asks the model of a stage."""

    def __init__(self, access: LlmAccess, stage: Stage) -> None:
        self._access = access
        self._stage = stage

    async def ask(self, question: Question[T]) -> Answer[T]:
        """See Llm.ask."""
        return await (await self._access.llm(self._stage)).ask(question)
