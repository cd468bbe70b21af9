"""What models have cost, by day, month, run, stage, channel or model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tg_parser.domain.spending import Spending, dollars
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.views.spending import CostLine, CostReport
from tg_parser.storage.stores.llm_spending import CostGrouping, SpendingStorage

__all__ = ["CostGrouping", "CostService"]


class CostService:
    """Reports spending on language models."""

    def __init__(self, book: SpendingStorage, monthly_budget: float | None) -> None:
        self._book = book
        self._monthly_budget = monthly_budget

    async def report(
        self, by: CostGrouping, since: datetime | None = None, channel_ids: Sequence[str] | None = None
    ) -> CostReport:
        """Return spending since a day (UTC) or in total, for some channels or all.

        The monthly budget applies to the whole installation and is left out for selected channels.
        """
        totals = await self._book.totals(by, since.date().isoformat() if since else None, channel_ids)
        month = f"{utc_now():%Y-%m}"
        return CostReport(
            by=by,
            lines=tuple(CostLine.labelled(label, spent) for label, spent in totals.items()),
            total=CostLine.labelled("total", sum(totals.values(), Spending())),
            month=month,
            month_usd=dollars(await self._book.month_nanousd(month, channel_ids)),
            month_budget_usd=self._monthly_budget if channel_ids is None else None,
        )
