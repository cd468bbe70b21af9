"""What models have cost, by day, run, stage, channel or model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tg_parser.domain.spending import Spending, dollars
from tg_parser.domain.times import utc_now
from tg_parser.storage.stores.llm_spending import Grouping, SpendingStorage


@dataclass(frozen=True, slots=True)
class CostLine:
    """The spending under one label; `cost_usd` is null where no call has a known price."""

    label: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    unknown_usage_calls: int
    unknown_price_calls: int
    cached_answers: int


@dataclass(frozen=True, slots=True)
class CostReport:
    """Spending by label, its sum, and this month against LLM_MONTHLY_BUDGET."""

    by: Grouping
    lines: list[CostLine]
    total: CostLine
    month: str
    month_usd: float
    month_budget_usd: float | None


class CostService:
    """Reports what is booked."""

    def __init__(self, book: SpendingStorage, monthly_budget: float | None) -> None:
        self._book = book
        self._monthly_budget = monthly_budget

    async def report(self, by: Grouping, since: datetime | None = None) -> CostReport:
        """What was spent since a day of UTC, or ever."""
        totals = await self._book.totals(by, since.date().isoformat() if since else None)
        month = f"{utc_now():%Y-%m}"
        return CostReport(
            by=by,
            lines=[cost_line(label, spent) for label, spent in totals.items()],
            total=cost_line("total", sum(totals.values(), Spending())),
            month=month,
            month_usd=dollars(await self._book.month_nanousd(month)),
            month_budget_usd=self._monthly_budget,
        )


def cost_line(label: str, spent: Spending) -> CostLine:
    """Spending as people read it."""
    priced = spent.calls - spent.unknown_price_calls
    return CostLine(
        label=label,
        calls=spent.calls,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cost_usd=dollars(spent.cost_nanousd) if priced or not spent.calls else None,
        unknown_usage_calls=spent.unknown_usage_calls,
        unknown_price_calls=spent.unknown_price_calls,
        cached_answers=spent.cached_answers,
    )
