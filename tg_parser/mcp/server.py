"""The MCP server: names, descriptions and schemas of the tools, and errors as an assistant should read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field
from starlette.requests import Request

from tg_parser import __version__
from tg_parser.domain.date_parsing import parse_span
from tg_parser.domain.errors import TgParserError
from tg_parser.domain.pages import PageRequest
from tg_parser.domain.utc_time import utc_now
from tg_parser.mcp import tools
from tg_parser.mcp.hints import hint_of
from tg_parser.mcp.views import UNTRUSTED, Fetched, FoundItems, SourceItems, StartedRun, Timeline, Topic, TopicItems
from tg_parser.services.reading.topics import TopicOrder
from tg_parser.services.scope import Scope

INSTRUCTIONS = (
    "A knowledge base made of Telegram channels: messages, and topics that gather messages about the same thing. "
    "Start with search, or with list_topics; get_topic explains a topic, timeline tells what was written when, fetch "
    f"returns a message or topic in full. Cite the url of every message you use. {UNTRUSTED}"
)
_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_STARTS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True)

Caller = Callable[[Request | None], Scope]
"""Returns the scope of the caller: of an HTTP request, or of the person who started the program."""
Call = Context[Any, Any]
P = ParamSpec("P")
T = TypeVar("T")

Limit = Annotated[int, Field(ge=1, le=tools.MOST_ITEMS, description="Maximum number of items on the page.")]
Cursor = Annotated[
    str | None, Field(max_length=2000, description="next_cursor of the page before, with the same other arguments.")
]
Source = Annotated[
    str | None, Field(max_length=300, description="Only this source: a source_id from list_sources. Default: all.")
]
Date = Annotated[str | None, Field(max_length=40, description="A date such as 2026-05-01, or an age such as 7d.")]
TopicId = Annotated[str, Field(min_length=1, max_length=300, description="An id from list_topics.")]


def create_server(caller: Caller, *, may_start: bool) -> MCPServer[Any]:
    """Create the server. Every call asks `caller` for its scope; with `may_start` it can also start runs."""
    server = MCPServer[Any](
        "tg-parser",
        title="TG_parser",
        instructions=INSTRUCTIONS,
        version=__version__,
        log_level="WARNING",
        subscriptions=False,
    )
    _add_reading(server, caller)
    if may_start:
        _add_starting(server, caller)
    return server


def _add_reading(server: MCPServer[Any], caller: Caller) -> None:
    @server.tool(title="List sources", annotations=_READS)
    @_answering
    async def list_sources(ctx: Call) -> SourceItems:
        """List the channels and groups in the knowledge base, with when they were last collected."""
        return await tools.sources(_scope(caller, ctx))

    @server.tool(title="List topics", annotations=_READS)
    @_answering
    async def list_topics(
        ctx: Call,
        *,
        source: Source = None,
        contains: Annotated[
            str | None, Field(max_length=200, description="Only topics with this text in title or summary.")
        ] = None,
        order: Annotated[
            TopicOrder, Field(description="messages: largest first; newest: by last message; updated; title; id.")
        ] = "messages",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> TopicItems:
        """List topics: what the channels write about, with the number of messages and the period of each."""
        return await tools.topics(_scope(caller, ctx), source, contains, order, PageRequest(limit, cursor))

    @server.tool(title="Get a topic", annotations=_READS)
    @_answering
    async def get_topic(ctx: Call, topic_id: TopicId) -> Topic:
        """Explain a topic: summary, what belongs to it and what does not, and its most telling messages."""
        return await tools.topic(_scope(caller, ctx), topic_id)

    @server.tool(title="Timeline", annotations=_READS)
    @_answering
    async def timeline(
        ctx: Call,
        *,
        topic_id: Annotated[str | None, Field(max_length=300, description="Only messages of this topic.")] = None,
        source: Source = None,
        since: Date = None,
        until: Date = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Timeline:
        """Tell what was written when: the messages of a topic, a source or a period, oldest first."""
        period = parse_span(since, until, utc_now())
        return await tools.timeline(_scope(caller, ctx), source, topic_id, period, PageRequest(limit, cursor))

    @server.tool(title="Search", annotations=_READS)
    @_answering
    async def search(
        ctx: Call,
        query: Annotated[
            str,
            Field(
                min_length=1,
                max_length=2000,
                description='Words in any form or language, "phrases", -excluded words; filters: from:@channel, '
                "after:2026-05-01, before:7d, lang:ru, type:comment, has:link, tone:negative, topic:ID.",
            ),
        ],
        limit: Limit = 10,
    ) -> FoundItems:
        """Find messages by words and by meaning, best first."""
        return await tools.search(_scope(caller, ctx), query, limit)

    @server.tool(title="Fetch a message or topic", annotations=_READS)
    @_answering
    async def fetch(
        ctx: Call,
        id: Annotated[  # noqa: A002 - the name that clients expect
            str,
            Field(
                min_length=1, max_length=300, description="An id of a message or topic, or a link to a message at t.me."
            ),
        ],
    ) -> Fetched:
        """Return one message, or one topic with its messages, in full."""
        return await tools.fetch(_scope(caller, ctx), id)


def _add_starting(server: MCPServer[Any], caller: Caller) -> None:
    @server.tool(title="Start a run", annotations=_STARTS)
    @_answering
    async def start_run(
        ctx: Call, source: Annotated[str, Field(max_length=300, description="A source_id from list_sources.")]
    ) -> StartedRun:
        """Start a job that collects new messages of a source and updates its topics; it may cost money."""
        return await tools.start_run(_scope(caller, ctx), source)

    @server.tool(title="Get a run", annotations=_READS)
    @_answering
    async def get_run(
        ctx: Call, job_id: Annotated[str, Field(max_length=100, description="The job_id that start_run returned.")]
    ) -> StartedRun:
        """Tell the state of a started run."""
        return await tools.run_state(_scope(caller, ctx), job_id)


def _scope(caller: Caller, ctx: Call) -> Scope:
    scope = caller(ctx.request_context.request)
    scope.require("read")
    return scope


def _answering(tool: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Return the tool with the product's errors told to the assistant; any other stays an error of the server."""

    @wraps(tool)
    async def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await tool(*args, **kwargs)
        except TgParserError as error:
            raise ToolError(" ".join(filter(None, (error.message, hint_of(error))))) from error

    return told
