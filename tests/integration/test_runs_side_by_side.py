"""Runs of one process: each with its own models, caps and ledger, over shared databases and rate limits."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

from llm_servers import MODELS, LlmServer
from llm_wire import Asked
from pydantic import BaseModel

from tg_parser.config.llm_settings import LlmLimitSettings, LlmMoneySettings
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import BudgetError
from tg_parser.llm.question import Prompt, Purpose, Question
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.wiring.app import open_app
from tg_parser.wiring.context import RunContext
from tg_parser.wiring.run import Run


class Said(BaseModel):
    word: str


def answer(asked: Asked) -> dict[str, str]:
    return {"word": re.findall(r"\w+", asked.user)[-1]}


def question(word: str) -> Question[Any]:
    return Question(Prompt("say", "sha256:1", "Repeat.", f"Say {word}"), Said, Purpose("processing", "-1001"))


async def spend(run: Run, name: str, calls: int) -> int:
    """Ask until the cap refuses or all is asked; how many were answered."""
    for number in range(calls):
        try:
            await run.models.at("processing").ask(question(f"{name}{number}"))
        except BudgetError:
            return number
    return calls


async def test_two_runs_with_other_providers_and_caps_share_neither(settings: Settings, databases: Databases) -> None:
    """The one with a small cap stops at it; the other, asking another provider meanwhile, is not touched by it."""
    money = LlmMoneySettings(_env_file=None, LLM_PRICE_INPUT=1, LLM_PRICE_OUTPUT=2)
    with LlmServer(answer) as server:
        llm = server.settings("openai").model_copy(update={"ollama_base_url": server.url})
        chosen = settings.model_copy(update={"llm": llm, "llm_money": money})
        small = RunContext(max_cost=0.0001)
        large = RunContext(provider="ollama", model="own", max_cost=100.0)
        async with open_app(chosen) as app, app.new_run(small) as one, app.new_run(large) as other:
            answered = await asyncio.gather(spend(one, "a", 40), spend(other, "b", 40))
            spent = one.models.ledger.spent, other.models.ledger.spent
        assert 0 < answered[0] < 40
        assert answered[1] == 40
        assert [each.calls for each in spent] == answered
        by_run = await SpendingStorage(databases.processing).totals("run")
        assert {run: each.calls for run, each in by_run.items()} == {
            small.run_id: answered[0],
            large.run_id: answered[1],
        }
        by_model = await SpendingStorage(databases.processing).totals("model")
        assert sorted(by_model) == ["ollama:own", f"openai:{MODELS['openai']}"]


async def test_two_runs_share_the_patience_of_a_provider(settings: Settings) -> None:
    """At 600 calls a minute two runs together send one every tenth of a second, as one run would."""
    with LlmServer(answer) as server:
        limits = LlmLimitSettings(_env_file=None, LLM_REQUESTS_PER_MINUTE=600)
        money = LlmMoneySettings(_env_file=None, LLM_PRICE_INPUT=1, LLM_PRICE_OUTPUT=2)
        llm = server.settings("openai")
        chosen = settings.model_copy(update={"llm": llm, "llm_limits": limits, "llm_money": money})
        async with open_app(chosen) as app, app.new_run(RunContext()) as one, app.new_run(RunContext()) as other:
            began = time.monotonic()
            await asyncio.gather(spend(one, "a", 4), spend(other, "b", 4))
    assert len(server.requests) == 8
    assert time.monotonic() - began >= 0.7
