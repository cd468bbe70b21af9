"""Tones of messages, counted by thread, topic or period, all in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, union
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from tg_parser.storage.engine.dialects import Period
from tg_parser.storage.engine.transactions import Database, channel_range
from tg_parser.storage.tables.processing import processed_documents
from tg_parser.storage.tables.topics import topic_items, topics

By = Literal["thread", "topic", "day", "week", "month"]
Of = Literal["comments", "posts", "all"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")

_doc = processed_documents.c
_item = topic_items.c


@dataclass(frozen=True, slots=True)
class ToneSum:
    """Messages by tone. `key` is a thread id, a topic id or the first day of a period."""

    key: str
    messages: int
    positive: int
    neutral: int
    negative: int
    without_tone: int


@dataclass(frozen=True, slots=True)
class ToneFilter:
    """Which messages of a channel are counted; dates are those of messages, half-open."""

    channel_id: str
    of: Of = "comments"
    date_from: datetime | None = None
    date_to: datetime | None = None


class SentimentStorage:
    """Part of the processing database; read-only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sums(self, wanted: ToneFilter, by: By, limit: int | None = None) -> list[ToneSum]:
        """Periods in order of time; threads and topics with the most messages first, `limit` of them."""
        grouped = self._sums(self._keyed(wanted, by))
        order = (grouped.c.key,) if by in PERIODS else (grouped.c.messages.desc(), grouped.c.key)
        return await self._read(select(grouped).order_by(*order).limit(limit))

    async def total(self, wanted: ToneFilter) -> ToneSum:
        """All matching messages together, each counted once."""
        found = await self._read(select(self._sums(self._tones(wanted, literal("")))))
        return found[0] if found else ToneSum("", 0, 0, 0, 0, 0)

    async def titles(self, topic_ids: Sequence[str]) -> dict[str, str]:
        """The titles of topics by id."""
        statement = select(topics.c.id, topics.c.title).where(self._database.dialect.any_of(topics.c.id, topic_ids))
        return {row["id"]: row["title"] for row in await self._database.rows(statement)}

    async def _read(self, statement: Select[Any]) -> list[ToneSum]:
        async def read(conn: AsyncConnection) -> list[ToneSum]:
            await self._database.dialect.join_by_hash(conn)
            return [ToneSum(**row) for row in (await conn.execute(statement)).mappings()]

        return await self._database.read(read)

    def _keyed(self, wanted: ToneFilter, by: By) -> Select[Any]:
        if by == "topic":
            members = _members(wanted.channel_id)
            tones = self._tones(wanted, members.topic_id)
            return tones.where(members.source_ref == _doc.source_ref)
        if by == "thread":
            return self._tones(wanted, func.coalesce(_doc.thread_id, _doc.source_message_id))
        return self._tones(wanted, self._database.dialect.first_day(_doc.message_date, by))

    def _tones(self, wanted: ToneFilter, key: ColumnElement[Any]) -> Select[Any]:
        """`key` and tone of every matching message."""
        tone = self._database.dialect.json_text(_doc.sentiment_json, "label")
        return select(key.label("key"), tone.label("tone")).where(*_conditions(wanted))

    @staticmethod
    def _sums(rows: Select[Any]) -> Any:
        inner = rows.subquery()
        tones = {name: func.count().filter(inner.c.tone == name) for name in ("positive", "neutral", "negative")}
        return (
            select(
                inner.c.key,
                func.count().label("messages"),
                *(count.label(name) for name, count in tones.items()),
                func.count().filter(inner.c.tone.is_(None)).label("without_tone"),
            )
            .group_by(inner.c.key)
            .subquery()
        )


def _members(channel_id: str) -> ReadOnlyColumnCollection[str, Any]:
    """The messages of topics: those in their bundles, and the comments under those posts."""
    active = and_(topics.c.id == _item.topic_id, topics.c.status == "active", ~topics.c.hidden)
    bundled = select(_item.topic_id, _item.source_ref).where(active, channel_range(_item.source_ref, channel_id))
    under = select(_item.topic_id, _doc.source_ref).where(
        active,
        _of_kind(_item.source_ref, channel_id, "post"),
        _of_kind(_doc.source_ref, channel_id, "comment"),
        _doc.thread_id == _item.message_id,
    )
    return union(bundled, under).subquery().c


def _conditions(wanted: ToneFilter) -> list[ColumnElement[bool]]:
    kind = {"comments": "comment", "posts": "post"}.get(wanted.of)
    conditions = [
        _of_kind(_doc.source_ref, wanted.channel_id, kind)
        if kind
        else channel_range(_doc.source_ref, wanted.channel_id)
    ]
    if wanted.date_from is not None:
        conditions.append(_doc.message_date >= wanted.date_from)
    if wanted.date_to is not None:
        conditions.append(_doc.message_date < wanted.date_to)
    return conditions


def _of_kind(ref: Any, channel_id: str, kind: str) -> ColumnElement[bool]:
    """Posts or comments alone are one range of the key."""
    return and_(ref >= f"tg:{channel_id}:{kind}:", ref < f"tg:{channel_id}:{kind};")
