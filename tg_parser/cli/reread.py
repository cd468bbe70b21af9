"""ingest --reread: parse stored messages again from their payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tg_parser.cli.models import opened_run
from tg_parser.cli.presentation import emit_json, emit_line, emit_table
from tg_parser.cli.selection import chosen_sources

if TYPE_CHECKING:
    from tg_parser.services.rereading import RereadReport
    from tg_parser.wiring.app import App


async def reread(app: App, source: str | None, channel: str | None, *, every: bool) -> list[RereadReport]:
    """Parse the messages of the selected sources again. Raises UsageError unless exactly one selection is given."""
    sources = await chosen_sources(app, source, channel, every=every)
    async with opened_run(app) as run:
        return await run.rereading.reread(sources, run.context.report)


def emit_rereading(reports: list[RereadReport], *, json: bool) -> None:
    """Print what was repaired, and what is only available from Telegram or a newer export."""
    if json:
        from tg_parser.services.views.collecting import RereadResult

        emit_json(RereadResult.of(reports))
        return
    headers = ("source", "title", "read", "repaired", "details", "not in payload")
    emit_table(headers, [_row(each) for each in reports])
    if any(each.repaired for each in reports):
        emit_line("Repaired messages are waiting: tg-parser process")
    if any(each.not_in_payload for each in reports):
        emit_line("To get what the payload lacks: tg-parser ingest --source SOURCE --recheck 30d, or a newer export.")


def _row(report: RereadReport) -> tuple[object, ...]:
    kinds = ", ".join(f"{number} {kind}" for kind, number in report.kinds.items())
    named = report.source.source_id, report.source.channel_title
    return (*named, report.read, report.repaired, kinds, report.not_in_payload)
