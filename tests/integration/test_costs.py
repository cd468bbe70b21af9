"""What processing will cost before anything is sent, and what models have cost, from the databases alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from samples import CHANNEL, NOW, document, message

from tg_parser.config.llm_settings import LlmMoneySettings, LlmSettings
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import ProviderError
from tg_parser.domain.spending import Account, Spending
from tg_parser.domain.utc_time import utc_now
from tg_parser.processing.processor import ProcessOptions
from tg_parser.services.costs import CostService
from tg_parser.services.estimates import EstimateService
from tg_parser.services.views.spending import Estimate
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.waiting_texts import WaitingTextStorage

WITH_KEY = {"LLM_PROVIDER": "openai", "LLM_MODEL": "gpt-5-mini", "OPENAI_API_KEY": "sk-1"}


@pytest.fixture
def costs(settings: Settings, databases: Databases) -> Callable[..., Any]:
    def made(variables: dict[str, Any] = WITH_KEY, **money: Any) -> EstimateService:
        chosen = settings.model_copy(
            update={
                "llm": LlmSettings(_env_file=None, **variables),
                "llm_money": LlmMoneySettings(_env_file=None, **money),
            }
        )
        return EstimateService(chosen, WaitingTextStorage(databases.processing))

    return made


async def store(databases: Databases, *texts: str, **fields: Any) -> None:
    messages = [message(number, text=text, **fields) for number, text in enumerate(texts, 1)]
    await RawStorage(databases.raw).store(messages, NOW)


async def test_estimate_counts_instructions_texts_and_answers(databases: Databases, costs: Callable[..., Any]) -> None:
    """Ten messages of 310 Cyrillic letters are 100 tokens each: sent with the instructions, answered 1.4 times + 80."""
    await store(databases, *["я" * 310] * 10, "")
    found = await costs().estimate([CHANNEL], ProcessOptions())
    assert (found.messages, found.calls, found.model) == (11, 10, "openai:gpt-5-mini")
    assert found.output_tokens == 10 * (140 + 80)
    instructions = found.input_tokens / 10 - 130
    assert 600 < instructions < 1200
    dollars = found.input_tokens * 0.25e-6 + found.output_tokens * 2e-6
    assert found.cost_usd == pytest.approx(dollars, rel=0.001)


async def test_estimate_of_shared_calls(databases: Databases, costs: Callable[..., Any]) -> None:
    """Short messages that share calls need fewer of them, and fewer instructions."""
    await store(databases, *["short"] * 25, "long " * 200)
    alone = await costs().estimate([CHANNEL], ProcessOptions())
    shared = await costs({**WITH_KEY, "LLM_BATCH_SIZE": 10}).estimate([CHANNEL], ProcessOptions())
    assert (alone.calls, shared.calls) == (26, 4)
    assert shared.input_tokens < alone.input_tokens / 3
    assert shared.output_tokens == alone.output_tokens


async def test_estimate_of_what_is_waiting_alone(databases: Databases, costs: Callable[..., Any]) -> None:
    """Messages that have their document cost nothing, unless all are to be done again."""
    await store(databases, "one", "two")
    await ProcessingStorage(databases.processing).store([document(1)])
    assert (await costs().estimate([CHANNEL], ProcessOptions())).calls == 1
    assert (await costs().estimate([CHANNEL], ProcessOptions(force=True))).calls == 2
    nothing = await costs().estimate(["-1009"], ProcessOptions())
    assert (nothing.messages, nothing.input_tokens, nothing.cost_usd) == (0, 0, 0.0)


async def test_comments_are_sent_with_what_they_answer(databases: Databases, costs: Callable[..., Any]) -> None:
    """Five comments of 100 letters come with a post and a comment like them: 200 letters, 48 tokens more each."""
    await store(databases, *["word " * 20] * 5)
    await store(databases, *["word " * 20] * 5, kind="comment", channel="-1009")
    posts, comments = [await costs().estimate([channel], ProcessOptions()) for channel in (CHANNEL, "-1009")]
    assert comments.input_tokens - posts.input_tokens == pytest.approx(5 * 200 / 4.2, abs=1)


async def test_unknown_price_is_null_and_offline_is_free(databases: Databases, costs: Callable[..., Any]) -> None:
    """A model in no list has no price unless the user says one; without a provider nothing is asked."""
    await store(databases, "text")
    ollama = {"LLM_PROVIDER": "ollama", "LLM_MODEL": "qwen3:8b"}
    free = costs(ollama, LLM_PRICE_INPUT=0, LLM_PRICE_OUTPUT=0)
    assert (await costs(ollama).estimate([CHANNEL], ProcessOptions())).cost_usd is None
    assert (await free.estimate([CHANNEL], ProcessOptions())).cost_usd == 0
    assert await costs({}).estimate([CHANNEL], ProcessOptions()) == Estimate(
        messages=1, model="local", calls=0, input_tokens=0, output_tokens=0, cost_usd=0.0
    )
    with pytest.raises(ProviderError, match="OPENAI_API_KEY is not set"):
        await costs({"LLM_PROVIDER": "openai"}).estimate([CHANNEL], ProcessOptions())


async def test_report_says_what_is_unknown(databases: Databases, costs: Callable[..., Any]) -> None:
    """A line whose price nobody knows is null, sums say how many calls they leave out, the month has its budget."""
    today = utc_now().date().isoformat()
    priced = Account(today, "run", "processing", CHANNEL, "openai", "gpt-5-mini")
    book = SpendingStorage(databases.processing)
    await book.book(
        {
            priced: Spending(2, 100, 10, 250_000_000, cached_answers=3),
            priced._replace(model="own", provider="ollama"): Spending(1, 50, 5, 0, unknown_price_calls=1),
            priced._replace(day="2020-01-01"): Spending(1, 1, 1, 1_000_000_000),
        },
        [],
    )
    report = await CostService(SpendingStorage(databases.processing), 2).report(
        "model", datetime(2020, 1, 2, tzinfo=UTC)
    )
    assert [(line.label, line.calls, line.cost_usd) for line in report.lines] == [
        ("ollama:own", 1, None),
        ("openai:gpt-5-mini", 2, 0.25),
    ]
    assert (report.total.cost_usd, report.total.unknown_price_calls, report.total.cached_answers) == (0.25, 1, 3)
    assert (report.month, report.month_usd, report.month_budget_usd) == (today[:7], 0.25, 2)
