"""process: create documents from the waiting messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tg_parser.cli.commands.agents import emit_steps
from tg_parser.cli.commands.costs import estimate_facts
from tg_parser.cli.detach import Detach, ask_for_job
from tg_parser.cli.execution import execute, finish
from tg_parser.cli.hints import with_looks
from tg_parser.cli.models import ModelOptions, opened_run, run_spending, spending_lines
from tg_parser.cli.options import Channel, Concurrency, MaxCost, Model, MultiAgent, NoCache, Provider, SourceOption
from tg_parser.cli.presentation import Json, emit_facts, emit_json
from tg_parser.cli.selection import channels_of, chosen_sources

if TYPE_CHECKING:
    from tg_parser.domain.agents import JsonObject
    from tg_parser.services.documents import ProcessOptions, ProcessReport
    from tg_parser.services.views.spending import Estimate, RunSpending
    from tg_parser.wiring.app import App
    from tg_parser.wiring.run import Run


def process(
    context: typer.Context,
    source: SourceOption = None,
    channel: Channel = None,
    every: Annotated[bool, typer.Option("--all", help="Every source that is not paused.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Process all messages again, not only the waiting ones.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Also retry messages that failed before.")
    ] = False,
    provider: Provider = None,
    model: Model = None,
    concurrency: Concurrency = None,
    multi_agent: MultiAgent = False,
    max_cost: MaxCost = None,
    no_cache: NoCache = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only show expected calls, tokens and price; nothing is sent.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count the waiting messages.")] = False,
    detach: Detach = False,
    json: Json = False,
) -> None:
    """Clean, summarise and tag messages that have no document yet, or have been edited since."""
    if detach:
        ask_for_job("process", context)
        return
    models = ModelOptions(provider=provider, model=model, max_cost=max_cost, fresh=no_cache)

    @asynccontextmanager
    async def opened(app: App) -> AsyncIterator[tuple[Run, list[str], ProcessOptions]]:
        channels = channels_of(await chosen_sources(app, source, channel, every=every))
        async with opened_run(app, models, announced=not (estimate or dry_run)) as run:
            chosen = run.process_options(concurrency=concurrency, force=force, retry_failed=retry_failed)
            yield run, channels, chosen

    async def work(app: App) -> _ProcessOutcome:
        from tg_parser.services.documents import ProcessReport

        async with opened(app) as (run, channels, options):
            provider, report = run.models.provider, run.context.report
            if dry_run:
                return _ProcessOutcome(
                    ProcessReport(waiting=await run.documents.count_waiting(channels, options)), provider
                )
            if multi_agent:
                ran = await run.agents.process(channels, options, report)
                return _ProcessOutcome(ran.report.processed or ProcessReport(), provider, run_spending(run), ran.steps)
            done = await run.documents.process(channels, options, report)
            return _ProcessOutcome(done, provider, run_spending(run))

    async def foresee(app: App) -> Estimate:
        async with opened(app) as (run, channels, options):
            return await run.estimates.estimate(channels, options)

    if estimate:
        foreseen = execute(foresee)
        emit_json(foreseen) if json else emit_facts(estimate_facts(foreseen))
        return
    done = execute(work)
    _emit_json(done) if json else _emit(done)
    finish(done.report.failed)


class _ProcessOutcome(NamedTuple):
    """Result of a run: the report, the provider, the cost, and the reports of the agents."""

    report: ProcessReport
    provider: str
    spending: RunSpending | None = None
    steps: dict[str, JsonObject] | None = None


def _emit_json(done: _ProcessOutcome) -> None:
    from tg_parser.services.views.runs import ProcessResult

    emit_json(ProcessResult.of(done.provider, done.report, done.spending, with_looks(done.steps)))


def _emit(done: _ProcessOutcome) -> None:
    emit_facts([*process_facts(done.report).items(), *spending_lines(done.spending)])
    emit_steps(with_looks(done.steps))


def process_facts(done: ProcessReport) -> dict[str, int]:
    """Return the labelled counts of the report."""
    return {
        "waiting": done.waiting,
        "processed": done.processed,
        "noise": done.noise,
        "without_text": done.without_text,
        "failed": done.failed,
        "removed": done.removed,
    }
