"""What models cost: counters added up in SQL, safe for several processes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.spending import Account, PaidAnswer, Spending
from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.stores.llm_answers import write_answers
from tg_parser.storage.tables.llm import llm_spending

CostGrouping = Literal["day", "month", "run", "channel", "model", "stage"]

_spent = llm_spending.c
_COUNTERS = tuple(field.name for field in fields(Spending))
_LABELS: dict[CostGrouping, ColumnElement[str]] = {
    "day": _spent.day,
    "month": func.substr(_spent.day, 1, 7),
    "run": _spent.run_id,
    "channel": _spent.channel_id,
    "model": _spent.provider + ":" + _spent.model,
    "stage": _spent.stage,
}


class SpendingStorage:
    """The spending counters of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(self, spending: Mapping[Account, Spending], answers: Sequence[PaidAnswer]) -> None:
        """Add to the counters and store the paid answers, in one transaction."""

        async def write(conn: AsyncConnection) -> None:
            rows = [account._asdict() | asdict(spent) for account, spent in spending.items()]
            await upsert(self._database, conn, llm_spending, rows, key=Account._fields, update=(), accumulate=_COUNTERS)
            await write_answers(self._database, conn, answers)

        await self._database.write(write)

    async def month_nanousd(self, month: str, channel_ids: Sequence[str] | None = None) -> int:
        """Billionths of a dollar booked in the month YYYY-MM, by all processes; for all channels without any."""
        in_month = [_spent.day >= f"{month}-01", _spent.day <= f"{month}-31"]
        if channel_ids is not None:
            in_month.append(self._database.dialect.any_of(_spent.channel_id, channel_ids))
        found = await self._database.rows(select(func.sum(_spent.cost_nanousd).label("sum")).where(*in_month))
        return int(found[0]["sum"] or 0)

    async def totals(
        self, by: CostGrouping, since: str | None = None, channel_ids: Sequence[str] | None = None
    ) -> dict[str, Spending]:
        """Sums by label, in its order; `since` is the first day, YYYY-MM-DD. Of all channels without any."""
        label = _LABELS[by].label("label")
        sums = (func.sum(_spent[name]).label(name) for name in _COUNTERS)
        statement = select(label, *sums).group_by(label).order_by(label)
        if since is not None:
            statement = statement.where(_spent.day >= since)
        if channel_ids is not None:
            statement = statement.where(self._database.dialect.any_of(_spent.channel_id, channel_ids))
        return {row["label"]: _spending(row) for row in await self._database.rows(statement)}


def _spending(row: Mapping[str, Any]) -> Spending:
    # PostgreSQL's sum of integers is a decimal.
    return Spending(**{name: int(row[name]) for name in _COUNTERS})
