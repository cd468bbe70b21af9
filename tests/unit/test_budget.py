"""What may still be paid for: spending against the caps, prices that nobody knows, names of runs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tg_parser.domain.errors import BudgetError
from tg_parser.domain.spending import Spending, dollars, nanousd
from tg_parser.llm.spending.budget import Caps, Spent, refusal, require_price
from tg_parser.llm.spending.ledger import new_run_id

CENT = 10_000_000


@pytest.mark.parametrize(
    ("caps", "spent"),
    [
        (Caps(), Spent(run=10**15, month=10**15, unknown_price_calls=9)),
        (Caps(run=0.05), Spent(run=5 * CENT - 1, month=10**15)),
        (Caps(month=0.05), Spent(run=5 * CENT - 1, month=5 * CENT - 1)),
        (Caps(run=0.05, allow_unknown_price=True), Spent(unknown_price_calls=9)),
    ],
)
def test_calls_below_every_cap_are_made(caps: Caps, spent: Spent) -> None:
    """Without a cap nothing is refused; with one nothing below it is, to the last billionth of a dollar."""
    assert refusal(caps, spent) is None


def test_run_at_its_cap_says_what_was_spent() -> None:
    """The error names what is spent, the cap and how to go on, and ends the run."""
    error = refusal(Caps(run=0.05, month=1), Spent(run=5 * CENT, month=5 * CENT))
    assert str(error) == "This run has spent $0.0500 of its limit of $0.0500 (--max-cost, LLM_MAX_COST)."
    assert "Run the same command again with a higher --max-cost" in error.hint
    assert error.stops_run


def test_month_counts_what_others_spent() -> None:
    """A run that spent nothing itself is refused where others have used up the month."""
    error = refusal(Caps(run=5, month=0.02), Spent(run=0, month=3 * CENT))
    assert str(error) == "$0.0300 of this month's $0.0200 is spent (LLM_MONTHLY_BUDGET)."


def test_cap_is_exact() -> None:
    """Seven cents are seven cents, although 0.07 is no number of a computer."""
    assert refusal(Caps(run=0.07), Spent(run=7 * CENT)) is not None
    assert refusal(Caps(month=0.07), Spent(month=7 * CENT)) is not None


def test_cap_of_nothing_lets_no_call_through() -> None:
    """A cap of 0 is a cap."""
    assert refusal(Caps(run=0), Spent()) is not None
    assert refusal(Caps(month=0), Spent()) is not None


def test_answers_without_usage_end_a_capped_run() -> None:
    """What cannot be counted cannot be capped: after one such answer no more are asked for."""
    assert "does not report its token usage" in str(refusal(Caps(month=5), Spent(unknown_price_calls=1)))


def test_unknown_price_is_refused_where_a_cap_is_set() -> None:
    """Without a cap, or where the user allows it, a model without a price may answer."""
    require_price(Caps(), "ollama", "qwen3:8b", known=False)
    require_price(Caps(run=1, allow_unknown_price=True), "ollama", "qwen3:8b", known=False)
    require_price(Caps(run=1), "openai", "gpt-5-mini", known=True)
    with pytest.raises(
        BudgetError, match=r"price of ollama:qwen3:8b is unknown, so LLM_MONTHLY_BUDGET cannot be enforced"
    ):
        require_price(Caps(month=1), "ollama", "qwen3:8b", known=False)


def test_money_is_exact() -> None:
    """Ten times ten cents are a dollar, and a price of a fraction of a billionth is rounded."""
    tenth = Spending(calls=1, cost_nanousd=nanousd(Decimal("0.1")))
    assert dollars(sum([tenth] * 10, Spending()).cost_nanousd) == 1.0
    assert nanousd(Decimal("0.0000000016")) == 2


def test_names_of_runs_sort_by_time() -> None:
    """A run's name begins with when it began; two of one second have different names."""
    moment = datetime(2026, 11, 24, 14, 5, 9, tzinfo=UTC)
    assert new_run_id(moment).startswith("20261124T140509Z-")
    assert new_run_id(moment) != new_run_id(moment)
