"""The threads under posts: how many comments Telegram counts, and how far each thread has been read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.tables.ingestion import comment_cursors

_cursor = comment_cursors.c


@dataclass(frozen=True, slots=True)
class ChangedThread:
    """A thread with comments not yet stored: Telegram counts `reply_count`; stored are those up to the cursor."""

    thread_id: str
    last_comment_id: int | None
    reply_count: int


class CommentStorage:
    """Part of the ingestion database. A thread has changed if Telegram's count is not that of its last full read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note_counts(self, source_id: str, counts: Mapping[int, int], now: datetime) -> None:
        """Keep Telegram's comment counts of posts; posts without comments get no row."""
        rows = [
            {"source_id": source_id, "thread_id": str(post), "reply_count": count, "updated_at": now}
            for post, count in counts.items()
            if count > 0
        ]
        key, update_columns = ("source_id", "thread_id"), ("reply_count", "updated_at")
        if rows:
            await self._database.write(
                lambda conn: upsert(
                    self._database, conn, comment_cursors, [dict(row) for row in rows], key=key, update=update_columns
                )
            )

    async def changed(self, source_id: str, limit: int, after: str = "") -> list[ChangedThread]:
        """Up to `limit` changed threads by id, those after `after`."""
        changed = or_(_cursor.walked_count.is_(None), _cursor.walked_count != _cursor.reply_count)
        of_source = (_cursor.source_id == source_id, _cursor.thread_id > after, _cursor.reply_count.is_not(None))
        names = ChangedThread.__dataclass_fields__
        statement = select(*(_cursor[name] for name in names)).where(*of_source, changed)
        rows = await self._database.rows(statement.order_by(_cursor.thread_id).limit(limit))
        return [ChangedThread(**row) for row in rows]

    async def cursor(self, source_id: str, thread_id: str) -> int | None:
        """The id of the newest stored comment of a thread."""
        mine = (_cursor.source_id == source_id, _cursor.thread_id == thread_id)
        found = await self._database.row(select(_cursor.last_comment_id).where(*mine))
        return None if found is None else found["last_comment_id"]

    async def advance(self, source_id: str, thread_id: str, comment_id: int, now: datetime) -> None:
        """Move the cursor of a thread forward; it never goes back."""
        row = {"source_id": source_id, "thread_id": thread_id, "last_comment_id": comment_id, "updated_at": now}
        behind = or_(_cursor.last_comment_id.is_(None), _cursor.last_comment_id < comment_id)
        moved = update(comment_cursors).where(_cursor.source_id == source_id, _cursor.thread_id == thread_id, behind)

        async def advance(conn: AsyncConnection) -> None:
            await upsert(self._database, conn, comment_cursors, [dict(row)], key=("source_id", "thread_id"), update=())
            await conn.execute(moved.values(last_comment_id=comment_id, updated_at=now))

        await self._database.write(advance)

    async def mark_walked(self, source_id: str, thread_id: str, reply_count: int, now: datetime) -> None:
        """Note that the thread was read to its end when Telegram counted `reply_count` comments."""
        mine = update(comment_cursors).where(_cursor.source_id == source_id, _cursor.thread_id == thread_id)
        await self._database.write(lambda conn: conn.execute(mine.values(walked_count=reply_count, updated_at=now)))
