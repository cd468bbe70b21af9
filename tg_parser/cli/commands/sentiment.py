"""sentiment: the tone of comments or posts, by thread, topic or time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tg_parser.cli.execution import execute, finish_empty
from tg_parser.cli.options import Channel, DateFrom, DateTo, SourceOption, exactly_one, parse_dates
from tg_parser.cli.presentation import Json, emit_json, emit_table
from tg_parser.cli.selection import chosen_sources
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.services.sentiment import Of
    from tg_parser.services.views.reading import SentimentLine, SentimentReport
    from tg_parser.wiring.app import App


def sentiment(
    source: SourceOption = None,
    channel: Channel = None,
    by: Annotated[
        Literal["thread", "topic", "day", "week", "month"], typer.Option("--by", help="What to group by.")
    ] = "month",
    comments: Annotated[bool, typer.Option("--comments", help="Only comments; this is the default.")] = False,
    posts: Annotated[bool, typer.Option("--posts", help="Only posts.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Comments and posts.")] = False,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Show this many threads or topics, the largest ones.")
    ] = 50,
    json: Json = False,
) -> None:
    """Count positive, neutral and negative messages by thread, topic, day, week or month."""
    of = _kind(comments=comments, posts=posts, every=every)
    first, last = parse_dates(date_from, date_to)

    async def read(app: App) -> SentimentReport:
        from tg_parser.services.sentiment import ToneFilter

        exactly_one(source=source, channel=channel)
        (one,) = await chosen_sources(app, source, channel)
        return await app.sentiment.report(ToneFilter(one.channel_id, of, first, last), by, limit=limit)

    report = execute(read)
    if json:
        emit_json(report)
    elif report.total.messages:
        _emit(report)
    finish_empty(not report.total.messages, _nothing_found(of))


def _kind(*, comments: bool, posts: bool, every: bool) -> Of:
    if comments + posts + every > 1:
        raise UsageError("--comments, --posts and --all exclude each other.", "Give only one of them.")
    return "posts" if posts else "all" if every else "comments"


def _nothing_found(of: Of) -> str:
    kind = "messages" if of == "all" else of
    other = " For posts: --posts." if of == "comments" else ""
    return f"No processed {kind} found.{other}"


def _emit(report: SentimentReport) -> None:
    shown = {"thread": ("title", "link"), "topic": ("title",)}.get(report.by, ())
    headers = (report.by, "messages", "positive", "neutral", "negative", "without tone", "balance", *shown)
    rows = [*(_row(line.key, line) for line in report.lines), _row("total", report.total)]
    emit_table(headers, [row[: len(headers)] for row in rows], whole={report.by, "link"})


def _row(key: str, line: SentimentLine) -> tuple[object, ...]:
    balance = None if line.balance is None else f"{line.balance:+.2f}"
    counts = (line.messages, line.positive, line.neutral, line.negative, line.without_tone)
    return key, *counts, balance, line.title, line.link
