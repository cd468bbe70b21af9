"""Reading stored data: messages, documents, entries, topics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from tg_parser.api.answers import DATES, Cursor, Limit, SourceIds, answer, answer_json, problems
from tg_parser.api.context import Caller
from tg_parser.domain.date_parsing import PATTERN, parse_span
from tg_parser.domain.documents import SentimentLabel
from tg_parser.domain.knowledge import KnowledgeBaseEntry
from tg_parser.domain.pages import Order, PageRequest
from tg_parser.domain.refs import SOURCE_REF_PATTERN, MessageType
from tg_parser.domain.strict_fields import NO_NUL
from tg_parser.domain.topics import TopicType
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.reading.documents import DocumentFilter
from tg_parser.services.reading.messages import MessageFilter
from tg_parser.services.reading.topics import TopicFilter, TopicOrder
from tg_parser.services.views.pages import DocumentView, MessageLine, Page
from tg_parser.services.views.reading import MessageView, TopicLine, TopicView

router = APIRouter()

Ref = Annotated[
    str,
    Path(max_length=300, pattern=f"^{SOURCE_REF_PATTERN}$", description="tg:CHANNEL:post|comment:NUMBER"),
]
DateFrom = Annotated[str | None, Query(pattern=PATTERN, description=f"Only messages from this time on. {DATES}")]
DateTo = Annotated[str | None, Query(pattern=PATTERN, description=f"Only messages before this time. {DATES}")]
Contains = Annotated[
    str | None,
    Query(min_length=1, max_length=500, pattern=NO_NUL, description="Only items containing this text, ignoring case."),
]


@router.get(
    "/messages",
    tags=["messages"],
    operation_id="listMessages",
    response_model=Page[MessageLine],
    responses=problems(404),
)
async def list_messages(
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    source: SourceIds = None,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    message_type: Annotated[MessageType | None, Query(alias="type")] = None,
    order: Order = "newest",
) -> Response:
    """List messages with their original and current text."""
    first, last = parse_span(date_from, date_to, utc_now())
    wanted = MessageFilter(await caller.channels_of(source), first, last, message_type)
    return answer(await (await caller.reading()).messages.page(wanted, PageRequest(limit, cursor), order))


@router.get(
    "/messages/{ref}",
    tags=["messages"],
    operation_id="getMessage",
    response_model=MessageView,
    responses=problems(404),
)
async def get_message(caller: Caller, ref: Ref) -> Response:
    """Return a message with its revisions, its document and its topics."""
    return answer(await (await caller.reading()).messages.one(ref))


@router.get(
    "/messages/{ref}/thread",
    tags=["messages"],
    operation_id="getThread",
    response_model=Page[MessageLine],
    responses=problems(404),
)
async def get_thread(
    caller: Caller, ref: Ref, limit: Limit = 50, cursor: Cursor = None, order: Order = "oldest"
) -> Response:
    """Return the thread of a message: the post and its comments."""
    return answer(await (await caller.reading()).messages.thread(ref, PageRequest(limit, cursor), order))


@router.get(
    "/documents",
    tags=["documents"],
    operation_id="listDocuments",
    response_model=Page[DocumentView],
    responses=problems(404),
)
async def list_documents(
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    source: SourceIds = None,
    topic: Annotated[
        str | None, Query(max_length=300, pattern=NO_NUL, description="Only documents of this topic.")
    ] = None,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    language: Annotated[str | None, Query(min_length=2, max_length=20, pattern=NO_NUL)] = None,
    sentiment: SentimentLabel | None = None,
    noise: Annotated[bool | None, Query(description="Only noise (true), or no noise (false).")] = None,
    contains: Contains = None,
    order: Order = "newest",
) -> Response:
    """List documents with their links and topics."""
    first, last = parse_span(date_from, date_to, utc_now())
    wanted = DocumentFilter(
        channel_ids=await caller.channels_of(source),
        topic_id=topic,
        date_from=first,
        date_to=last,
        language=language,
        sentiment=sentiment,
        noise=noise,
        contains=contains,
    )
    return answer(await (await caller.reading()).documents.page(wanted, PageRequest(limit, cursor), order))


@router.get(
    "/documents/{document_id}",
    tags=["documents"],
    operation_id="getDocument",
    response_model=DocumentView,
    responses=problems(404),
)
async def get_document(
    caller: Caller,
    document_id: Annotated[
        str,
        Path(
            max_length=300,
            pattern=f"^(?:doc:)?{SOURCE_REF_PATTERN}$",
            description="doc:REF, or the ref of its message.",
        ),
    ],
) -> Response:
    """Return a document."""
    return answer(await (await caller.reading()).documents.one(document_id))


@router.get(
    "/topics", tags=["topics"], operation_id="listTopics", response_model=Page[TopicLine], responses=problems(404)
)
async def list_topics(
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    source: SourceIds = None,
    topic_type: Annotated[TopicType | None, Query(alias="type")] = None,
    contains: Contains = None,
    retired: Annotated[bool, Query(description="Include retired topics.")] = False,
    hidden: Annotated[bool, Query(description="Include hidden topics.")] = False,
    order: TopicOrder = "messages",
) -> Response:
    """List topics: pinned ones, then by default those with most messages first."""
    wanted = TopicFilter(await caller.channels_of(source), topic_type, contains, retired, include_hidden=hidden)
    return answer(await (await caller.reading()).topics.page(wanted, PageRequest(limit, cursor), order))


@router.get(
    "/topics/{topic_id}", tags=["topics"], operation_id="getTopic", response_model=TopicView, responses=problems(404)
)
async def get_topic(
    caller: Caller,
    topic_id: Annotated[str, Path(min_length=1, max_length=300, pattern=NO_NUL, description="topic:REF")],
) -> Response:
    """Return a topic: its card, and all messages of its bundle with links."""
    return answer(await (await caller.reading()).topics.one(topic_id))


@router.get(
    "/entries",
    tags=["entries"],
    operation_id="listEntries",
    response_model=Page[KnowledgeBaseEntry],
    responses=problems(404),
)
async def list_entries(
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    source: SourceIds = None,
    topic: Annotated[
        str | None, Query(max_length=300, pattern=NO_NUL, description="Only entries of this topic's messages.")
    ] = None,
    date_from: DateFrom = None,
    date_to: DateTo = None,
    order: Order = "newest",
) -> Response:
    """List the entries of messages, in the form that an export contains."""
    first, last = parse_span(date_from, date_to, utc_now())
    channels = await caller.channels_of(source)
    wanted = DocumentFilter(channel_ids=channels, topic_id=topic, date_from=first, date_to=last)
    return answer(await (await caller.reading()).entries.page(wanted, PageRequest(limit, cursor), order))


@router.get(
    "/entries/{entry_id}",
    tags=["entries"],
    operation_id="getEntry",
    response_model=KnowledgeBaseEntry,
    responses=problems(404),
)
async def get_entry(
    caller: Caller,
    entry_id: Annotated[
        str,
        Path(
            max_length=300,
            pattern=f"^(?:kb:msg:)?{SOURCE_REF_PATTERN}$",
            description="kb:msg:REF, or the ref of its message.",
        ),
    ],
) -> Response:
    """Return an entry."""
    return answer_json(await (await caller.reading()).entries.one(entry_id))
