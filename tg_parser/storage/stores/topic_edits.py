"""What people did to topics: kept for all later runs, and written together with what it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.topics import TopicBundle, TopicCard, TopicChange, TopicEdit
from tg_parser.storage.engine.transactions import Database, rows_of
from tg_parser.storage.stores.topic_rows import edit_of, edit_row
from tg_parser.storage.stores.topic_writing import add_changes, put_topics
from tg_parser.storage.tables.topics import topic_edits, topics

_edit = topic_edits.c


@dataclass(frozen=True, slots=True)
class EditedTopics:
    """The topics that an edit, or its undoing, leaves behind, and every step of it."""

    topics: Sequence[tuple[TopicCard, TopicBundle]]
    changes: Sequence[TopicChange]


async def edits_of(database: Database, channel_ids: Sequence[str] | None) -> list[TopicEdit]:
    """All edits of the topics of channels, of all if None, undone ones too, oldest first."""
    statement = select(topic_edits)
    if channel_ids is not None:
        statement = statement.where(database.dialect.any_of(_edit.channel_id, channel_ids))
    return [edit_of(row) for row in await database.rows(statement.order_by(_edit.number))]


class TopicEditStorage:
    """The edits in the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, number: int) -> TopicEdit | None:
        """An edit by its number."""
        row = await self._database.row(select(topic_edits).where(_edit.number == number))
        return edit_of(row) if row else None

    async def last(self, topic_id: str | None = None) -> TopicEdit | None:
        """The last edit, of all topics or of one, that is not undone."""
        statement = select(topic_edits).where(_edit.undone_at.is_(None))
        if topic_id is not None:
            statement = statement.where(or_(_edit.topic_id == topic_id, _edit.other_id == topic_id))
        row = await self._database.row(statement.order_by(_edit.number.desc()))
        return edit_of(row) if row else None

    async def add(self, edit: TopicEdit, done: EditedTopics) -> TopicEdit:
        """Store an edit and all that it changes, in one transaction; returns it with its number."""

        async def add(conn: AsyncConnection) -> int:
            await self._write(conn, done)
            channel = await conn.scalar(select(topics.c.channel_id).where(topics.c.id == edit.topic_id))
            row = edit_row(edit, channel or "")
            made = await conn.execute(insert(topic_edits).values(row).returning(_edit.number))
            return int(made.scalar_one())

        return edit.model_copy(update={"number": await self._database.write(add)})

    async def undo(self, edit: TopicEdit, done: EditedTopics) -> bool:
        """Mark an edit as undone and store all that this changes, in one transaction; False if it was undone before."""

        async def undo(conn: AsyncConnection) -> bool:
            state = {"undone_at": edit.undone_at, "undone_by": edit.undone_by}
            is_live = _edit.number == edit.number, _edit.undone_at.is_(None)
            marked = await rows_of(conn, update(topic_edits).where(*is_live).values(state).returning(_edit.number))
            if marked:
                await self._write(conn, done)
            return bool(marked)

        return await self._database.write(undo)

    async def _write(self, conn: AsyncConnection, done: EditedTopics) -> None:
        await put_topics(self._database, conn, done.topics)
        await add_changes(self._database, conn, done.changes)
