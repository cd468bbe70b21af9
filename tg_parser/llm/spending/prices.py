"""Prices of models: from genai-prices' list, else the user's price, else none.

Nothing is looked up over the network. A server at its own address (LLM_BASE_URL, Ollama) is not the provider whose
format it speaks and does not have its prices; if the list knows a service by its address, it has those.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices
from genai_prices.types import Provider as PricedProvider
from pydantic_ai.usage import RequestUsage

from tg_parser.config.llm_settings import LlmMoneySettings
from tg_parser.domain.errors import SettingsError
from tg_parser.domain.spending import nanousd

_LISTED_AS = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
_MILLION = 1_000_000
_SELDOM = ("input_audio_tokens", "cache_audio_read_tokens", "output_audio_tokens")


class Tariff(Protocol):
    """The price of calls to one model."""

    known: bool

    def price(self, usage: RequestUsage) -> int | None:
        """Billionths of a dollar for a call; None where unknown."""
        ...


class ListedTariff:
    """The listed price, with cached and reasoning tokens and steps by length.

    Most models have the same price for every token of a kind: it is asked for once, for asking takes as long as all
    other work of a call together.
    """

    known = True

    def __init__(self, provider: PricedProvider, model: ModelInfo) -> None:
        self._provider = provider
        self._model = model
        self.per_token = self._prices_per_token()

    def price(self, usage: RequestUsage) -> int | None:
        """See Tariff."""
        if self.per_token is None or any(getattr(usage, kind) for kind in _SELDOM):
            return nanousd(self._listed(usage))
        return nanousd(sum((getattr(usage, kind) * price for kind, price in self.per_token.items()), Decimal(0)))

    def _listed(self, usage: RequestUsage) -> Decimal:
        return self._model.calc_price(usage, self._provider).total_price

    def _prices_per_token(self) -> dict[str, Decimal] | None:
        """What one more token of each kind costs; None if that depends on the hour, on the length or on the call."""
        prices = self._model.prices
        if not isinstance(prices, ModelPrice) or any(isinstance(each, TieredPrices) for each in vars(prices).values()):
            return None
        if self._listed(RequestUsage()):
            return None
        asked = self._listed(RequestUsage(input_tokens=_MILLION))
        found = {"input_tokens": asked, "output_tokens": self._listed(RequestUsage(output_tokens=_MILLION))}
        # Tokens of the cache are a part of the input.
        read = RequestUsage(input_tokens=_MILLION, cache_read_tokens=_MILLION)
        written = RequestUsage(input_tokens=_MILLION, cache_write_tokens=_MILLION)
        found |= {"cache_read_tokens": self._listed(read) - asked, "cache_write_tokens": self._listed(written) - asked}
        return {kind: price / _MILLION for kind, price in found.items()}


class OwnTariff:
    """The user's price, in dollars per million tokens."""

    known = True

    def __init__(self, price_input: float, price_output: float) -> None:
        self._input = Decimal(str(price_input)) / _MILLION
        self._output = Decimal(str(price_output)) / _MILLION

    def price(self, usage: RequestUsage) -> int | None:
        """See Tariff."""
        return nanousd(usage.input_tokens * self._input + usage.output_tokens * self._output)


class UnknownTariff:
    """No price is known."""

    known = False

    def price(self, usage: RequestUsage) -> int | None:  # noqa: ARG002 - part of the protocol
        """None."""
        return None


def tariff(provider: str, model: str, base_url: str | None, money: LlmMoneySettings) -> Tariff:
    """The price of `model` at `provider`, or at `base_url` if that is another's address. Raises SettingsError."""
    own = _own(money)
    listed = None if provider not in _LISTED_AS and base_url is None else _listed(provider, model, base_url)
    return listed or own or UnknownTariff()


def _own(money: LlmMoneySettings) -> Tariff | None:
    if money.price_input is None and money.price_output is None:
        return None
    if money.price_input is None or money.price_output is None:
        raise SettingsError(
            "Of LLM_PRICE_INPUT and LLM_PRICE_OUTPUT only one is set.", "Set both; 0 for what costs nothing."
        )
    return OwnTariff(money.price_input, money.price_output)


def _listed(provider: str, model: str, base_url: str | None) -> Tariff | None:
    provider_id = None if base_url else _LISTED_AS[provider]
    try:
        found, info = get_snapshot().find_provider_model(model, None, provider_id, base_url)
        prices = info.calc_price(RequestUsage(input_tokens=1, output_tokens=1), found).model_price
    except (LookupError, ValueError):
        return None
    # A model can be in the list without a price of its tokens.
    return None if prices.input_mtok is None or prices.output_mtok is None else ListedTariff(found, info)


def price_of_calls(found: Tariff, calls: int, input_tokens: int, output_tokens: int) -> int | None:
    """The price of `calls` with these tokens in total, each of average length: prices have steps by length."""
    if not calls:
        return 0
    average = RequestUsage(input_tokens=round(input_tokens / calls), output_tokens=round(output_tokens / calls))
    price = found.price(average)
    return None if price is None else price * calls
