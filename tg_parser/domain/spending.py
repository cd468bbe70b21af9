"""Costs of language models: counters that add up, and paid answers.

Money is counted in billionths of a dollar, so that sums are exact in any order. Unknown values are null or counted
separately, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

NANO = 1_000_000_000


def nanousd(dollars: Decimal) -> int:
    """Convert dollars to whole billionths."""
    return int((dollars * NANO).to_integral_value())


def dollars(nano: int) -> float:
    """Convert billionths to dollars, for people and documents."""
    return nano / NANO


class Account(NamedTuple):
    """What spending is booked on: `day` is YYYY-MM-DD in UTC; `channel_id` is empty if there is no channel."""

    day: str
    run_id: str
    stage: str
    channel_id: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Spending:
    """Calls with their tokens and price. Calls with unknown tokens or price are counted separately.

    `cached_answers` cost nothing: the model was not called.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nanousd: int = 0
    unknown_usage_calls: int = 0
    unknown_price_calls: int = 0
    cached_answers: int = 0

    def __add__(self, other: Self) -> Spending:
        return Spending(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_nanousd + other.cost_nanousd,
            self.unknown_usage_calls + other.unknown_usage_calls,
            self.unknown_price_calls + other.unknown_price_calls,
            self.cached_answers + other.cached_answers,
        )


@dataclass(frozen=True, slots=True)
class PaidAnswer:
    """A valid answer, stored under the key of its question, with tokens and price of the call."""

    key: str
    channel_id: str
    provider: str
    model: str
    response: dict[str, Any]
    input_tokens: int | None
    output_tokens: int | None
    cost_nanousd: int | None
    created_at: datetime
