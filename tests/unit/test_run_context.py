"""What belongs to one run is laid over the settings."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from tg_parser.config.llm_settings import LlmMoneySettings, LlmSettings
from tg_parser.config.settings import Settings
from tg_parser.wiring.context import RunContext

SETTINGS = Settings(
    llm=LlmSettings(
        _env_file=None,
        provider="anthropic",
        model="claude-x",
        model_topics="claude-y",
        anthropic_api_key=SecretStr("k"),
    ),
    llm_money=LlmMoneySettings(_env_file=None, monthly_budget=5.0),
)


def used(**said: Any) -> Settings:
    return RunContext(**said).applied(SETTINGS)


def test_nothing_said_changes_nothing() -> None:
    """The settings stand."""
    assert used() == SETTINGS


def test_another_provider_does_not_get_the_models_of_the_first() -> None:
    """--provider alone takes a fitting model; the same provider keeps its models."""
    llm = used(provider="openai").llm
    assert (llm.provider, llm.model, llm.model_topics) == ("openai", None, None)
    assert used(provider="anthropic") == SETTINGS
    assert used(provider="local").llm.provider == "local"


def test_another_provider_is_not_asked_at_the_address_of_the_first() -> None:
    """A key goes to its own provider, never to the server that LLM_BASE_URL names for another one."""
    gateway = SETTINGS.model_copy(update={"llm": SETTINGS.llm.model_copy(update={"base_url": "http://127.0.0.1:1"})})
    assert RunContext(provider="openai").applied(gateway).llm.base_url is None
    assert RunContext(provider="anthropic").applied(gateway).llm.base_url == "http://127.0.0.1:1"
    assert RunContext(model="m").applied(gateway).llm.base_url == "http://127.0.0.1:1"


def test_model_is_that_of_every_stage() -> None:
    """--model counts for all stages, with a provider or without."""
    assert (used(model="m").llm.model, used(model="m").llm.model_topics) == ("m", None)
    llm = used(provider="openai", model="gpt").llm
    assert (llm.provider, llm.model) == ("openai", "gpt")


def test_money_of_one_run() -> None:
    """--max-cost and --no-cache change nothing else."""
    money = used(max_cost=0.5, fresh=True).llm_money
    assert (money.max_cost, money.cache_read, money.cache, money.monthly_budget) == (0.5, False, True, 5.0)
    assert used(max_cost=0.0).llm_money.max_cost == 0.0
