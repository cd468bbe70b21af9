"""export: write topics and documents to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.detach import Detach, ask_for_job
from tg_parser.cli.execution import execute, finish
from tg_parser.cli.options import Channel, DateFrom, DateTo, Out, Pretty, Replace, SourceOption, parse_dates
from tg_parser.cli.presentation import Json, emit_facts, emit_json
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.selection import channels_of, chosen_sources

if TYPE_CHECKING:
    from tg_parser.services.exports import ExportReport
    from tg_parser.wiring.app import App


def export(
    context: typer.Context,
    source: SourceOption = None,
    channel: Channel = None,
    every: Annotated[bool, typer.Option("--all", help="Every source that is not paused.")] = False,
    out: Out = Path("output"),
    topic_id: Annotated[str | None, typer.Option(help="Only this topic and its messages.")] = None,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    include_supporting: Annotated[
        bool,
        typer.Option("--include-supporting/--no-include-supporting", help="Include supporting messages in bundles."),
    ] = True,
    pretty: Pretty = False,
    replace: Replace = False,
    detach: Detach = False,
    json: Json = False,
) -> None:
    """Write kb_entries.ndjson, topics.json and a file for every topic."""
    first, last = parse_dates(date_from, date_to)
    if detach:
        ask_for_job("export", context, changed={"date_from": {"date_from": first}, "date_to": {"date_to": last}})
        return

    async def work(app: App) -> ExportReport:
        from tg_parser.services.exports import ExportRequest

        sources = await chosen_sources(app, source, channel, every=every)
        request = ExportRequest(
            out=out,
            channel_ids=channels_of(sources),
            topic_id=topic_id,
            date_from=first,
            date_to=last,
            include_supporting=include_supporting,
            pretty=pretty,
            replace=replace,
        )
        with shown_progress() as report:
            return await app.exports.export(request, report)

    done = execute(work)
    if json:
        from tg_parser.services.views.runs import ExportResult

        emit_json(ExportResult.copied_from(done))
    else:
        emit_facts(export_facts(done))
    finish(0, done)


def export_facts(done: ExportReport) -> list[tuple[str, object]]:
    """Return the labelled lines of the report."""
    return [("message entries", done.message_entries), ("topics", done.topics), ("files in", done.out)]
