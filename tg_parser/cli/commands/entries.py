"""entries: search the entries of messages, in the form that an export contains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tg_parser.cli.execution import execute, finish_empty
from tg_parser.cli.options import Channel, DateFrom, DateTo, SourceOption, parse_dates
from tg_parser.cli.presentation import JsonLines, emit_facts, emit_json, emit_line
from tg_parser.cli.selection import channels_asked_for

if TYPE_CHECKING:
    from tg_parser.wiring.app import App


def entries(
    source: SourceOption = None,
    channel: Channel = None,
    topic_id: Annotated[str | None, typer.Option("--topic-id", help="Only messages of this topic.")] = None,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    noise: Annotated[
        Literal["with", "without", "only"],
        typer.Option("--noise", help="Whether to include noise such as advertising."),
    ] = "with",
    contains: Annotated[
        str | None, typer.Option("--contains", help="Only with this in the text or summary, ignoring case.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Show at most this many.")] = 50,
    json: JsonLines = False,
) -> None:
    """Show the entries of messages that match all the given filters."""
    first, last = parse_dates(date_from, date_to)

    async def read(app: App) -> int:
        from tg_parser.services.reading.documents import DocumentFilter

        if topic_id is not None:
            await app.reading.topics.one(topic_id)
        wanted = DocumentFilter(
            channel_ids=await channels_asked_for(app, source, channel),
            topic_id=topic_id,
            date_from=first,
            date_to=last,
            noise={"with": None, "without": False, "only": True}[noise],
            contains=contains,
        )
        count = 0
        async for entry in app.reading.entries.each(wanted, limit):
            emit_json(entry) if json else _emit(entry)
            count += 1
        return count

    finish_empty(not execute(read), "No entries found.")


def _emit(entry: dict[str, Any]) -> None:
    from datetime import datetime

    metadata = entry["metadata"]
    emit_facts(
        [
            ("entry", entry["id"]),
            ("date", datetime.fromisoformat(metadata["date"])),
            ("channel", metadata["channel_title"]),
            ("author", (metadata["author"] or {}).get("name")),
            ("link", metadata["link"]),
            ("title", entry["title"]),
            ("key phrases", ", ".join(entry["tags"]) or None),
            ("topics", ", ".join(entry["topics"]) or None),
            ("noise", "yes" if metadata["is_noise"] else None),
        ]
    )
    emit_line("")
