"""How much text is waiting, counted in SQL: what a model would be sent, without reading a message."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select

from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.waiting import is_waiting, raw_beside_documents
from tg_parser.storage.tables.raw import raw_messages, raw_revisions

_raw = raw_messages.c
_log = raw_revisions.c


@dataclass(frozen=True, slots=True)
class WaitingTexts:
    """Waiting messages; those with text, the short ones, comments; characters and bytes that would be sent.

    A text longer than `max_chars` counts up to that length.
    """

    messages: int = 0
    with_text: int = 0
    short: int = 0
    comments: int = 0
    chars: int = 0
    utf8_bytes: int = 0


class WaitingTextStorage:
    """Part of the processing database, with read access to the raw one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sizes(
        self, channel_id: str, *, short_chars: int, max_chars: int, force: bool = False, retry_failed: bool = False
    ) -> WaitingTexts:
        """The sizes of a channel's waiting texts; up to `short_chars` a text counts as short."""
        text = func.coalesce(_log.text, _raw.text)
        length, size = func.length(text), self._database.dialect.utf8_bytes(text)
        sent = case((length > max_chars, max_chars), else_=length)
        sent_bytes = case((length > max_chars, size * max_chars / length), else_=size)
        has_text = text != ""
        statement = select(
            func.count().label("messages"),
            func.count().filter(has_text).label("with_text"),
            func.count().filter(has_text, length <= short_chars).label("short"),
            func.count().filter(has_text, _raw.message_type == "comment").label("comments"),
            func.coalesce(func.sum(sent), 0).label("chars"),
            func.coalesce(func.sum(sent_bytes), 0).label("utf8_bytes"),
        )
        waiting = is_waiting(channel_id, force=force, retry_failed=retry_failed)
        statement = statement.select_from(raw_beside_documents(with_log=True)).where(
            *waiting, _raw.deleted_at.is_(None)
        )
        row = (await self._database.rows(statement))[0]
        return WaitingTexts(**{name: int(row[name]) for name in WaitingTexts.__dataclass_fields__})
