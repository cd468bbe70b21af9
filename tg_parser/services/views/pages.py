"""Pages of lists, and their items."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.refs import MessageType
from tg_parser.services.views.base import View

T = TypeVar("T")


class Page(View, Generic[T]):
    """A page of a list. `next_cursor` requests the next one and is null on the last.

    Each page reads a limited number of rows: it may have fewer items than requested, or none, without being the last.
    """

    items: tuple[T, ...]
    next_cursor: str | None = None


class MessageLine(View):
    """A message in a list: its original text without the payload, and its current text."""

    message: RawMessage
    current_text: str
    revision: int
    deleted: bool
    link: str | None


class DocumentView(View):
    """A document with the facts of its message, its link, and the ids of its topics."""

    document: ProcessedDocument
    date: datetime
    message_type: MessageType
    thread_id: str | None
    parent_message_id: str | None
    link: str | None
    topics: tuple[str, ...]
