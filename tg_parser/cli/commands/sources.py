"""add-source and sources: manage what is collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tg_parser.cli.execution import execute
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.stderr import confirm, say
from tg_parser.domain.date_parsing import parse_span
from tg_parser.domain.utc_time import moment_text, utc_now

if TYPE_CHECKING:
    from tg_parser.domain.sources import Source
    from tg_parser.services.views.collecting import Holdings
    from tg_parser.wiring.app import App

commands = typer.Typer(help="Add, list, show, rename, pause, resume and remove sources.", no_args_is_help=True)

SourceId = Annotated[str, typer.Argument(help="Id of a source, as shown by `sources list`.")]


def add_source(
    source_id: Annotated[
        str, typer.Option(help="An id of your choice. If it is a channel's username, nothing else is needed.")
    ],
    channel_id: Annotated[str | None, typer.Option(help="Numeric id of the chat, or a link to it.")] = None,
    channel_username: Annotated[str | None, typer.Option(help="@username of the chat.")] = None,
    include_comments: Annotated[
        bool | None, typer.Option("--include-comments/--no-include-comments", help="Also collect comments.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, max=10_000, help="Messages fetched at a time.")] = None,
    history_from: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Collect from this date on: 2026-11-05, 2026-11, 90d (UTC unless a zone is given)."
        ),
    ] = None,
    history_to: Annotated[
        str | None, typer.Option(metavar="DATE", help="Collect messages before this date, in the same format.")
    ] = None,
    poll_interval: Annotated[int | None, typer.Option(min=1, help="Seconds between two scheduled runs.")] = None,
    steps: Annotated[
        Literal["ingest", "process", "topicize", "default"] | None,
        typer.Option(help="Last stage of scheduled runs; default: as set by SCHEDULER_STEPS."),
    ] = None,
    via: Annotated[Literal["web", "export", "api"] | None, typer.Option(help="How to read the chat.")] = None,
    json: Json = False,
) -> None:
    """Add a source, or change the given settings of an existing one."""
    first, last = parse_span(history_from, history_to, utc_now())
    given: dict[str, Any] = {
        "channel_id": channel_id,
        "channel_username": channel_username,
        "include_comments": include_comments,
        "batch_size": batch_size,
        "history_from": first,
        "history_to": last,
        "poll_interval_seconds": poll_interval,
        "via": via,
    }

    async def add(app: App) -> Source:
        from tg_parser.domain.sources import SourceChange

        named = {name: value for name, value in given.items() if value is not None}
        if steps is not None:
            named["steps"] = None if steps == "default" else steps
        source = await app.sources.add(SourceChange(source_id=source_id, **named))
        others = [each.source_id for each in await app.sources.collecting(source.channel_id) if each != source]
        if others:
            say(
                f"The same chat is also collected by {', '.join(others)}; to change that source instead: "
                f"tg-parser add-source --source-id {others[0]} …"
            )
        return source

    _emit_source(execute(add, begin=True), json=json)


commands.command("add")(add_source)


@commands.command("list")
def list_sources(json: Json = False) -> None:
    """List all sources."""
    sources = execute(lambda app: app.sources.list())
    if json:
        from tg_parser.services.views.collecting import SourceList

        emit_json(SourceList(sources=tuple(sources)))
    elif not sources:
        emit_line("No sources yet. Try: tg-parser run @name --out ./output")
    else:
        emit_table(
            ("source", "channel", "title", "status", "last post", "last success"),
            [
                (
                    each.source_id,
                    each.channel_id,
                    each.channel_title,
                    each.status,
                    each.newest_post_id or each.last_post_id,
                    each.last_success_at,
                )
                for each in sources
            ],
            whole={"source", "channel"},
        )


@commands.command()
def show(source_id: SourceId, json: Json = False) -> None:
    """Show all details of a source."""
    _emit_source(execute(lambda app: app.sources.get(source_id)), json=json)


@commands.command()
def rename(source_id: SourceId, new_id: Annotated[str, typer.Argument(help="The new id.")], json: Json = False) -> None:
    """Change the id of a source; everything it collected stays."""
    _emit_source(execute(lambda app: app.sources.rename(source_id, new_id)), json=json)


@commands.command()
def pause(source_id: SourceId, json: Json = False) -> None:
    """Leave a source out of `--all` until it is resumed."""
    _emit_source(execute(lambda app: app.sources.set_status(source_id, "paused")), json=json)


@commands.command()
def resume(source_id: SourceId, json: Json = False) -> None:
    """Collect a paused or failed source again."""
    _emit_source(execute(lambda app: app.sources.set_status(source_id, "active")), json=json)


@commands.command()
def remove(
    source_id: SourceId,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Also delete the channel's messages, documents and topics.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Remove a source; the data it collected stays unless --with-data is given."""
    held: Holdings = execute(lambda app: app.sources.holdings(source_id))
    what = f"{held.messages} messages, {held.documents} documents and {held.topics} topics"
    will = f"{what} will be deleted." if with_data else f"{what} will be kept."
    if not yes:
        confirm(f"Remove source {source_id!r}? {will}")
    execute(lambda app: app.sources.remove(source_id, with_data=with_data))
    if json:
        from tg_parser.services.views.collecting import RemovedSource

        emit_json(RemovedSource(removed=source_id, with_data=with_data, held=held))
    else:
        emit_line(f"Source {source_id!r} is removed. {'Deleted' if with_data else 'Kept'}: {what}.")


def _emit_source(source: Source, *, json: bool) -> None:
    if json:
        emit_json(source)
    else:
        facts = {name: getattr(source, name) for name in type(source).model_fields}
        emit_facts((name.replace("_", " "), _in_words(value)) for name, value in facts.items())


def _in_words(value: object) -> object:
    """Format a value of a source for people: list items on one line, an empty list as nothing."""
    if not isinstance(value, tuple):
        return value
    return ", ".join(map(_part_in_words, value)) or None


def _part_in_words(part: object) -> str:
    from tg_parser.domain.backlog import OpenRange
    from tg_parser.domain.sources import ChatName

    if isinstance(part, ChatName):
        lost = f", until {moment_text(part.until)}" if part.until else ""
        return f"@{part.name} (since {moment_text(part.since)}{lost})"
    if isinstance(part, OpenRange):
        return f"{part.after_id + 1}-{(part.before_id or 0) - 1}"
    return str(part)
