"""Whether a call may still be paid for (pure): spending so far against the caps."""

from __future__ import annotations

from dataclasses import dataclass

from tg_parser.domain.errors import BudgetError
from tg_parser.domain.spending import NANO

_KEPT = "Everything paid for is kept."


@dataclass(frozen=True, slots=True)
class Caps:
    """The most dollars for this run, and for the calendar month in UTC across all processes."""

    run: float | None = None
    month: float | None = None
    allow_unknown_price: bool = False

    @property
    def any(self) -> bool:
        """Whether there is any cap."""
        return self.run is not None or self.month is not None


@dataclass(frozen=True, slots=True)
class Spent:
    """Billionths of a dollar so far, and this run's calls without a known price."""

    run: int = 0
    month: int = 0
    unknown_price_calls: int = 0


def refusal(caps: Caps, spent: Spent) -> BudgetError | None:
    """The error that stops the run before its next call; None if that call may be paid for."""
    if caps.run is not None and spent.run >= round(caps.run * NANO):
        return BudgetError(
            f"This run has spent ${spent.run / NANO:.4f} of its limit of ${caps.run:.4f} (--max-cost, LLM_MAX_COST).",
            f"{_KEPT} Run the same command again with a higher --max-cost, or without it, to continue.",
        )
    if caps.month is not None and spent.month >= round(caps.month * NANO):
        return BudgetError(
            f"${spent.month / NANO:.4f} of this month's ${caps.month:.4f} is spent (LLM_MONTHLY_BUDGET).",
            f"{_KEPT} Raise LLM_MONTHLY_BUDGET, or continue next month (in UTC).",
        )
    if caps.any and spent.unknown_price_calls and not caps.allow_unknown_price:
        return BudgetError(
            "The model does not report its token usage, so a cost limit cannot be enforced.",
            f"{_KEPT} Set LLM_ALLOW_UNKNOWN_PRICE=true to continue, or remove the limit.",
        )
    return None


def require_price(caps: Caps, provider: str, model: str, *, known: bool) -> None:
    """Raises BudgetError if a cap is set and the price of `model` is unknown."""
    if caps.any and not known and not caps.allow_unknown_price:
        cap = "--max-cost" if caps.run is not None else "LLM_MONTHLY_BUDGET"
        raise BudgetError(
            f"The price of {provider}:{model} is unknown, so {cap} cannot be enforced. Nothing was sent.",
            "Set LLM_PRICE_INPUT and LLM_PRICE_OUTPUT to your price, or LLM_ALLOW_UNKNOWN_PRICE=true to do without.",
        )
