"""Messages by page, without their payloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from tg_parser.domain.pages import Order, Position
from tg_parser.domain.refs import MessageType
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.paging import PagedTable, Selection
from tg_parser.storage.stores.raw import beside_log
from tg_parser.storage.stores.raw_rows import StoredMessage, stored_message
from tg_parser.storage.tables.raw import raw_messages, raw_revisions

_raw = raw_messages.c
_PAYLOAD = _raw.raw_payload_json


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages to read; an empty filter reads all. Dates are half-open. A thread is one of a channel: the post
    (in a group the message that nobody was answered with) and its comments."""

    channel_ids: tuple[str, ...] | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None
    type: MessageType | None = None
    thread_id: str | None = None


class MessageReading:
    """Part of the raw database; read-only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._paged = PagedTable(database.dialect, _raw.channel_id, _raw.date, _raw.source_ref)

    async def page(
        self, wanted: MessageFilter, order: Order, limit: int, after: Position | None = None
    ) -> tuple[Sequence[StoredMessage], Position | None]:
        """The messages of a page, and where the next one begins."""
        columns = (column for column in raw_messages.c if column is not _PAYLOAD)
        current = func.coalesce(raw_revisions.c.text, _raw.text).label("current_text")
        statement = select(*columns, current).select_from(beside_log())
        found = await self._database.read(
            lambda conn: self._paged.page(conn, statement, self._chosen(wanted), order, limit, after=after)
        )
        return [stored_message(row) for row in found.rows], found.end

    def _chosen(self, wanted: MessageFilter) -> Selection:
        return Selection(
            wanted.channel_ids,
            (wanted.date_from, wanted.date_to),
            along=() if wanted.thread_id is None else (_raw.thread_id == wanted.thread_id,),
            filters=() if wanted.type is None else (_raw.message_type == wanted.type,),
        )
