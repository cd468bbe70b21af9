"""Reads the steps in the lives of topics."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from tg_parser.domain.topics import TopicChange
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.topic_rows import change_of
from tg_parser.storage.stores.topics_of_messages import only_of
from tg_parser.storage.tables.topics import topic_changes, topics

NumberedChange = tuple[int, TopicChange]


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which steps to read: those of one topic or of channels, since a time, of topics whose messages are `allowed`."""

    topic_id: str | None = None
    channel_ids: Sequence[str] | None = None
    since: datetime | None = None
    allowed: Collection[str] | None = None


async def changes_of(
    database: Database, wanted: ChangeFilter, after: int = 0, limit: int | None = None
) -> list[NumberedChange]:
    """At most `limit` steps behind the one with the number `after`, each with its number, oldest first."""
    change = topic_changes.c
    statement = select(topic_changes).join(topics, topics.c.id == change.topic_id).where(change.number > after)
    statement = statement.where(*only_of(database.dialect, wanted.allowed))
    if wanted.topic_id is not None:
        statement = statement.where(change.topic_id == wanted.topic_id)
    if wanted.channel_ids is not None:
        statement = statement.where(database.dialect.any_of(change.channel_id, wanted.channel_ids))
    if wanted.since is not None:
        statement = statement.where(change.at >= wanted.since)
    rows = await database.rows(statement.order_by(change.number).limit(limit))
    return [(row["number"], change_of(row)) for row in rows]
