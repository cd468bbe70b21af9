"""Writes topics and the steps of their lives, as parts of a transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.topics import TopicBundle, TopicCard, TopicChange
from tg_parser.storage.engine.transactions import Database, rows_of, upsert
from tg_parser.storage.stores.topic_rows import change_row, item_rows, topic_row
from tg_parser.storage.tables.topics import topic_changes, topic_items, topics


async def put_topics(database: Database, conn: AsyncConnection, found: Sequence[tuple[TopicCard, TopicBundle]]) -> None:
    """Write topics with exactly the messages they have now."""
    await upsert(database, conn, topics, [topic_row(*pair) for pair in found], key=("id",))
    written = database.dialect.any_of(topic_items.c.topic_id, [card.id for card, _ in found])
    await conn.execute(delete(topic_items).where(written))
    rows = [item for _, bundle in found for item in item_rows(bundle)]
    await upsert(database, conn, topic_items, rows, key=("topic_id", "source_ref"))


async def add_changes(database: Database, conn: AsyncConnection, changes: Sequence[TopicChange]) -> None:
    """Write steps in the lives of topics, which exist already."""
    if not changes:
        return
    changed = database.dialect.any_of(topics.c.id, [one.topic_id for one in changes])
    found = await rows_of(conn, select(topics.c.id, topics.c.channel_id).where(changed))
    channels = {row["id"]: row["channel_id"] for row in found}
    await conn.execute(insert(topic_changes), [change_row(one, channels[one.topic_id]) for one in changes])
