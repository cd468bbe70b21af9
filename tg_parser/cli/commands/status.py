"""status: what is stored, what is missing, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import execute
from tg_parser.cli.options import Channel, SourceOption
from tg_parser.cli.paging import gathered
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.selection import chosen_sources

if TYPE_CHECKING:
    from tg_parser.services.status import Failure
    from tg_parser.services.views.reading import SourceStatusReport
    from tg_parser.wiring.app import App

_FAILURES_SHOWN = 100


def status(
    source: SourceOption = None,
    channel: Channel = None,
    failures: Annotated[
        bool, typer.Option("--failures", help="List the messages that could not be processed.")
    ] = False,
    json: Json = False,
) -> None:
    """Show messages, documents, topics, gaps and failures of every source, or details of one."""

    async def read(app: App) -> tuple[list[SourceStatusReport], list[Failure], dict[str, str]]:
        if source or channel:
            sources = await chosen_sources(app, source, channel)
            reports = [await app.status.of(each) for each in sources]
        else:
            reports = await app.status.all()
        only = [reports[0].source.channel_id] if (source or channel) else None
        failed = await gathered(lambda page: app.status.failures(only, page), _FAILURES_SHOWN) if failures else []
        return reports, failed, app.places

    reports, failed, places = execute(read)
    if json:
        from tg_parser.services.views.reading import StatusResult

        stated = {"failures": tuple(failed)} if failures else {}
        emit_json(StatusResult(places=places, sources=tuple(reports), **stated))
    elif failures:
        _emit_failures(failed)
    elif source or channel:
        _emit_one(reports[0])
    else:
        _emit_all(reports)
        emit_line("")
        emit_facts(places.items())


def _emit_all(reports: list[SourceStatusReport]) -> None:
    if not reports:
        emit_line("These databases contain no messages yet. Start with: tg-parser run @name --out ./output")
        return
    emit_table(
        ("source", "status", "posts", "comments", "documents", "waiting", "failed", "topics", "last message"),
        [
            (
                each.source.source_id,
                each.source.status,
                each.messages["posts"],
                each.messages["comments"],
                each.documents,
                each.waiting,
                each.failures,
                each.topics,
                each.last_message,
            )
            for each in reports
        ],
    )


def _emit_one(report: SourceStatusReport) -> None:
    held = ", ".join(f"{number} {kind}" for kind, number in report.messages.items())
    source = report.source
    emit_facts(
        [
            ("source", report.source.source_id),
            ("channel", report.source.channel_id),
            ("title", report.source.channel_title),
            ("status", report.source.status),
            ("last error", report.source.last_error),
            ("messages", held),
            ("from", report.first_message),
            ("to", report.last_message),
            (
                "documents",
                f"{report.documents}, of which {report.noise} are noise and {report.without_text} have no text",
            ),
            ("waiting", report.waiting),
            ("failed", report.failures),
            ("topics", report.topics),
            (
                "not in any export yet" if source.via == "export" else "not collected yet",
                _ranges([(each.after_id + 1, (each.before_id or 0) - 1) for each in report.to_fetch]) or None,
            ),
            ("ids not shown by Telegram", _ranges(report.gaps) or "none between the first and the last"),
            ("comments", "not available from Telegram" if source.comments_unavailable else None),
            ("wait until", source.rate_limit_until),
        ]
    )


def _ranges(ranges: Sequence[tuple[int, int]]) -> str:
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _emit_failures(failed: list[Failure]) -> None:
    if not failed:
        emit_line("No messages have failed.")
        return
    emit_table(
        ("message", "attempts", "last", "error"),
        [(each.source_ref, each.attempts, each.at, f"{each.error_class}: {each.error_message}") for each in failed],
    )
