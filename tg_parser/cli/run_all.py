"""Reports work on every source: one line each, the reasons of failures, one exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tg_parser.cli.commands.export import export_facts
from tg_parser.cli.execution import fail, finish
from tg_parser.cli.hints import hint_of
from tg_parser.cli.presentation import emit_facts, emit_line, emit_table
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import SourceError

if TYPE_CHECKING:
    from tg_parser.services.exports import ExportReport
    from tg_parser.services.run_all import RunAllReport, SourceRun


def emit_run_all(done: RunAllReport) -> None:
    """The report for people."""
    if not done.sources:
        emit_line("No sources yet. Try: tg-parser run @name --out ./output")
        return
    emit_sources(done.sources)
    if done.exported is not None:
        emit_line("")
        emit_facts(export_facts(done.exported))


def emit_sources(sources: Sequence[SourceRun]) -> None:
    """Print one line per source."""
    emit_table(("source", "new", "processed", "failed", "topics", "outcome"), [_line(each) for each in sources])


def end_all(sources: Sequence[SourceRun], failed_messages: int = 0, exported: ExportReport | None = None) -> None:
    """Exit with code 1 if a source failed, or with 3 if messages did, and say which and why."""
    failed = [each for each in sources if each.error is not None]
    for each in failed:
        if each.error is not None:
            reason = f"{each.error.message} {hint_of(each.error) or ''}".rstrip()
            say(f"{each.source.source_id}: {reason}", level="error", source_id=each.source.source_id)
    if failed:
        hint = "The other sources are done." if len(failed) < len(sources) else None
        fail(SourceError(f"{len(failed)} of {len(sources)} sources failed; see the reasons above.", hint))
    finish(failed_messages, exported)


def _line(each: SourceRun) -> tuple[object, ...]:
    new = each.ingested.counts.get("new", 0) if each.ingested else None
    processed = (each.processed.processed, each.processed.failed) if each.processed else (None, None)
    return each.source.source_id, new, *processed, each.topics.found.topics if each.topics else None, _outcome(each)


def _outcome(each: SourceRun) -> str:
    if each.error is not None:
        return "failed"
    if each.ingested is None and each.source.status == "error":
        return "not collected; to collect it again: `sources resume`"
    return "done"
