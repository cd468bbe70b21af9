"""costs: what language models have cost, and how much of the monthly budget is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tg_parser.cli.execution import execute
from tg_parser.cli.options import parse_time, say_dates
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table

if TYPE_CHECKING:
    from tg_parser.services.views.spending import CostLine, CostReport, Estimate
    from tg_parser.wiring.app import App


def costs(
    by: Annotated[
        Literal["day", "month", "run", "channel", "model", "stage"], typer.Option("--by", help="What to group by.")
    ] = "day",
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only from this date on (UTC): 2026-11-05, 2026-11, 7d."),
    ] = None,
    json: Json = False,
) -> None:
    """Show calls, tokens and cost of language models, and this month's spending against LLM_MONTHLY_BUDGET."""
    first = parse_time(since)
    say_dates(costs=(first, None))

    async def read(app: App) -> tuple[CostReport, dict[str, str]]:
        names = {source.channel_id: source.source_id for source in await app.sources.list()}
        return await app.costs.report(by, first), names if by == "channel" else {}

    report, names = execute(read)
    if json:
        emit_json(report)
    else:
        _emit(report, names)


def _emit(report: CostReport, names: Mapping[str, str]) -> None:
    if not report.lines:
        emit_line("No language model has been used yet.")
    else:
        emit_table(
            (report.by, "calls", "input tokens", "output tokens", "dollars", "cached answers"),
            [
                *(_row(names.get(line.label, line.label or "none"), line) for line in report.lines),
                _row("total", report.total),
            ],
        )
        emit_line("")
    emit_facts([(report.month, _month(report)), *_unknown(report.total)])


def _row(label: str, line: CostLine) -> tuple[object, ...]:
    return label, line.calls, line.input_tokens, line.output_tokens, dollars_text(line.cost_usd), line.cached_answers


def _month(report: CostReport) -> str:
    spent = f"${report.month_usd:.4f}"
    if report.month_budget_usd is None:
        return f"{spent} spent; LLM_MONTHLY_BUDGET is not set"
    return f"{spent} of ${report.month_budget_usd:.4f} spent (LLM_MONTHLY_BUDGET)"


def _unknown(total: CostLine) -> list[tuple[str, object]]:
    """Calls that the totals do not include."""
    return [
        ("price unknown", f"{total.unknown_price_calls} calls" if total.unknown_price_calls else None),
        ("tokens unknown", f"{total.unknown_usage_calls} calls" if total.unknown_usage_calls else None),
    ]


def dollars_text(amount: float | None) -> str:
    """Format dollars to a hundredth of a cent, or say that the price is unknown."""
    return "unknown" if amount is None else f"${amount:.4f}"


def estimate_facts(estimate: Estimate) -> list[tuple[str, object]]:
    """Return the labelled lines of an estimate."""
    about = "~" if estimate.calls else ""
    return [
        ("messages", estimate.messages),
        ("model", estimate.model),
        ("calls", estimate.calls),
        ("input tokens", f"{about}{estimate.input_tokens}"),
        ("output tokens", f"{about}{estimate.output_tokens}"),
        ("price", f"{about}{dollars_text(estimate.cost_usd)}" if estimate.cost_usd is not None else "unknown"),
    ]
