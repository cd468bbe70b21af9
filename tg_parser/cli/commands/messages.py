"""messages: show one message with everything known about it, or export raw messages to a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import execute, finish_empty
from tg_parser.cli.options import Channel, DateFrom, DateTo, SourceOption, parse_dates
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.selection import channels_of, chosen_sources
from tg_parser.cli.stderr import say
from tg_parser.domain.paths import expanded

if TYPE_CHECKING:
    from tg_parser.services.views.reading import MessageView
    from tg_parser.wiring.app import App

commands = typer.Typer(help="Messages: show one, or export them as collected.", no_args_is_help=True)


@commands.command()
def show(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A source_ref (tg:…:post:123) or a t.me link.")],
    json: Json = False,
) -> None:
    """Show a message: original and current text, document, topics and link."""
    view = execute(lambda app: app.reading.messages.one(ref))
    emit_json(view) if json else _emit(view)


@commands.command()
def export(
    source: SourceOption = None,
    channel: Channel = None,
    every: Annotated[bool, typer.Option("--all", help="Every source that is not paused.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", callback=expanded, help="File to write. [default: stdout]")
    ] = None,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    payload: Annotated[
        bool, typer.Option("--payload/--no-payload", help="Include the original payload of the adapter.")
    ] = True,
) -> None:
    """Export raw messages as NDJSON, each with its original text, current text and revisions."""
    first, last = parse_dates(date_from, date_to)

    async def work(app: App) -> int:
        from tg_parser.services.exports import RawRequest

        channels = channels_of(await chosen_sources(app, source, channel, every=every))
        request = RawRequest(channels, first, last, with_payload=payload)
        with shown_progress() as report:
            return await app.exports.messages(out or sys.stdout.buffer, request, report)

    written = execute(work)
    if out is not None:
        say(f"Wrote {written} messages to {out}.", messages=written, file=str(out))
    finish_empty(not written, "No messages found.")


def _emit(view: MessageView) -> None:
    message, document = view.message, view.document
    author = message.author
    reactions = ", ".join(f"{each.emoji} {each.count}" for each in message.reactions)
    emit_facts(
        [
            ("message", message.source_ref),
            ("date", message.date),
            ("link", view.link),
            ("author", (author.name or author.id) if author else None),
            ("views", message.views),
            ("forwards", message.forwards),
            ("reactions", reactions or None),
            ("media", ", ".join(each.kind for each in message.media) or None),
            ("forwarded from", (message.forward.name or message.forward.peer_id) if message.forward else None),
            ("answers", message.parent_message_id),
            ("thread", message.thread_id),
            ("edited", message.edited_at),
            ("deleted", "no longer shown by Telegram" if view.deleted else None),
        ]
    )
    emit_line(f"\n{view.current_text}")
    for revision in view.revisions:
        emit_line("")
        emit_facts([("revision", revision.revision), ("seen", revision.observed_at), ("reason", revision.reason)])
        emit_line(revision.text)
    if view.revisions:
        emit_line(f"\nOriginal text\n{message.text}")
    if document is not None:
        emit_line("")
        emit_facts(
            [
                ("document", document.id),
                ("summary", document.summary),
                ("key phrases", ", ".join(document.topics) or None),
                ("language", document.language),
                (
                    "tone",
                    f"{document.sentiment.label or 'undecided'} {document.sentiment.score:.2f}"
                    if document.sentiment
                    else None,
                ),
                ("noise", "yes" if document.is_noise else None),
                ("processed", document.processed_at),
            ]
        )
    for topic_id, title in view.topics.items():
        emit_line(f"\ntopic  {topic_id}\n       {title}")
