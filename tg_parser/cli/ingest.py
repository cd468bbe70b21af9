"""ingest: bring messages into the raw storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import execute, fail
from tg_parser.cli.options import Channel, FromExport, Limit, Mode, Source
from tg_parser.cli.presentation import Json, emit_json, emit_table
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.selection import chosen_sources

if TYPE_CHECKING:
    from tg_parser.bootstrap import App
    from tg_parser.services.ingestion import IngestOutcome


def ingest(
    source: Source = None,
    channel: Channel = None,
    every: Annotated[bool, typer.Option("--all", help="Every active source.")] = False,
    from_export: FromExport = None,
    mode: Mode = "incremental",
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Collect the messages of a source, or import a Telegram Desktop export."""

    async def collect(app: App) -> list[IngestOutcome]:
        from tg_parser.services.ingestion import IngestRequest

        request = IngestRequest(mode=mode, limit=limit)
        if from_export is None:
            return [await app.ingest.collect(each) for each in await chosen_sources(app, source, channel, every=every)]
        owner = await app.sources.get(source) if source else None
        with shown_progress() as report:
            return await app.ingest.from_export(from_export, request, source=owner, channel=channel, report=report)

    outcomes = execute(collect)
    if json:
        emit_json({"sources": [outcome_facts(outcome) for outcome in outcomes]})
    else:
        emit_outcomes(outcomes)
    for outcome in outcomes:
        if outcome.error is not None:
            fail(outcome.error)


def outcome_facts(outcome: IngestOutcome) -> dict[str, object]:
    """One outcome as the JSON result shows it."""
    facts: dict[str, object] = {
        "source_id": outcome.source.source_id,
        "channel_id": outcome.source.channel_id,
        "title": outcome.source.channel_title,
        "counts": outcome.counts,
    }
    return facts if outcome.error is None else {**facts, "error": outcome.error.message}


def emit_outcomes(outcomes: list[IngestOutcome]) -> None:
    """Outcomes as a table, one chat a row."""
    columns = ("seen", "new", "revised", "unchanged", "service")
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
