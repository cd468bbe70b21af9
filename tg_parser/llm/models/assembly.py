"""Builds a stage's Llm with everything around its models.

From the outside in: asked until the answer is good, served from the cache, the chain of models, each of them priced.
"""

from __future__ import annotations

from pydantic_ai.models import Model

from tg_parser.config.settings import Settings
from tg_parser.llm.asking import Llm
from tg_parser.llm.choice import ModelChoice, Stage
from tg_parser.llm.models.cached import AnswerStore, Cached
from tg_parser.llm.models.concurrency_limited import ConcurrencyLimited
from tg_parser.llm.models.priced import Priced
from tg_parser.llm.models.stages import Models
from tg_parser.llm.spending.ledger import Ledger
from tg_parser.llm.spending.prices import tariff


async def llm_of(stage: Stage, models: Models, settings: Settings, answers: AnswerStore, ledger: Ledger) -> Llm:
    """The Llm of a stage. Raises ProviderError, BudgetError, SettingsError."""
    money = settings.llm_money

    def priced(model: Model, choice: ModelChoice) -> Model:
        price = tariff(choice.provider, choice.model, choice.base_url, money)
        return Priced(model, provider=choice.provider, tariff=price, ledger=ledger)

    cached = Cached(
        ConcurrencyLimited(await models.chain(stage, priced)),
        identity=await models.identity(stage),
        answers=answers,
        ledger=ledger,
        read=money.cache and money.cache_read,
        store=money.cache,
    )
    return Llm(cached, settings.retry.max_attempts, cached)
