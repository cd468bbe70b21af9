"""The knowledge-base entry, the form of data for people, RAG systems and agents."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tg_parser.domain.documents import Entity, Sentiment
from tg_parser.domain.messages import Author, Contract, Forward, Media, Reaction
from tg_parser.domain.refs import MessageType
from tg_parser.domain.utc_field import UtcTime


class EntrySource(Contract):
    """The origin of an entry: a Telegram message with its link, or a topic."""

    type: Literal["telegram_message", "topic"]
    source_ref: str | None = None
    channel_id: str | None = None
    message_id: str | None = None
    message_type: MessageType | None = None
    link: str | None = None
    topic_id: str | None = None


class EntryMetadata(BaseModel):
    """Data of an entry besides its content, including its provenance, under the field names of its stage.

    A message entry has the facts of the message and its `summary` separate from the content; a topic entry has
    `resolved_sources`.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    date: UtcTime | None = None
    edited_at: UtcTime | None = None
    link: str | None = None
    channel_title: str | None = None
    author: Author | None = None
    views: int | None = None
    forwards: int | None = None
    reactions: tuple[Reaction, ...] = ()
    media: tuple[Media, ...] = ()
    forward: Forward | None = Field(default=None, description="Where a forwarded message came from.")
    summary: str | None = None
    entities: tuple[Entity, ...] = ()
    language: str | None = None
    sentiment: Sentiment | None = None
    is_noise: bool | None = None
    thread_id: str | None = None
    parent_message_id: str | None = None
    resolved_sources: tuple[dict[str, Any], ...] = ()


class KnowledgeBaseEntry(Contract):
    """One line of kb_entries.ndjson."""

    id: str
    source: EntrySource
    created_at: UtcTime
    title: str
    content: str
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    vector: tuple[float, ...] | None = None
    metadata: EntryMetadata = Field(default_factory=EntryMetadata)
