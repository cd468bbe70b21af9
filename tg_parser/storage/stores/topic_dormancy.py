"""Which topics sleep: those without a message for so long that the channel has gone on without them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.topics import DORMANT_AFTER, TopicChange, TopicChangeKind
from tg_parser.storage.engine.transactions import Database, rows_of
from tg_parser.storage.stores.topic_writing import add_changes
from tg_parser.storage.tables.processing import IS_TO_GROUP, processed_documents
from tg_parser.storage.tables.topics import IS_AWAKE, IS_DORMANT, topics

REASONS: dict[TopicChangeKind, str] = {
    "dormant": f"no new message for {DORMANT_AFTER.days} days",
    "woken": f"it has a message of the last {DORMANT_AFTER.days} days",
}
_topic = topics.c
_doc = processed_documents.c


async def settle_dormancy(
    database: Database, conn: AsyncConnection, channel_ids: Sequence[str], now: datetime, changes: Sequence[TopicChange]
) -> None:
    """Write the `changes` of a run and, between them, which topics of its channels have woken or become dormant.

    The topics must be written already. Its cost depends only on these and on the topics of the last weeks.
    """
    woken, dormant = list[str](), list[str]()
    for channel_id in sorted(channel_ids):
        newest = await _newest(conn, channel_id)
        if newest is not None:
            mine, quiet_from = _topic.channel_id == channel_id, newest - DORMANT_AFTER
            woken += await _marked(conn, False, mine, IS_DORMANT, _topic.bundle_time_to >= quiet_from)
            dormant += await _marked(conn, True, mine, IS_AWAKE, _topic.bundle_time_to < quiet_from)
    ends = [_change(id_, "dormant", now) for id_ in sorted(dormant)]
    await add_changes(database, conn, [*_with_woken(changes, sorted(woken), now), *ends])


async def _newest(conn: AsyncConnection, channel_id: str) -> datetime | None:
    """When the newest message that a run has taken up was sent."""
    grouped = select(_doc.message_date).where(_doc.channel_id == channel_id, _doc.is_grouped, IS_TO_GROUP)
    rows = await rows_of(conn, grouped.order_by(_doc.message_date.desc(), _doc.source_ref.desc()).limit(1))
    return rows[0]["message_date"] if rows else None


async def _marked(conn: AsyncConnection, dormant: bool, *wanted: ColumnElement[bool] | TextClause) -> list[str]:
    marked = update(topics).where(*wanted).values(dormant=dormant).returning(_topic.id)
    return [row["id"] for row in await rows_of(conn, marked)]


def _with_woken(changes: Iterable[TopicChange], woken: Sequence[str], now: datetime) -> list[TopicChange]:
    """A topic wakes before it grows, but not before it is back."""
    found, left = list[TopicChange](), dict.fromkeys(woken)
    for change in changes:
        if change.topic_id in left and change.kind != "revived":
            del left[change.topic_id]
            found.append(_change(change.topic_id, "woken", now))
        found.append(change)
    return [*found, *(_change(id_, "woken", now) for id_ in left)]


def _change(topic_id: str, kind: TopicChangeKind, now: datetime) -> TopicChange:
    return TopicChange(topic_id=topic_id, at=now, kind=kind, reason=REASONS[kind])
