"""What commands show about language models: which one is used, and what it cost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypedDict

from tg_parser.cli.progress import shown_progress
from tg_parser.cli.stderr import say

if TYPE_CHECKING:
    from tg_parser.config.llm_settings import Provider
    from tg_parser.services.views.spending import RunSpending
    from tg_parser.wiring.app import App
    from tg_parser.wiring.run import Run


class ModelOptions(TypedDict, total=False):
    """Model options of a command line; whatever is missing comes from the settings."""

    provider: Provider | None
    model: str | None
    max_cost: float | None
    fresh: bool


@asynccontextmanager
async def opened_run(app: App, options: ModelOptions | None = None, *, announced: bool = True) -> AsyncIterator[Run]:
    """Open a run that shows its progress. If it works offline by default, not by choice, say so."""
    from tg_parser.wiring.context import RunContext

    with shown_progress() as report:
        async with app.new_run(RunContext(report=report, **(options or {}))) as run:
            if options is not None and announced and run.models.is_offline and run.settings.llm.provider is None:
                say("No API key of a language model is set: working offline. (--provider local hides this line.)")
            yield run


def run_spending(run: Run) -> RunSpending | None:
    """Return the calls and cost of a run's models, or None offline."""
    from tg_parser.services.views.spending import RunSpending

    return None if run.models.is_offline else RunSpending.of(run.models.ledger.spent)


def spending_lines(spent: RunSpending | None) -> list[tuple[str, object]]:
    """Return the labelled lines of the same for people."""
    from tg_parser.cli.commands.costs import dollars_text

    if spent is None:
        return []
    return [
        ("calls", spent.calls),
        ("from cache", spent.cached_answers or None),
        ("tokens", f"{spent.input_tokens} sent, {spent.output_tokens} answered"),
        ("cost", dollars_text(spent.cost_usd)),
        ("price unknown", f"{spent.unknown_price_calls} calls" if spent.unknown_price_calls else None),
    ]
