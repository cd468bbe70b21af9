"""ingest: collect messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.detach import Detach, ask_for_job
from tg_parser.cli.execution import execute, fail
from tg_parser.cli.hints import hint_of
from tg_parser.cli.models import opened_run
from tg_parser.cli.options import (
    Channel,
    Encoding,
    FromExport,
    Limit,
    Mode,
    RecheckSpan,
    SourceOption,
    exactly_one,
    parse_recheck,
    refuse_with_a_file,
    refuse_without_a_file,
)
from tg_parser.cli.presentation import Json, emit_json, emit_line, emit_table
from tg_parser.cli.reasons import reason_lines
from tg_parser.cli.reread import emit_rereading
from tg_parser.cli.reread import reread as read_again
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.services.ingestion import IngestOutcome
    from tg_parser.wiring.app import App


def ingest(
    context: typer.Context,
    source: SourceOption = None,
    channel: Channel = None,
    every: Annotated[bool, typer.Option("--all", help="Every active source.")] = False,
    from_export: FromExport = None,
    encoding: Encoding = None,
    mode: Mode = "incremental",
    limit: Limit = None,
    recheck: RecheckSpan = None,
    reread: Annotated[
        bool, typer.Option("--reread", help="Collect nothing; parse the stored messages again with this version.")
    ] = False,
    detach: Detach = False,
    json: Json = False,
) -> None:
    """Collect the messages of a source, or import a Telegram Desktop export."""
    span = parse_recheck(recheck)
    if detach:
        ask_for_job("recheck" if recheck else "ingest", context, changed={"recheck": {"span": recheck}})
        return
    if reread:
        _refuse_with_reread(from_export=from_export, limit=limit, recheck=recheck)
        emit_rereading(execute(lambda app: read_again(app, source, channel, every=every)), json=json)
        return

    async def collect(app: App) -> list[IngestOutcome]:
        from tg_parser.services.ingestion import IngestRequest

        refuse_without_a_file(from_export, encoding)
        refuse_with_a_file(from_export, all=every, recheck=span)
        request = IngestRequest(mode=mode, limit=limit, recheck=span, encoding=encoding)
        if from_export is None:
            exactly_one(source=source, channel=channel, all=every)
        known = await app.sources.get(source) if source else None
        async with opened_run(app) as run:
            report = run.context.report
            if from_export is not None:
                return await run.ingest.from_export(from_export, request, source=known, channel=channel, report=report)
            if known is not None:
                return [await run.collect.collect(known, request, report)]
            if channel:
                return [await run.collect.collect_chat(channel, request, report)]
            return await run.collect.collect_all(request, report)

    outcomes = execute(collect, begin=True)
    if json:
        from tg_parser.services.views.collecting import IngestResult

        emit_json(IngestResult.of(outcomes, hint_of))
    else:
        emit_outcomes(outcomes)
    _end(outcomes)


def _refuse_with_reread(**given: object) -> None:
    for name, value in given.items():
        if value:
            option = name.replace("_", "-")
            raise UsageError(f"--reread collects nothing, so it cannot be combined with --{option}.")


def _end(outcomes: list[IngestOutcome]) -> None:
    """Exit with the error of the only source, or with the number of failed sources."""
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if not failed:
        return
    if len(outcomes) == 1 and failed[0].error is not None:
        fail(failed[0].error)
    from tg_parser.domain.errors import SourceError

    for outcome in failed:
        if outcome.error is not None:
            say(f"{outcome.source.source_id}: {outcome.error.message} {hint_of(outcome.error) or ''}".rstrip())
    good = len(outcomes) - len(failed)
    hint = "The other sources were collected." if good else None
    fail(SourceError(f"{len(failed)} of {len(outcomes)} sources failed; see the reasons above.", hint))


def emit_outcomes(outcomes: list[IngestOutcome]) -> None:
    """Print the outcomes as a table, one row per chat."""
    from tg_parser.services.views.collecting import unknown_of

    usual = ("seen", "new", "revised", "unchanged", "service")
    counted = {name for outcome in outcomes for name, number in outcome.counts.items() if number}
    columns = (*usual, *(name for name in ("comments", "rechecked", "deleted") if name in counted))
    emit_table(
        ("source", "title", *columns, "skipped"),
        [
            (
                outcome.source.source_id,
                outcome.source.channel_title,
                *(outcome.counts.get(column, 0) for column in columns),
                sum(number for name, number in outcome.counts.items() if name.startswith("skipped:")),
            )
            for outcome in outcomes
        ],
    )
    for outcome in outcomes:
        if unknown := unknown_of(outcome):
            held = ", ".join(f"{number} {name}" for name, number in unknown.items())
            emit_line(f"{outcome.source.source_id}: messages of unknown kinds, stored unchanged: {held}.")
        for line in reason_lines(outcome.counts):
            emit_line(f"{outcome.source.source_id}: {line}")
