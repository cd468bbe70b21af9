"""The topics of messages, and who may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.engine.dialects import Dialect
from tg_parser.storage.engine.transactions import rows_of
from tg_parser.storage.tables.topics import topic_items, topics

_topic = topics.c
_item = topic_items.c


async def topics_of(
    conn: AsyncConnection, dialect: Dialect, source_refs: Collection[str], allowed: Collection[str] | None
) -> dict[str, list[str]]:
    """Return the ids of the active topics of messages by ref, sorted; hidden and missing ones are left out."""
    if not source_refs:
        return {}
    statement = (
        select(_item.source_ref, _item.topic_id)
        .join(topics, _topic.id == _item.topic_id)
        .where(dialect.any_of(_item.source_ref, source_refs), _topic.status == "active", ~_topic.hidden)
        .where(*only_of(dialect, allowed))
    )
    found = defaultdict[str, list[str]](list)
    for row in await rows_of(conn, statement):
        found[row["source_ref"]].append(row["topic_id"])
    return {ref: sorted(ids) for ref, ids in found.items()}


async def note_lost(conn: AsyncConnection, is_gone: ColumnElement[bool]) -> None:
    """Count for every topic that a message of it has gone; `is_gone` is a condition on items of topics."""
    losers = select(_item.topic_id).where(is_gone)
    await conn.execute(update(topics).where(_topic.id.in_(losers)).values(lost_messages=_topic.lost_messages + 1))


def only_of(dialect: Dialect, allowed: Collection[str] | None) -> list[ColumnElement[bool]]:
    """Topics that only have messages of these channels: title and summary may reveal any of their messages."""
    if allowed is None:
        return []
    item = topic_items.alias().c
    elsewhere = ~dialect.any_of(item.channel_id, sorted(allowed))
    of_others = select(item.topic_id).where(item.topic_id == _topic.id, elsewhere).exists()
    return [dialect.any_of(_topic.channel_id, sorted(allowed)), ~of_others]
