"""API keys and the audit log. Each change is stored in one transaction with its audit entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import KeyNotFoundError, KeyStateError
from tg_parser.domain.keys import ApiKey, AuditEntry
from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.engine.transactions import Database, insert_rows
from tg_parser.storage.tables.keys import api_keys, audit_log

NOTED_EVERY = timedelta(minutes=1)
"""Minimum interval between updates of a key's last use."""

_key, _entry = api_keys.c, audit_log.c
Row = Mapping[str, Any]


class KeyStorage:
    """The API keys in the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: ApiKey, entry: AuditEntry) -> None:
        """Store a new key."""

        async def add(conn: AsyncConnection) -> None:
            await insert_rows(self._database, conn, api_keys, [_row_of(key)], key=("key_id",))
            await self._log(conn, entry)

        await self._database.write(add)

    async def get(self, key_id: str) -> ApiKey | None:
        """Return the key with this id, or None."""
        row = await self._database.row(select(api_keys).where(_key.key_id == storable(key_id)))
        return None if row is None else _key_of(row)

    async def list(self) -> list[ApiKey]:
        """Return all keys, oldest first."""
        rows = await self._database.rows(select(api_keys).order_by(_key.created_at, _key.key_id))
        return [_key_of(row) for row in rows]

    async def revoke(self, key_id: str, now: datetime, entry: AuditEntry) -> ApiKey:
        """Revoke a key with its previous secret. Raises KeyNotFoundError, and KeyStateError if it already was."""

        async def change(conn: AsyncConnection, key: ApiKey) -> ApiKey:
            if key.revoked_at is not None:
                raise KeyStateError(key_id, "revoked")
            return await _changed(conn, update(api_keys).values(revoked_at=now), key_id)

        return await self._change(key_id, change, entry)

    async def rotate(
        self,
        key_id: str,
        secret_hash: str,
        now: datetime,
        previous_until: datetime,
        entry: AuditEntry,
        *,
        expires_at: datetime | None = None,
    ) -> ApiKey:
        """Replace the secret of a key, and its expiry if one is given.

        The present secret works until `previous_until`, one before it no longer.

        Raises KeyNotFoundError, KeyStateError where the key has ended.
        """

        async def change(conn: AsyncConnection, key: ApiKey) -> ApiKey:
            if (state := key.key_state(now)) != "valid":
                raise KeyStateError(key_id, state)
            values = {
                "secret_hash": secret_hash,
                "previous_hash": key.secret_hash,
                "previous_until": previous_until,
                "rotated_at": now,
                "expires_at": expires_at or key.expires_at,
            }
            return await _changed(conn, update(api_keys).values(values), key_id)

        return await self._change(key_id, change, entry)

    async def note_use(self, key_id: str, now: datetime) -> bool:
        """Store the time a key was used; return False if that was updated less than a minute ago."""
        due = or_(_key.last_used_at.is_(None), _key.last_used_at <= now - NOTED_EVERY)
        noted = update(api_keys).where(_key.key_id == key_id, due).values(last_used_at=now)

        async def note(conn: AsyncConnection) -> bool:
            return bool((await conn.execute(noted)).rowcount)

        return await self._database.write(note)

    async def source_renamed(self, source_id: str, new_id: str) -> None:
        """Let keys limited to a source keep access to it under its new id."""
        await self._replace_source(source_id, {new_id})

    async def source_removed(self, source_id: str) -> None:
        """Remove a source from the limits of keys, so that they cannot see another one with the same id later."""
        await self._replace_source(source_id, set())

    async def log(self, entry: AuditEntry) -> None:
        """Store an audit entry."""
        await self._database.write(lambda conn: self._log(conn, entry))

    async def audit(self, *, limit: int, before: str | None = None, key_id: str | None = None) -> Sequence[AuditEntry]:
        """Return audit entries older than `before`, newest first; with a key, those by or about it."""
        statement = select(audit_log).order_by(_entry.entry_id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(_entry.entry_id < before)
        if key_id is not None:
            statement = statement.where(or_(_entry.actor == key_id, _entry.subject == key_id))
        return [_entry_of(row) for row in await self._database.rows(statement)]

    async def _change(
        self, key_id: str, change: Callable[[AsyncConnection, ApiKey], Awaitable[ApiKey]], entry: AuditEntry
    ) -> ApiKey:
        async def changing(conn: AsyncConnection) -> ApiKey:
            held = select(api_keys).where(_key.key_id == storable(key_id)).with_for_update()
            row = (await conn.execute(held)).mappings().first()
            if row is None:
                raise KeyNotFoundError(key_id)
            changed = await change(conn, _key_of(dict(row)))
            await self._log(conn, entry)
            return changed

        return await self._database.write(changing)

    async def _replace_source(self, source_id: str, by: set[str]) -> None:
        limited = select(_key.key_id, _key.sources_json).where(_key.sources_json.is_not(None)).with_for_update()

        async def replace(conn: AsyncConnection) -> None:
            # There are few keys, and even fewer limited ones.
            for row in (await conn.execute(limited.order_by(_key.key_id))).all():
                if source_id in row.sources_json:
                    sources = sorted({*row.sources_json, *by} - {source_id})
                    await conn.execute(update(api_keys).where(_key.key_id == row.key_id).values(sources_json=sources))

        await self._database.write(replace)

    async def _log(self, conn: AsyncConnection, entry: AuditEntry) -> None:
        await note_change(self._database, conn, entry)


async def note_change(database: Database, conn: AsyncConnection, entry: AuditEntry) -> None:
    """Store an audit entry, in the transaction of the change."""
    row = {
        "entry_id": entry.entry_id,
        "at": entry.at,
        "actor": storable(entry.actor),
        "action": entry.action,
        "subject": storable(entry.subject),
        "origin": storable(entry.origin),
        "details_json": storable_json(entry.details),
    }
    await insert_rows(database, conn, audit_log, [row], key=("entry_id",))


async def _changed(conn: AsyncConnection, change: Update, key_id: str) -> ApiKey:
    row = (await conn.execute(change.where(_key.key_id == key_id).returning(*api_keys.c))).mappings().one()
    return _key_of(dict(row))


def _row_of(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": storable(key.name),
        "role": key.role,
        "sources_json": None if key.sources is None else sorted(key.sources),
        "secret_hash": key.secret_hash,
        "previous_hash": key.previous_hash,
        "previous_until": key.previous_until,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "rotated_at": key.rotated_at,
        "last_used_at": key.last_used_at,
    }


def _key_of(row: Row) -> ApiKey:
    facts = dict(row)
    sources = facts.pop("sources_json")
    return ApiKey(sources=None if sources is None else frozenset(sources), **facts)


def _entry_of(row: Row) -> AuditEntry:
    facts = dict(row)
    return AuditEntry(details=facts.pop("details_json"), **facts)
