"""The Llm of each stage, put together: asked, cached, then the chain of models with all that is around each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic_ai.models import Model

from tg_parser.config.settings import Settings
from tg_parser.llm.asking import Llm
from tg_parser.llm.cached import AnswerStore, Cached
from tg_parser.llm.choice import ModelChoice, Stage
from tg_parser.llm.ledger import Ledger
from tg_parser.llm.models import Models, open_models
from tg_parser.llm.priced import Priced
from tg_parser.llm.prices import tariff


@dataclass(slots=True)
class StageLlms:
    """Made when a stage first asks; all of them share connections, limits and the ledger."""

    settings: Settings
    models: Models
    ledger: Ledger
    answers: AnswerStore
    read_cache: bool = True
    made: dict[Stage, Llm] = field(default_factory=dict)

    async def of(self, stage: Stage) -> Llm:
        """The Llm of a stage. Raises ProviderError, and BudgetError where a cap is set and the price unknown."""
        if stage not in self.made:
            self.made[stage] = await self._build(stage)
        return self.made[stage]

    async def _build(self, stage: Stage) -> Llm:
        cached = Cached(
            await self.models.chain(stage, self._priced),
            identity=await self.models.identity(stage),
            answers=self.answers,
            ledger=self.ledger,
            read=self.read_cache and self.settings.llm_money.cache,
            store=self.settings.llm_money.cache,
        )
        return Llm(cached, self.settings.retry.max_attempts, cached)

    def _priced(self, model: Model, choice: ModelChoice) -> Model:
        price = tariff(choice.provider, choice.model, choice.base_url, self.settings.llm_money)
        return Priced(model, provider=choice.provider, tariff=price, ledger=self.ledger)


@asynccontextmanager
async def open_stages(
    settings: Settings, ledger: Ledger, answers: AnswerStore, *, read_cache: bool
) -> AsyncIterator[StageLlms]:
    """The models that `settings` choose, until the block ends; what is booked is written then."""
    async with ledger, open_models(settings) as models:
        yield StageLlms(settings, models, ledger, answers, read_cache)
