"""Prices: from the list by provider or address, from the user, or unknown; never 0 by default."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot
from pydantic_ai.usage import RequestUsage

from tg_parser.config.llm_settings import LlmMoneySettings
from tg_parser.domain.errors import SettingsError
from tg_parser.domain.spending import nanousd
from tg_parser.llm.spending.prices import ListedTariff, tariff

NOTHING_SET = LlmMoneySettings(_env_file=None)
USAGE = RequestUsage(input_tokens=1_000_000, output_tokens=500_000)


def priced(
    provider: str, model: str, base_url: str | None = None, money: LlmMoneySettings = NOTHING_SET
) -> tuple[Any, ...]:
    found = tariff(provider, model, base_url, money)
    return found.known, found.price(USAGE)


def test_listed_models_have_their_price() -> None:
    """gpt-5-mini is listed at $0.25 in and $2 out a million tokens; Gemini is found under Google's name."""
    assert priced("openai", "gpt-5-mini") == (True, 1_250_000_000)
    assert priced("anthropic", "claude-haiku-4-5") == (True, 3_500_000_000)
    assert priced("gemini", "gemini-2.5-flash-lite") == (True, 300_000_000)


def test_tokens_the_provider_had_cached_are_cheaper() -> None:
    """A tenth of the price for what OpenAI read from its own cache: 0.5 × 0.25 + 0.5 × 0.025 dollars."""
    usage = RequestUsage(input_tokens=1_000_000, cache_read_tokens=500_000)
    assert tariff("openai", "gpt-5-mini", None, NOTHING_SET).price(usage) == 137_500_000


@pytest.mark.parametrize(
    ("provider", "model", "base_url"),
    [
        ("openai", "no-such-model", None),
        ("openai", "text-embedding-3-small", None),
        ("ollama", "qwen3:8b", "http://localhost:11434/v1"),
        ("openai", "gpt-5-mini", "http://localhost:8000/v1"),
    ],
)
def test_what_is_in_no_list_is_unknown(provider: str, model: str, base_url: str | None) -> None:
    """A model of a server of one's own is not free, and does not cost what its namesake costs elsewhere."""
    assert priced(provider, model, base_url) == (False, None)


def test_service_known_by_its_address() -> None:
    """A provider that speaks OpenAI's format has its own prices, not OpenAI's."""
    found = tariff("openai", "deepseek-chat", "https://api.deepseek.com/v1", NOTHING_SET)
    assert found.known
    assert found.price(RequestUsage(input_tokens=1000, output_tokens=1000)) > 0


def test_own_price_where_the_list_has_none() -> None:
    """The user's price is for models in no list; 0 is a price; listed models keep theirs."""
    own = LlmMoneySettings(_env_file=None, LLM_PRICE_INPUT=0.3, LLM_PRICE_OUTPUT=0)
    assert priced("ollama", "qwen3:8b", "http://localhost:11434/v1", own) == (True, 300_000_000)
    assert priced("openai", "gpt-5-mini", None, own) == (True, 1_250_000_000)


def test_half_a_price_is_no_price() -> None:
    """One of the two variables alone is a mistake, and is said."""
    with pytest.raises(SettingsError, match="LLM_PRICE_INPUT and LLM_PRICE_OUTPUT only one"):
        tariff("ollama", "qwen3:8b", None, LlmMoneySettings(_env_file=None, LLM_PRICE_INPUT=0.3))


def listed_models() -> list[tuple[Any, Any]]:
    return [
        (provider, model)
        for provider in get_snapshot().providers
        if provider.id in ("openai", "anthropic", "google")
        for model in provider.models
    ]


def test_price_per_token_is_that_of_the_list() -> None:
    """For every listed model, what is computed from prices per token equals the list's own price of the call."""
    usages = [
        RequestUsage(input_tokens=1234, output_tokens=567),
        RequestUsage(input_tokens=250_001, output_tokens=3, cache_read_tokens=250_000),
        RequestUsage(input_tokens=9001, output_tokens=77, cache_read_tokens=4096, cache_write_tokens=1025),
        RequestUsage(input_tokens=500, output_tokens=70, input_audio_tokens=300, output_audio_tokens=50),
    ]
    for provider, model in listed_models():
        own = ListedTariff(provider, model)
        for usage in usages:
            assert own.price(usage) == nanousd(model.calc_price(usage, provider).total_price), (model.id, usage)


def test_most_models_have_a_price_per_token() -> None:
    """Models whose price depends on the length of the call have none, and still have their listed price."""
    known = {model.id: ListedTariff(provider, model).per_token for provider, model in listed_models()}
    assert known["gpt-4o-mini"] == {
        "input_tokens": Decimal("0.00000015"),
        "output_tokens": Decimal("0.0000006"),
        "cache_read_tokens": Decimal("-0.000000075"),
        "cache_write_tokens": 0,
    }
    assert known["gemini-2.5-pro"] is None
