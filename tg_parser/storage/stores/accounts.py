"""State of a Telegram account between runs: waits, a dead session, access to chats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select

from tg_parser.domain.storable import storable
from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.tables.ingestion import telegram_access, telegram_limits, telegram_sessions

_access = telegram_access.c
_limit = telegram_limits.c
_session = telegram_sessions.c


@dataclass(frozen=True, slots=True)
class SessionBlock:
    """Why a session must not be used any more, and since when."""

    reason: str
    blocked_at: datetime


class AccountStorage:
    """Part of the ingestion database. A session is known by `session_id`, a digest of its key, never by the key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def limits(self, session_id: str) -> dict[str, datetime]:
        """Until when each kind of request must wait."""
        rows = await self._database.rows(select(telegram_limits).where(_limit.session_id == session_id))
        return {row["request"]: row["wait_until"] for row in rows}

    async def set_limit(self, session_id: str, request: str, until: datetime) -> None:
        """Remember that `request` must wait."""
        row = {"session_id": session_id, "request": request, "wait_until": until}
        await self._save(telegram_limits, row, ("session_id", "request"))

    async def block(self, session_id: str) -> SessionBlock | None:
        """Why the session is dead; None if it can be used."""
        row = await self._database.row(select(telegram_sessions).where(_session.session_id == session_id))
        return None if row is None else SessionBlock(row["blocked_reason"], row["blocked_at"])

    async def set_block(self, session_id: str, reason: str, now: datetime) -> None:
        """Forbid any further use of the session."""
        row = {"session_id": session_id, "blocked_reason": storable(reason), "blocked_at": now}
        await self._save(telegram_sessions, row, ("session_id",))

    async def lift_block(self, session_id: str) -> None:
        """The user has acted: the session may be used again."""
        await self._database.write(
            lambda conn: conn.execute(delete(telegram_sessions).where(_session.session_id == session_id))
        )

    async def access_hash(self, session_id: str, channel_id: str) -> int | None:
        """Telegram's access hash of the channel for this account, if known."""
        mine = (_access.session_id == session_id, _access.channel_id == channel_id)
        row = await self._database.row(select(_access.access_hash).where(*mine))
        return None if row is None else int(row["access_hash"])

    async def remember_access(self, session_id: str, channel_id: str, access_hash: int) -> None:
        """Keep the account's access hash for a channel."""
        row = {"session_id": session_id, "channel_id": channel_id, "access_hash": access_hash}
        await self._save(telegram_access, row, ("session_id", "channel_id"))

    async def _save(self, table: Table, row: dict[str, Any], key: tuple[str, ...]) -> None:
        await self._database.write(lambda conn: upsert(self._database, conn, table, [row], key=key))
