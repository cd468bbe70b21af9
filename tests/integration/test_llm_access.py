"""From settings to answers that are paid for and kept, against a real server that speaks a provider's format."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from typing import Any

import pytest
from llm_servers import MODELS, LlmServer
from pydantic import BaseModel

from tg_parser.config.llm_settings import LlmMoneySettings
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import BudgetError
from tg_parser.llm.access import LlmAccess, SharedModels
from tg_parser.llm.question import Prompt, Purpose, Question
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.llm_answers import AnswerStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage


class Said(BaseModel):
    word: str


def question(word: str) -> Question[Any]:
    return Question(Prompt("say", "sha256:1", "Repeat.", f"Say {word}"), Said, Purpose("processing", "-1001"))


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer(lambda asked: {"word": asked.user.split()[-1]}) as running:
        yield running


@pytest.fixture
async def access(settings: Settings, databases: Databases, server: LlmServer) -> AsyncIterator[Callable[..., Any]]:
    """Runs against the server, with prices of one's own, over connections that they share."""
    shared, numbers = SharedModels(), count(1)

    def opened(provider: str, **money: Any) -> LlmAccess:
        priced = LlmMoneySettings(_env_file=None, LLM_PRICE_INPUT=1, LLM_PRICE_OUTPUT=2, **money)
        chosen = settings.model_copy(update={"llm": server.settings(provider), "llm_money": priced})
        answers, spending = AnswerStorage(databases.processing), SpendingStorage(databases.processing)
        return LlmAccess(chosen, f"run-{next(numbers)}", shared, answers, spending)

    yield opened
    await shared.close()


@pytest.mark.parametrize("provider", sorted(MODELS))
async def test_every_provider_is_paid_once(
    access: Callable[..., Any], server: LlmServer, databases: Databases, provider: str
) -> None:
    """Tokens are those the provider tells, booked under its name and model; next time the cache answers."""
    async with access(provider) as run:
        answer = await run.at("processing").ask(question("hello"))
    async with access(provider) as run:
        again = await run.at("processing").ask(question("hello"))
    assert (answer.output.word, again.output.word, len(server.requests)) == ("hello", "hello", 1)
    expected = (answer.input_tokens * 1 + answer.output_tokens * 2) / 1_000_000
    assert answer.cost_usd == pytest.approx(expected)
    assert answer.cost_usd > 0
    assert (again.cached, again.cost_usd) == (True, None)
    assert (again.provider, again.model_id, again.parameters) == (provider, MODELS[provider], answer.parameters)
    totals = await SpendingStorage(databases.processing).totals("model")
    (spent,) = totals.values()
    assert list(totals) == [f"{provider}:{MODELS[provider]}"]
    assert (spent.calls, spent.cached_answers, spent.unknown_price_calls) == (1, 1, 0)


async def test_stages_share_one_budget(access: Callable[..., Any], server: LlmServer) -> None:
    """What one stage spends, another can no longer."""
    async with access("openai", LLM_MAX_COST=0.000001) as run:
        await run.at("processing").ask(question("a"))
        with pytest.raises(BudgetError, match="This run has spent"):
            await run.at("topics").ask(question("b"))
    assert len(server.requests) == 1


async def test_many_first_questions_make_one_chain(access: Callable[..., Any], server: LlmServer) -> None:
    """Tasks that ask at the same moment share connections, limits and the lookup of their answers."""
    async with access("openai") as run:
        chains = await asyncio.gather(*(run.llm("processing") for _ in range(10)))
    assert len({id(chain) for chain in chains}) == 1


async def test_cache_off_keeps_nothing(access: Callable[..., Any], server: LlmServer) -> None:
    """LLM_CACHE=false asks every time, in later runs too."""
    for _ in range(2):
        async with access("openai", LLM_CACHE=False) as run:
            await run.at("processing").ask(question("a"))
    async with access("openai") as run:
        assert not (await run.at("processing").ask(question("a"))).cached
    assert len(server.requests) == 3
