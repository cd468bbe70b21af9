"""topics: list the topics, show one in full, or show what happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tg_parser.cli.commands import topic_edits
from tg_parser.cli.execution import EXIT_ERROR, execute, finish_empty
from tg_parser.cli.options import Channel, SourceOption, parse_time, say_dates
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.selection import channels_asked_for

if TYPE_CHECKING:
    from tg_parser.domain.topics import TopicChange
    from tg_parser.services.views.reading import TopicLine, TopicMember, TopicView
    from tg_parser.wiring.app import App

commands = typer.Typer(
    help="Topics: list them, show one in full or what happened to them, and edit them.", no_args_is_help=True
)


@commands.command("list")
def list_topics(
    source: SourceOption = None,
    channel: Channel = None,
    contains: Annotated[
        str | None, typer.Option("--contains", help="Only topics with this in title or summary.")
    ] = None,
    kind: Annotated[
        Literal["singleton", "cluster"] | None, typer.Option("--type", help="Only topics of this type.")
    ] = None,
    level: Annotated[
        Literal["event", "story", "wanted"] | None,
        typer.Option("--level", help="Only events, only stories, or only the topics you asked for."),
    ] = None,
    retired: Annotated[bool, typer.Option("--retired", help="Include retired topics.")] = False,
    hidden: Annotated[bool, typer.Option("--hidden", help="Include hidden topics.")] = False,
    sort: Annotated[
        Literal["messages", "newest", "updated", "title", "id"],
        typer.Option("--sort", help="Order by number of messages, newest message, last change, title or id."),
    ] = "messages",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Show at most this many.")] = 50,
    json: Json = False,
) -> None:
    """List the topics of one source or of all."""

    async def read(app: App) -> list[TopicLine]:
        from tg_parser.services.reading.topics import TopicFilter

        channels = await channels_asked_for(app, source, channel)
        wanted = TopicFilter(channels, kind, contains, include_retired=retired, level=level, include_hidden=hidden)
        return await app.reading.topics.first(wanted, sort, limit)

    found = execute(read)
    if json:
        from tg_parser.services.views.reading import TopicList

        emit_json(TopicList(topics=tuple(found)))
    elif found:
        headers = ("topic", "title", "level", "messages", "from", "to")
        emit_table(headers, [(one.id, one.title, one.level, one.messages, one.first_at, one.last_at) for one in found])
    finish_empty(not found, "No topics found. To find some, check tg-parser status, then run: tg-parser topicize --all")


@commands.command()
def show(
    topic_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a topic, as shown by `topics list`.")],
    json: Json = False,
) -> None:
    """Show the card of a topic and all its messages with dates, links and texts."""
    view = execute(lambda app: app.reading.topics.one(topic_id))
    emit_json(view) if json else _emit(view)


@commands.command()
def history(
    topic_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a topic, as shown by `topics list`.")],
    json: Json = False,
) -> None:
    """Show what happened to a topic: when it was found, grew, was renamed or merged, and why."""
    _emit_changes(execute(lambda app: app.reading.topics.history(topic_id)), json=json)


@commands.command()
def diff(
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="From this date on (UTC): 2026-11-05, 2026-11, 7d.")
    ] = "7d",
    source: SourceOption = None,
    channel: Channel = None,
    json: Json = False,
) -> None:
    """Show what happened to the topics of one source or of all since a date."""
    first = parse_time(since)
    say_dates(changes=(first, None))

    async def read(app: App) -> list[TopicChange]:
        return await app.reading.topics.changes(await channels_asked_for(app, source, channel), first)

    _emit_changes(execute(read), json=json)


@commands.command()
def check(json: Json = False) -> None:
    """Check that all topics, their messages and their history fit together; exit code 1 if they do not."""
    found = execute(lambda app: app.reading.topics.faults())
    if json:
        from tg_parser.services.views.reading import TopicFaults

        emit_json(TopicFaults(faults=tuple(found)))
    elif found:
        emit_table(("topic", "fault"), [(one.topic_id, one.fault) for one in found])
    else:
        emit_line("All topics fit together.")
    if found:
        raise typer.Exit(EXIT_ERROR)


def _emit_changes(found: list[TopicChange], *, json: bool) -> None:
    if json:
        from tg_parser.services.views.reading import TopicHistory

        emit_json(TopicHistory(changes=tuple(found)))
    elif found:
        headers = ("when", "topic", "what", "messages", "other topic", "why", "who")
        emit_table(headers, [(o.at, o.topic_id, o.kind, len(o.messages), o.other_id, o.reason, o.by) for o in found])
    finish_empty(not found, "Nothing has happened to topics in that time.")


topic_edits.add_to(commands)


def _emit(view: TopicView) -> None:
    card = view.card
    emit_facts(
        [
            ("topic", card.id),
            ("title", card.title),
            ("summary", card.summary),
            ("in scope", "; ".join(card.scope_in)),
            ("out of scope", "; ".join(card.scope_out)),
            ("type", card.type),
            ("level", card.level),
            ("story", card.parent_id),
            ("status", card.status),
            ("marks", ", ".join(mark for mark in ("pinned", "hidden", "dormant") if getattr(card, mark)) or None),
            ("tags", ", ".join(card.tags) or None),
            ("related", ", ".join(card.related_topics) or None),
            ("channels", ", ".join(card.sources)),
            ("updated", card.updated_at),
            ("messages", len(view.members)),
        ]
    )
    for member in view.members:
        emit_line("")
        _emit_member(member)


def _emit_member(member: TopicMember) -> None:
    from datetime import datetime

    score = member.score
    emit_facts(
        [
            ("message", member.source_ref),
            ("date", datetime.fromisoformat(member.date) if member.date else None),
            ("role", member.role if score is None else f"{member.role}, score {score:.2f}"),
            ("why", member.justification),
            ("link", member.link),
        ]
    )
    if member.text:
        emit_line(member.text)
