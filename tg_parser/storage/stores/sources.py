"""Sources, their cursors, and every attempt to collect them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.backlog import Backlog, OpenRange
from tg_parser.domain.sources import Attempt, Source, SourceChange, SourceFailure, SourceStatus
from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables.ingestion import ingestion_state, source_attempts, source_failures

_state, _failure = ingestion_state.c, source_failures.c


class IngestionStorage:
    """The ingestion database. Counters and cursors change in SQL, so concurrent writers lose nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_source(self, change: SourceChange, now: datetime) -> Source:
        """Create a source, or change only the fields set in `change` of an existing one."""
        named = storable_json(change.model_dump(exclude_unset=True))

        async def save(conn: AsyncConnection) -> Source:
            await self._database.dialect.claim(conn, [f"source:{change.source_id}"])
            found = (await conn.execute(_by_id(change.source_id))).mappings().first()
            if found is None:
                source = Source(**{**named, "created_at": now, "updated_at": now})
                await conn.execute(insert(ingestion_state).values(**source.model_dump()))
                return source
            values = {**named, "updated_at": now, "next_poll_at": None}
            await conn.execute(update(ingestion_state).where(_state.source_id == change.source_id).values(**values))
            return Source(**{**found, **values})

        return await self._database.write(save)

    async def get(self, source_id: str) -> Source | None:
        """Return a source by its id."""
        found = await self._database.row(_by_id(source_id))
        return None if found is None else Source(**found)

    async def addresses(self, channel_ids: Collection[str] | None = None) -> Sequence[Mapping[str, Any]]:
        """Return the known address data of channels, or of all: one row per source, by its id."""
        columns = _state.channel_id, _state.channel_username, _state.channel_title, _state.channel_kind, _state.peer_id
        ordered = select(*columns).order_by(_state.source_id)
        if channel_ids is not None:
            ordered = ordered.where(self._database.dialect.any_of(_state.channel_id, channel_ids))
        return await self._database.rows(ordered)

    async def find_by_channel(self, channel_id: str) -> list[Source]:
        """Return the sources of a channel, oldest first."""
        ordered = select(ingestion_state).order_by(_state.created_at, _state.source_id)
        return _sources(await self._database.rows(ordered.where(_state.channel_id == channel_id)))

    async def list_sources(self, status: SourceStatus | None = None) -> list[Source]:
        """Return all sources by id, or those with one status."""
        ordered = select(ingestion_state).order_by(_state.source_id)
        return _sources(
            await self._database.rows(ordered if status is None else ordered.where(_state.status == status))
        )

    async def set_status(self, source_id: str, status: SourceStatus, now: datetime) -> None:
        """Pause, resume or fail a source."""
        await self._update(source_id, status=status, updated_at=now, next_poll_at=None)

    async def set_rate_limit(self, source_id: str, until: datetime | None, now: datetime) -> None:
        """Store the time before which the source must not be read again."""
        await self._update(source_id, rate_limit_until=until, updated_at=now, next_poll_at=None)

    async def remove(self, source_id: str) -> None:
        """Delete a source with its cursors and attempts."""
        await self._database.write(
            lambda conn: conn.execute(delete(ingestion_state).where(_state.source_id == source_id))
        )

    async def cover(self, source_id: str, lowest: int, highest: int, now: datetime) -> None:
        """Store that posts `lowest` to `highest` are stored; gaps below them stay open."""

        async def cover(conn: AsyncConnection) -> None:
            found = (await conn.execute(_by_id(source_id).with_for_update())).mappings().first()
            if found is not None:
                before = Backlog.of(found["newest_post_id"], _ranges(found["open_ranges"]), found["last_post_id"])
                values = _backlog_values(before.filled(lowest, highest), now)
                await conn.execute(update(ingestion_state).where(_state.source_id == source_id).values(**values))

        await self._database.write(cover)

    async def rename(self, source_id: str, new_id: str, now: datetime) -> None:
        """Change the id of a source, with its cursors, attempts and all references to it, in one transaction."""

        async def rename(conn: AsyncConnection) -> None:
            await self._database.dialect.claim(conn, [f"source:{source_id}", f"source:{new_id}"])
            # The new row comes first and the old one goes last, so that references always find a source.
            changed = {"source_id": new_id, "updated_at": now}
            columns = [_bound(column, changed) for column in ingestion_state.c]
            copied = select(*columns).where(_state.source_id == source_id)
            await conn.execute(insert(ingestion_state).from_select(list(ingestion_state.c), copied))
            for table in ingestion_state.metadata.sorted_tables:
                if table is not ingestion_state and "source_id" in table.c:
                    named = update(table).where(table.c.source_id == source_id)
                    await conn.execute(named.values(source_id=new_id))
            await conn.execute(delete(ingestion_state).where(_state.source_id == source_id))

        await self._database.write(rename)

    async def save_backlog(self, source_id: str, backlog: Backlog, now: datetime) -> None:
        """Store the open ranges of a chat read newest first; the cursor follows and never goes back."""
        await self._update(source_id, **_backlog_values(backlog, now))

    async def mark_history_complete(self, source_id: str, now: datetime) -> None:
        """Store that the history has been read completely for the first time."""
        first = update(ingestion_state).where(_state.source_id == source_id, _state.backfill_completed_at.is_(None))
        await self._database.write(lambda conn: conn.execute(first.values(backfill_completed_at=now)))

    async def set_progress(self, source_id: str, now: datetime, **values: Any) -> None:
        """Store how far the history or the comments of a source have been read."""
        await self._update(source_id, **values, updated_at=now)

    async def record_attempt(self, attempt: Attempt, status: SourceStatus | None = None) -> None:
        """Store an attempt and its effect on the source; `status` is the new status unless the source is paused."""
        values = storable_json(attempt.model_dump(exclude={"counts"}))

        async def record(conn: AsyncConnection) -> None:
            await conn.execute(insert(source_attempts).values(**values, counts_json=attempt.counts))
            if status == "error":
                await _note_failure(conn, attempt)
            of_source = update(ingestion_state).where(_state.source_id == attempt.source_id)
            await conn.execute(of_source.values(last_attempt_at=attempt.started_at, **_consequence(attempt, status)))

        await self._database.write(record)

    async def due(self, now: datetime, limit: int) -> list[Source]:
        """Return sources that may be due for a poll, the longest waiting first."""
        polled = (_state.status == "active", func.coalesce(_state.via, "") != "export")
        may_be_due = or_(_state.next_poll_at.is_(None), _state.next_poll_at <= now)
        ordered = select(ingestion_state).where(*polled, may_be_due).order_by(_state.next_poll_at, _state.source_id)
        return _sources(await self._database.rows(ordered.limit(limit)))

    async def set_next_polls(self, moments: Mapping[str, datetime]) -> None:
        """Store when sources have to be checked next, by their ids."""
        which = update(ingestion_state).where(_state.source_id == bindparam("id"))
        change = which.values(next_poll_at=bindparam("at", type_=_state.next_poll_at.type))
        told = [{"id": source_id, "at": moment} for source_id, moment in sorted(moments.items())]
        if told:
            await self._database.write(lambda conn: conn.execute(change, told))

    async def forget_next_polls(self) -> None:
        """Have every source checked again: intervals may have changed."""
        await self._database.write(lambda conn: conn.execute(update(ingestion_state).values(next_poll_at=None)))

    async def untold_failures(self) -> list[SourceFailure]:
        """Return the failures of sources that have not been reported with `failure_told`, oldest first."""
        found = select(source_failures, _state.channel_id).join(ingestion_state, _state.source_id == _failure.source_id)
        rows = await self._database.rows(found.order_by(_failure.failed_at, _failure.source_id))
        return [SourceFailure(**row) for row in rows]

    async def failure_told(self, failure: SourceFailure) -> None:
        """Delete a failure whose webhooks have been created."""
        this = and_(_failure.source_id == failure.source_id, _failure.failed_at == failure.failed_at)
        await self._database.write(lambda conn: conn.execute(delete(source_failures).where(this)))

    async def attempts(self, source_id: str, limit: int = 20) -> list[Attempt]:
        """Return the latest attempts of a source, newest first."""
        tried = source_attempts.c
        statement = select(source_attempts).where(tried.source_id == source_id).order_by(tried.id.desc()).limit(limit)
        return [_attempt(row) for row in await self._database.rows(statement)]

    async def _update(self, source_id: str, **values: Any) -> None:
        statement = update(ingestion_state).where(_state.source_id == source_id).values(**values)
        await self._database.write(lambda conn: conn.execute(statement))


async def _note_failure(conn: AsyncConnection, attempt: Attempt) -> None:
    """Store that a source has started to fail."""
    status = select(_state.status).where(_state.source_id == attempt.source_id).with_for_update()
    if await conn.scalar(status) == "active":
        failure = {"error_class": attempt.error_class or "", "error_message": storable(attempt.error_message or "")}
        told = insert(source_failures).values(source_id=attempt.source_id, failed_at=attempt.finished_at, **failure)
        await conn.execute(told)


def _bound(column: Column[Any], changed: Mapping[str, Any]) -> ColumnElement[Any]:
    """Return a column, or the value it is changed to."""
    return literal(changed[column.name], column.type) if column.name in changed else column


def _by_id(source_id: str) -> Select[*tuple[Any, ...]]:
    return select(ingestion_state).where(_state.source_id == source_id)


def _sources(rows: Any) -> list[Source]:
    return [Source(**row) for row in rows]


def _ranges(stored: list[list[int | None]] | None) -> tuple[OpenRange, ...]:
    return tuple(OpenRange(after_id or 0, before_id) for after_id, before_id in stored or ())


def _backlog_values(backlog: Backlog, now: datetime) -> dict[str, Any]:
    behind = or_(_state.last_post_id.is_(None), _state.last_post_id < backlog.cursor)
    return {
        "newest_post_id": backlog.newest_id,
        "open_ranges": [list(each) for each in backlog.ranges],
        "last_post_id": case((behind, backlog.cursor or None), else_=_state.last_post_id),
        "updated_at": now,
    }


def _consequence(attempt: Attempt, status: SourceStatus | None) -> dict[str, Any]:
    status_change = {} if status is None else {"status": case((_state.status == "paused", "paused"), else_=status)}
    if attempt.success:
        # After failures the pause between polls had grown; it is back to normal now.
        next_poll_at = case((_state.fail_count > 0, None), else_=_state.next_poll_at)
        recovered = {"fail_count": 0, "last_error": None, "next_poll_at": next_poll_at}
        return {"last_success_at": attempt.finished_at, **recovered, **status_change}
    return {"fail_count": _state.fail_count + 1, "last_error": attempt.error_message, **status_change}


def _attempt(row: Mapping[str, Any]) -> Attempt:
    facts = {name: row[name] for name in Attempt.model_fields if name != "counts"}
    return Attempt(**facts, counts=row["counts_json"])
