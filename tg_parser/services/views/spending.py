"""Costs of language models, actual and estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tg_parser.domain.spending import dollars
from tg_parser.services.views.base import View
from tg_parser.storage.stores.llm_spending import CostGrouping

if TYPE_CHECKING:
    from tg_parser.domain.spending import Spending


class RunSpending(View):
    """Calls and cost; `cost_usd` is null if no call has a known price."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    unknown_usage_calls: int
    unknown_price_calls: int
    cached_answers: int

    @classmethod
    def of(cls, spent: Spending) -> Self:
        """Return spending in readable form."""
        return cls(**_facts(spent))


class CostLine(RunSpending):
    """Spending under one label."""

    label: str

    @classmethod
    def labelled(cls, label: str, spent: Spending) -> Self:
        """Return the line of `label`."""
        return cls(label=label, **_facts(spent))


class CostReport(View):
    """`costs`: spending by label, its total, and this month against LLM_MONTHLY_BUDGET."""

    by: CostGrouping
    lines: tuple[CostLine, ...]
    total: CostLine
    month: str
    month_usd: float
    month_budget_usd: float | None


class Estimate(View):
    """`process --estimate`: roughly what processing would take. The price is null if it is unknown.

    Offline, nothing is sent. The estimate leaves out answers that are rejected and requested again, and a model's
    thinking tokens, which cost extra; and cached answers, which cost nothing.
    """

    messages: int
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


def _facts(spent: Spending) -> dict[str, int | float | None]:
    priced = spent.calls - spent.unknown_price_calls
    return {
        "calls": spent.calls,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cost_usd": dollars(spent.cost_nanousd) if priced or not spent.calls else None,
        "unknown_usage_calls": spent.unknown_usage_calls,
        "unknown_price_calls": spent.unknown_price_calls,
        "cached_answers": spent.cached_answers,
    }
