"""Runs of one process: each with its own models, caps and ledger, over shared databases and rate limits."""

import asyncio
import re
import time

from llm_servers import MODELS, LlmServer
from pydantic import BaseModel

from tg_parser.config.llm_settings import LlmLimitSettings, LlmMoneySettings
from tg_parser.domain.errors import BudgetError
from tg_parser.llm.question import Prompt, Purpose, Question
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.wiring.app import open_app
from tg_parser.wiring.context import RunContext


class Said(BaseModel):
    word: str


def answer(asked):
    return {"word": re.findall(r"\w+", asked.user)[-1]}


def question(word):
    return Question(Prompt("say", "sha256:1", "Repeat.", f"Say {word}"), Said, Purpose("processing", "-1001"))


async def spend(run, name, calls):
    """Ask until the cap refuses or all is asked; how many were answered."""
    for number in range(calls):
        try:
            await run.models.at("processing").ask(question(f"{name}{number}"))
        except BudgetError:
            return number
    return calls


async def test_two_runs_with_other_providers_and_caps_share_neither(settings, databases):
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


async def test_two_runs_share_the_patience_of_a_provider(settings):
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
