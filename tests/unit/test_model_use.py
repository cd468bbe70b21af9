"""What a command says about models is laid over the settings."""

from pydantic import SecretStr

from tg_parser.config.llm_settings import LlmMoneySettings, LlmSettings
from tg_parser.config.settings import Settings
from tg_parser.llm.overrides import ModelUse

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


def used(**said):
    return ModelUse(**said).applied(SETTINGS)


def test_nothing_said_changes_nothing():
    """The settings stand."""
    assert used() == SETTINGS


def test_another_provider_does_not_get_the_models_of_the_first():
    """--provider alone takes a fitting model; the same provider keeps its models."""
    llm = used(provider="openai").llm
    assert (llm.provider, llm.model, llm.model_topics) == ("openai", None, None)
    assert used(provider="anthropic") == SETTINGS
    assert used(provider="local").llm.provider == "local"


def test_model_is_that_of_every_stage():
    """--model counts for all stages, with a provider or without."""
    assert (used(model="m").llm.model, used(model="m").llm.model_topics) == ("m", None)
    llm = used(provider="openai", model="gpt").llm
    assert (llm.provider, llm.model) == ("openai", "gpt")


def test_money_of_one_run():
    """--max-cost and --no-cache change nothing else."""
    money = used(max_cost=0.5, fresh=True).llm_money
    assert (money.max_cost, money.cache_read, money.cache, money.monthly_budget) == (0.5, False, True, 5.0)
    assert used(max_cost=0.0).llm_money.max_cost == 0.0
