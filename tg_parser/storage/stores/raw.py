"""Messages as they were first seen, and the log of later changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import WrongChatError
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.refs import MessageType, parse_source_ref
from tg_parser.storage.engine.transactions import Database, channel_range, insert_rows
from tg_parser.storage.stores.raw_changes import (
    COMPARED,
    COUNTERS,
    FACTS,
    NOTHING,
    Change,
    StoredState,
    deletion_row,
    follow_observations,
    is_another_message,
    revision_row,
    split_observations,
)
from tg_parser.storage.stores.raw_rows import Revision, StoredMessage, message_row, stored_message
from tg_parser.storage.tables.raw import raw_messages, raw_revisions

_raw = raw_messages.c
_log = raw_revisions.c

Row = dict[str, Any]
Span = tuple[datetime | None, datetime | None]

_CHANGING = ("revision", "via", *COUNTERS, *FACTS)
_REFRESH = (
    update(raw_messages)
    .where(_raw.source_ref == bindparam("new_source_ref"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """What storing a batch did: `refreshed` messages got counters or missing fields; their text stayed."""

    inserted: int = 0
    revised: int = 0
    refreshed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class RawSummary:
    """Figures of a channel's stored messages; `total` includes service messages."""

    total: int = 0
    posts: int = 0
    comments: int = 0
    service: int = 0
    deleted: int = 0
    first_id: int | None = None
    last_id: int | None = None
    first_date: datetime | None = None
    last_date: datetime | None = None


class RawStorage:
    """The raw database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(self, messages: Sequence[RawMessage], observed_at: datetime) -> StoreCounts:
        """Insert what is new, log edits, refresh counters; text and date of a stored message stay.

        Raises WrongChatError if a message is not the stored one with its id; then nothing of the batch is stored.
        """
        if not messages:
            return StoreCounts()

        async def store(conn: AsyncConnection) -> StoreCounts:
            # Rows are made anew for every attempt, because a bulk write consumes them.
            rows = [message_row(message, observed_at) for message in messages]
            await self._database.dialect.claim(conn, {f"raw:{row['channel_id']}" for row in rows})
            held = await self._stored(conn, {row["source_ref"] for row in rows})
            new, observations = split_observations(rows, held)
            _require_same_chat(held, observations)
            changes = follow_observations(held, observations)
            revisions = [
                revision_row(held_after, seen, change, observed_at)
                for held_after, seen, change in changes
                if change.reason
            ]
            touched = {seen["source_ref"]: held_after.row for held_after, seen, change in changes if change != NOTHING}
            await insert_rows(self._database, conn, raw_messages, new, key=("source_ref",))
            if touched:
                await conn.execute(_REFRESH, [_refreshed(touched[ref]) for ref in sorted(touched)])
            await insert_rows(self._database, conn, raw_revisions, revisions, key=("source_ref", "revision"))
            return _counts(len(new), [change for _, _, change in changes])

        return await self._database.write(store)

    async def mark_deleted(self, source_refs: Collection[str], observed_at: datetime) -> int:
        """Note that Telegram no longer shows messages; text and log stay. Returns how many were not yet marked."""

        async def mark(conn: AsyncConnection) -> int:
            statement = _with_current_text().where(
                self._database.dialect.any_of(_raw.source_ref, sorted(source_refs)), _raw.deleted_at.is_(None)
            )
            await self._database.dialect.claim(conn, {f"raw:{_channel(ref)}" for ref in source_refs})
            rows = [dict(row) for row in (await conn.execute(statement)).mappings()]
            log = [deletion_row(row, observed_at) for row in rows]
            await insert_rows(self._database, conn, raw_revisions, log, key=("source_ref", "revision"))
            gone = self._database.dialect.any_of(_raw.source_ref, [row["source_ref"] for row in rows])
            await conn.execute(
                update(raw_messages).where(gone).values(deleted_at=observed_at, revision=_raw.revision + 1)
            )
            return len(rows)

        return await self._database.write(mark)

    async def get(self, source_ref: str) -> StoredMessage | None:
        """A message with its newest text."""
        row = await self._database.row(_with_current_text().where(_raw.source_ref == source_ref))
        return None if row is None else stored_message(row)

    async def revisions(self, source_ref: str) -> list[Revision]:
        """The log of a message, oldest first."""
        statement = select(*(_log[name] for name in Revision.__dataclass_fields__))
        rows = await self._database.rows(statement.where(_log.source_ref == source_ref).order_by(_log.revision))
        return [Revision(**row) for row in rows]

    async def pages(
        self, channel_id: str, size: int = 1000, *, sent: Span = (None, None)
    ) -> AsyncIterator[list[StoredMessage]]:
        """The messages of a channel by ref, `size` at a time, optionally those `sent` in a half-open span."""
        first, last = sent
        statement = _with_current_text().where(channel_range(_raw.source_ref, channel_id))
        statement = statement if first is None else statement.where(_raw.date >= first)
        statement = statement if last is None else statement.where(_raw.date < last)
        async for page in self._database.pages(statement, _raw.source_ref, size):
            yield [stored_message(row) for row in page]

    async def posts_to_recheck(
        self, channel_id: str, *, newest: int | None = None, since: datetime | None = None
    ) -> list[int]:
        """Ids of posts not marked as deleted, ascending: the `newest` ones, or those sent `since`."""
        posts = (_raw.message_type == "post", _raw.deleted_at.is_(None), _raw.id_number > 0)
        wanted = select(_raw.id_number).where(channel_range(_raw.source_ref, channel_id), *posts)
        if since is not None:
            wanted = wanted.where(_raw.date >= since)
        rows = await self._database.rows(wanted.order_by(_raw.id_number.desc()).limit(newest))
        return [row["id_number"] for row in reversed(rows)]

    async def comments_to_recheck(self, channel_id: str, posts: Sequence[int]) -> dict[str, int]:
        """The comments under `posts` not marked as deleted: comment id → post id."""
        comments = (_raw.message_type == "comment", _raw.deleted_at.is_(None), _raw.id_number > 0)
        under = self._database.dialect.any_of(_raw.thread_id, map(str, posts))
        wanted = select(_raw.id, _raw.thread_id).where(channel_range(_raw.source_ref, channel_id), *comments)
        rows = await self._database.rows(wanted.where(under).order_by(_raw.id_number, _raw.id))
        return {row["id"]: int(row["thread_id"]) for row in rows}

    async def first_comment(self, channel_id: str) -> RawMessage | None:
        """The oldest comment of a channel that has its payload."""
        comments = (_raw.message_type == "comment", _raw.raw_payload_json.is_not(None))
        of_channel = _with_current_text().where(channel_range(_raw.source_ref, channel_id), *comments)
        row = await self._database.row(of_channel.order_by(_raw.date, _raw.source_ref).limit(1))
        return None if row is None else stored_message(row).message

    async def closing_texts(self, channel_id: str, limit: int) -> list[str]:
        """The newest texts of a channel, newest first."""
        of_channel = (channel_range(_raw.source_ref, channel_id), _raw.service_action.is_(None))
        order = (_raw.date.desc(), _raw.source_ref.desc())
        # Only the refs are sorted; texts and revisions are read only for these few.
        newest = select(_raw.source_ref).where(*of_channel).order_by(*order).limit(limit)
        texts = _with_current_text().with_only_columns(_current()[0], maintain_column_froms=True)
        rows = await self._database.rows(texts.where(_raw.source_ref.in_(newest.scalar_subquery())).order_by(*order))
        return [row["current_text"] for row in rows]

    async def summary(self, channel_id: str) -> RawSummary:
        """Return the figures of a channel's stored messages."""
        plain = _raw.service_action.is_(None)
        statement = select(
            func.count().label("total"),
            func.count().filter(and_(plain, _raw.message_type == "post")).label("posts"),
            func.count().filter(and_(plain, _raw.message_type == "comment")).label("comments"),
            func.count().filter(_raw.service_action.is_not(None)).label("service"),
            func.count().filter(_raw.deleted_at.is_not(None)).label("deleted"),
            func.min(_raw.id_number).label("first_id"),
            func.max(_raw.id_number).label("last_id"),
            func.min(_raw.date).label("first_date"),
            func.max(_raw.date).label("last_date"),
        ).where(channel_range(_raw.source_ref, channel_id))
        row = await self._database.row(statement)
        return RawSummary(**(row or {}))

    async def gaps(
        self, channel_id: str, limit: int = 20, message_types: Sequence[MessageType] = ("post", "comment")
    ) -> list[tuple[int, int]]:
        """Ranges of missing ids between the first and the last stored message, lowest first.

        `message_types` are those that share the numbering: in a group all, in a channel only posts, because
        its discussion group numbers the comments.
        """
        ids = (
            select(_raw.id_number, func.lead(_raw.id_number).over(order_by=_raw.id_number).label("next"))
            .where(channel_range(_raw.source_ref, channel_id), _raw.message_type.in_(message_types), _raw.id_number > 0)
            .subquery()
        )
        missing = select((ids.c.id_number + 1).label("first"), (ids.c.next - 1).label("last"))
        statement = missing.where(ids.c.next > ids.c.id_number + 1).order_by(ids.c.id_number).limit(limit)
        return [(row["first"], row["last"]) for row in await self._database.rows(statement)]

    async def delete_channel(self, channel_id: str) -> None:
        """Delete every message of a channel with its log."""

        async def remove(conn: AsyncConnection) -> None:
            await self._database.dialect.lift_time_limit(conn)
            await conn.execute(delete(raw_revisions).where(channel_range(_log.source_ref, channel_id)))
            await conn.execute(delete(raw_messages).where(channel_range(_raw.source_ref, channel_id)))

        await self._database.write(remove)

    async def _stored(self, conn: AsyncConnection, refs: Set[str]) -> dict[str, StoredState]:
        statement = select(*(_raw[name] for name in COMPARED), *_current()).select_from(beside_log())
        found = await conn.execute(statement.where(self._database.dialect.any_of(_raw.source_ref, sorted(refs))))
        return {
            row["source_ref"]: StoredState(
                {name: row[name] for name in COMPARED}, row["current_text"], row["current_edited_at"]
            )
            for row in found.mappings()
        }


def _require_same_chat(held: Mapping[str, StoredState], observations: Sequence[Row]) -> None:
    for seen in observations:
        row = held[seen["source_ref"]].row
        if is_another_message(row, seen):
            raise WrongChatError(seen["channel_id"], seen["id"], row["date"], seen["date"])


def _channel(source_ref: str) -> str:
    return parse_source_ref(source_ref).channel_id


def _refreshed(row: Mapping[str, Any]) -> Row:
    return {f"new_{name}": row[name] for name in ("source_ref", *_CHANGING)}


def _counts(inserted: int, changes: Sequence[Change]) -> StoreCounts:
    revised = sum(change.reason is not None for change in changes)
    unchanged = sum(change == NOTHING for change in changes)
    return StoreCounts(inserted, revised, len(changes) - revised - unchanged, unchanged)


def beside_log() -> FromClause:
    """Each message with its newest revision, if it has one."""
    newest = and_(_log.source_ref == _raw.source_ref, _log.revision == _raw.revision)
    return raw_messages.outerjoin(raw_revisions, newest)


def _current() -> tuple[ColumnElement[str], ColumnElement[datetime]]:
    """The current text, and when it was edited."""
    edited = func.coalesce(_log.edited_at, _raw.edited_at).label("current_edited_at")
    return func.coalesce(_log.text, _raw.text).label("current_text"), edited


def _with_current_text() -> Select[*tuple[Any, ...]]:
    return select(raw_messages, *_current()).select_from(beside_log())
