"""search: find messages by what they say; build the index. similar: find messages like one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from tg_parser.cli.execution import execute, finish_empty
from tg_parser.cli.options import parse_dates
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.stderr import say

if TYPE_CHECKING:
    from tg_parser.services.views.search import IndexReport, SearchHit, SearchResult
    from tg_parser.wiring.app import App

_DEFAULT = "find"
HitLines = Annotated[bool, typer.Option("--jsonl", help="Print one JSON object per message (NDJSON).")]
HitLimit = Annotated[int, typer.Option("--limit", min=1, max=100, help="Show at most this many.")]


class QueryGroup(TyperGroup):
    """`search QUERY` is short for `search find QUERY`."""

    default = _DEFAULT

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take what is not the name of a command for a query."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


commands = typer.Typer(
    cls=QueryGroup,
    help="Find messages by what they say. `search QUERY` is short for `search find QUERY`.",
    no_args_is_help=True,
)


@commands.command(_DEFAULT)
def find(
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY", help='Words, "phrases", -excluded words, filters such as lang:ru; a t.me link.'
        ),
    ],
    source: Annotated[
        list[str] | None, typer.Option("--from", metavar="CHAT", help="Only of this source or chat (repeatable).")
    ] = None,
    after: Annotated[
        str | None,
        typer.Option("--after", metavar="DATE", help="Only from this time on: 2026-11-05, 2026-11, 7d, 12h."),
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="DATE", help="Only before this time, in the same format.")
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="Only in this language: ru, en, …")] = None,
    topic: Annotated[str | None, typer.Option("--topic", metavar="ID", help="Only messages of this topic.")] = None,
    kind: Annotated[Literal["post", "comment"] | None, typer.Option("--type", help="Only posts, or comments.")] = None,
    has: Annotated[
        list[str] | None, typer.Option("--has", help="Only with this: link, media or question (repeatable).")
    ] = None,
    tone: Annotated[
        Literal["positive", "neutral", "negative"] | None, typer.Option("--tone", help="Only with this tone.")
    ] = None,
    author: Annotated[str | None, typer.Option("--author", help="Only by this author: name or id.")] = None,
    sort: Annotated[
        Literal["relevance", "date"], typer.Option("--sort", help="The best first, or the newest of the good ones.")
    ] = "relevance",
    limit: HitLimit = 10,
    json: Json = False,
    jsonl: HitLines = False,
) -> None:
    """Find messages by words and by meaning."""
    first, end = parse_dates(after, before)

    async def work(app: App) -> SearchResult:
        from tg_parser.services.searching.service import HAS, SearchFilter, SearchRequest, one_of

        given = SearchFilter(
            channels=tuple(source or ()),
            date_from=first,
            date_to=end,
            language=lang,
            topic=topic,
            kind=kind,
            has=frozenset(one_of("has", each, HAS) for each in has or ()),
            tone=tone,
            author=author,
        )
        return await app.search.search(SearchRequest(" ".join(query), given, limit, sort))

    _show(execute(work), json=json, jsonl=jsonl)


@commands.command()
def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make every entry anew.")] = False, json: Json = False
) -> None:
    """Index what is not indexed yet, and repair an index that was lost. Runs do the same for what they process."""

    async def work(app: App) -> IndexReport:
        with shown_progress() as report:
            return await app.search.index.build(rebuild=rebuild, report=report)

    done = execute(work)
    if json:
        emit_json(done)
    else:
        emit_line(f"Indexed {done.added} documents; {done.indexed} of {done.documents} can be found.")


def similar(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A source_ref (tg:…:post:123) or a t.me link.")],
    limit: HitLimit = 10,
    json: Json = False,
    jsonl: HitLines = False,
) -> None:
    """Find the messages that are most like one."""
    _show(execute(lambda app: app.search.similar(ref, limit)), json=json, jsonl=jsonl)


def _show(result: SearchResult, *, json: bool, jsonl: bool) -> None:
    if result.indexed < result.documents:
        say(
            f"The index is being built, {result.indexed} of {result.documents} documents; the rest is not found yet. "
            "To build it now: tg-parser search index",
            level="warning",
            indexed=result.indexed,
            documents=result.documents,
        )
    if json:
        emit_json(result)
    elif jsonl:
        for hit in result.hits:
            emit_json(hit)
    else:
        _emit(result)
    advice = f" Without {' or '.join(result.drop)} there are some." if result.drop else ""
    finish_empty(not result.hits, f"No messages found.{advice}")


def _emit(result: SearchResult) -> None:
    for hit in result.hits:
        _emit_hit(hit)
    if result.topics:
        emit_line("Topics of these messages")
        emit_facts((topic.topic_id, f"{topic.title} ({topic.messages})") for topic in result.topics)


def _emit_hit(hit: SearchHit) -> None:
    from tg_parser.domain.utc_time import moment_text

    score = f"  {hit.score:.2f}" if hit.score else ""
    emit_line(f"{moment_text(hit.date)}  {hit.link or hit.source_ref}{score}")
    snippet = hit.snippet
    text = _marked(snippet.text, snippet.marks)
    shown = f"{'… ' if snippet.cut_before else ''}{text}{' …' if snippet.cut_after else ''}"
    for line in filter(str.strip, shown.splitlines()):
        emit_line(f"    {line}")
    if hit.copies:
        emit_line(f"    the same: {', '.join(copy.link or copy.source_ref for copy in hit.copies)}")
    emit_line("")


def _marked(text: str, marks: tuple[tuple[int, int], ...]) -> str:
    """The text with the matches in bold on a terminal, and between asterisks elsewhere."""
    import sys

    before, behind = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("*", "*")
    for start, end in reversed(marks):
        text = f"{text[:start]}{before}{text[start:end]}{behind}{text[end:]}"
    return text
