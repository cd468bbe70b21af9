"""Writes topics and the steps of their lives, as parts of a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.topics import TopicBundle, TopicCard, TopicChange
from tg_parser.storage.engine.transactions import Database, rows_of, upsert
from tg_parser.storage.stores.topic_rows import change_row, item_rows, topic_row
from tg_parser.storage.tables.processing import processed_documents
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


async def note_taken_up(conn: AsyncConnection, taken_up: Mapping[str, datetime]) -> None:
    """Mark documents, by ref, that were made at these times; one made anew since it was read is still new."""
    document = processed_documents.c
    as_read = and_(document.source_ref == bindparam("ref"), document.processed_at == bindparam("made_at"))
    rows = [{"ref": ref, "made_at": made_at} for ref, made_at in sorted(taken_up.items())]
    if rows:
        await conn.execute(update(processed_documents).where(as_read).values(is_grouped=True), rows)


async def note_seen(conn: AsyncConnection, lost: Mapping[str, int]) -> None:
    """Count losses, by topic, as seen; what has gone since the counters were read counts in the next run."""
    rows = [{"topic": id_, "seen": count} for id_, count in sorted(lost.items())]
    less = update(topics).values(lost_messages=topics.c.lost_messages - bindparam("seen"))
    if rows:
        await conn.execute(less.where(topics.c.id == bindparam("topic")), rows)
