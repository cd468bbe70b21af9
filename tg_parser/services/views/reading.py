"""Stored data: topics, messages, sentiment, and the status of sources."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from pydantic import Field

from tg_parser.domain.backlog import OpenRange
from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.refs import MessageType
from tg_parser.domain.sources import Source
from tg_parser.domain.topics import MemberRole, TopicCard, TopicChange, TopicLevel, TopicStatus, TopicType
from tg_parser.services.views.base import SparseView, View
from tg_parser.storage.stores.documents import Failure
from tg_parser.storage.stores.raw_rows import Revision
from tg_parser.storage.stores.sentiment import By, Of

if TYPE_CHECKING:
    from tg_parser.storage.stores.topics import TopicOutline


class TopicLine(View):
    """A topic in a list: `from` and `to` are the dates of its first and last message."""

    id: str
    title: str
    summary: str
    type: TopicType
    status: TopicStatus
    level: TopicLevel
    parent_id: str | None
    hidden: bool = False
    pinned: bool = False
    dormant: bool = False
    channel_id: str
    messages: int
    first_at: datetime | None = Field(alias="from")
    last_at: datetime | None = Field(alias="to")
    updated_at: datetime

    @classmethod
    def of(cls, one: TopicOutline) -> Self:
        """Return the line of a topic."""
        facts = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        return cls.model_validate({**facts, "from": one.bundle_time_from, "to": one.bundle_time_to})


class TopicList(View):
    """`topics list`."""

    topics: tuple[TopicLine, ...]


class TopicHistory(View):
    """`topics history` and `topics diff`: what happened to topics, oldest first."""

    changes: tuple[TopicChange, ...]


class TopicFaultLine(View):
    """Something about a topic that cannot be so."""

    topic_id: str
    fault: str


class TopicFaults(View):
    """`topics check`: what does not fit together among topics, their messages and their history."""

    faults: tuple[TopicFaultLine, ...]


class TopicMember(SparseView):
    """A message of a topic. Unknown values are omitted; a message without a document has no texts."""

    channel_id: str
    message_id: str
    message_type: MessageType
    source_ref: str
    role: MemberRole
    link: str | None
    score: float | None = None
    justification: str | None = None
    thread_id: str | None = None
    parent_message_id: str | None = None
    date: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None


class TopicView(View):
    """`topics show`: a topic with its card and every member."""

    card: TopicCard
    members: tuple[TopicMember, ...]


class MessageView(View):
    """`messages show`: a message with its original and current text, its revisions, its document and its topics (title
    by id)."""

    message: RawMessage
    current_text: str
    deleted: bool
    link: str | None
    revisions: tuple[Revision, ...]
    document: ProcessedDocument | None
    topics: dict[str, str]


class SourceStatusReport(View):
    """Status of one source. `gaps` are id ranges between the first and the last stored post that were requested but are
    not stored; `to_fetch` is what the next run requests."""

    source: Source
    messages: dict[str, int]
    first_message: datetime | None
    last_message: datetime | None
    documents: int
    noise: int
    without_text: int
    waiting: int
    failures: int
    topics: int
    gaps: tuple[tuple[int, int], ...]
    to_fetch: tuple[OpenRange, ...]


class StatusResult(SparseView):
    """`status`: the location of the data, all sources, and with `--failures` the messages that failed."""

    places: dict[str, str]
    sources: tuple[SourceStatusReport, ...]
    failures: tuple[Failure, ...] = ()


class SentimentLine(View):
    """One thread, topic or period.

    `balance` ranges from -1 (all messages with a tone are negative) to 1 (all are positive); null if none has a tone.
    """

    key: str
    title: str | None
    link: str | None
    messages: int
    positive: int
    neutral: int
    negative: int
    without_tone: int
    balance: float | None


class SentimentReport(View):
    """`sentiment`: the lines, and the total of all messages, each counted once even if lines overlap or omit it."""

    channel_id: str
    by: By
    of: Of
    lines: tuple[SentimentLine, ...]
    total: SentimentLine
