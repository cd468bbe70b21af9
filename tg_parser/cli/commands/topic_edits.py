"""topics rename, merge, split, move, hide, pin, undo, edits: what people do to topics holds for all later runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.actor import person
from tg_parser.cli.execution import execute, finish_empty
from tg_parser.cli.options import Channel, SourceOption
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_table
from tg_parser.cli.selection import channels_asked_for

if TYPE_CHECKING:
    from tg_parser.domain.topics import TopicEdit
    from tg_parser.services.views.topic_edits import EditedTopic
    from tg_parser.wiring.app import App

TopicId = Annotated[str, typer.Argument(metavar="ID", help="Id of a topic, as shown by `topics list`.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does it, for the history; default: the system user.")
]
_MESSAGE = "A message of the topic, as shown by `topics show`: tg:CHANNEL:post:NUMBER."


def add_to(commands: typer.Typer) -> None:
    """Add the commands to those of topics."""
    for command in (rename, merge, split, move, hide, pin, undo, edits):
        commands.command()(command)


def rename(
    topic_id: TopicId,
    title: Annotated[str, typer.Argument(help="The new title.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Give a topic a title that stays, whatever later runs find."""
    _emit(execute(lambda app: app.topic_edits.rename(topic_id, title, _name(by))), json=json)


def merge(
    topic_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the topic that stays.")],
    other_id: Annotated[str, typer.Argument(metavar="OTHER", help="Id of the topic that becomes a part of it.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Make two topics one. All their messages stay together in later runs."""
    _emit(execute(lambda app: app.topic_edits.merge(topic_id, other_id, _name(by))), json=json)


def split(
    topic_id: TopicId,
    more: Annotated[list[str] | None, typer.Argument(metavar="REF...", help="Further messages.")] = None,
    messages: Annotated[list[str] | None, typer.Option("--messages", metavar="REF", help=_MESSAGE)] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the new topic; default: found.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Make messages of a topic a topic of their own, which later runs keep apart from the rest."""
    refs = [*(messages or ()), *(more or ())]
    _emit(execute(lambda app: app.topic_edits.split(topic_id, refs, _name(by), title)), json=json)


def move(
    what: Annotated[
        list[str], typer.Argument(metavar="REF...", help="Messages, or ids of events to move all their messages.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="ID", help="Id of the topic that they belong to.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Move messages to another topic, where they stay in later runs."""
    _emit(execute(lambda app: app.topic_edits.move(what, to, _name(by))), json=json)


def hide(topic_id: TopicId, by: By = None, json: Json = False) -> None:
    """Leave a topic out of lists, search and exports; it goes on to grow."""
    _emit(execute(lambda app: app.topic_edits.hide(topic_id, _name(by))), json=json)


def pin(topic_id: TopicId, by: By = None, json: Json = False) -> None:
    """Let a topic stand first in lists; no run merges, splits or ends it."""
    _emit(execute(lambda app: app.topic_edits.pin(topic_id, _name(by))), json=json)


def undo(
    number: Annotated[
        int | None, typer.Argument(metavar="EDIT", help="Number of an edit, as shown by `topics edits`; default: last.")
    ] = None,
    topic_id: Annotated[str | None, typer.Option("--topic", metavar="ID", help="The last edit of this topic.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Take back an edit: what it changed is as before, as far as it can be, and later runs decide again."""
    _emit(execute(lambda app: app.topic_edits.undo(number, _name(by), topic_id)), json=json)


def edits(source: SourceOption = None, channel: Channel = None, json: Json = False) -> None:
    """List what people did to the topics of one source or of all, oldest first."""

    async def read(app: App) -> list[TopicEdit]:
        return await app.topic_edits.list(await channels_asked_for(app, source, channel))

    found = execute(read)
    if json:
        from tg_parser.services.views.topic_edits import TopicEditList

        emit_json(TopicEditList(edits=tuple(found)))
    elif found:
        headers = ("edit", "when", "who", "what", "topic", "other topic", "messages", "title", "undone")
        rows = [(o.number, o.at, o.by, o.kind, o.topic_id, o.other_id, len(o.messages), o.title) for o in found]
        emit_table(headers, [(*row, one.undone_at) for row, one in zip(rows, found, strict=True)])
    finish_empty(not found, "Nobody has edited topics.")


def _name(by: str | None) -> str:
    return person().name.removeprefix("user ") if by is None else by


def _emit(done: EditedTopic, *, json: bool) -> None:
    if json:
        emit_json(done)
        return
    edit = done.edit
    emit_facts(
        [
            ("edit", edit.number),
            ("done", edit.kind if edit.undone_at is None else f"undone: {edit.kind}"),
            ("topic", edit.topic_id),
            ("other topic", edit.other_id),
            ("title", edit.title),
            ("by", edit.undone_by or edit.by),
        ]
    )
    emit_table(
        ("topic", "what", "messages", "other topic"),
        [(one.topic_id, one.kind, len(one.messages), one.other_id) for one in done.changes],
    )
