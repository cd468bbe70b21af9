"""Pages of lists, and what stands in them."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.refs import MessageType
from tg_parser.services.views.base import View

T = TypeVar("T")


class Page(View, Generic[T]):
    """A page of a list. `next_cursor` asks for the next one and is null on the last.

    A page looks at a bounded number of rows: it may hold fewer items than asked for, even none, and not be the last.
    """

    items: tuple[T, ...]
    next_cursor: str | None = None


class MessageLine(View):
    """A message in a list: as first seen, without its payload, and what it says now."""

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
