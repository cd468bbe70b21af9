"""process: make documents of the due messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tg_parser.cli.agents import emit_steps
from tg_parser.cli.execution import execute, finish
from tg_parser.cli.options import Channel, Concurrency, MultiAgent, Source
from tg_parser.cli.presentation import Json, emit_facts, emit_json
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.selection import channels_of, chosen_sources

if TYPE_CHECKING:
    from tg_parser.bootstrap import App
    from tg_parser.domain.agents import JsonObject
    from tg_parser.processing.processor import ProcessReport


def process(
    source: Source = None,
    channel: Channel = None,
    every: Annotated[bool, typer.Option("--all", help="Every source that is not paused.")] = False,
    force: Annotated[bool, typer.Option("--force", help="All messages again, not only those that are due.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Also those in the failure ledger.")] = False,
    provider: Annotated[
        Literal["local"], typer.Option(help="Who analyses: local works offline, without a key.")
    ] = "local",
    concurrency: Concurrency = None,
    multi_agent: MultiAgent = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is due.")] = False,
    json: Json = False,
) -> None:
    """Clean, summarise and tag the messages that have no document yet, or a newer revision than theirs."""

    steps: dict[str, JsonObject] = {}

    async def work(app: App) -> ProcessReport:
        from tg_parser.processing.processor import ProcessReport

        channels = channels_of(await chosen_sources(app, source, channel, every=every))
        options = app.process_options(concurrency=concurrency, force=force, retry_failed=retry_failed)
        if dry_run:
            return ProcessReport(due=await app.documents.count_due(channels, options))
        with shown_progress() as report:
            if multi_agent:
                ran = await app.agents.process(channels, options, report)
                steps.update(ran.steps)
                return ran.report.processed or ProcessReport()
            return await app.documents.process(channels, options, report)

    done = execute(work)
    if json:
        emit_json({"provider": provider, **process_facts(done), **({"agents": steps} if steps else {})})
    else:
        emit_facts(process_facts(done).items())
        emit_steps(steps)
    finish(done.failed)


def process_facts(done: ProcessReport) -> dict[str, int]:
    """The report by name."""
    return {
        "due": done.due,
        "processed": done.processed,
        "noise": done.noise,
        "failed": done.failed,
        "removed": done.removed,
    }
