"""The knowledge-base entry: what is handed to people, RAG systems and agents."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tg_parser.domain.messages import Contract
from tg_parser.domain.refs import MessageType
from tg_parser.domain.times import UtcTime


class EntrySource(Contract):
    """Where an entry comes from: a Telegram message with its link, or a topic."""

    type: Literal["telegram_message", "topic"]
    source_ref: str | None = None
    channel_id: str | None = None
    message_id: str | None = None
    message_type: MessageType | None = None
    link: str | None = None
    topic_id: str | None = None


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
    metadata: dict[str, Any] = Field(default_factory=dict)
