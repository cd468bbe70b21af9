"""Counts writes to the documents of a channel in the transaction that makes them, so that no clock is needed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.refs import parse_source_ref
from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.tables.processing import document_changes


async def count_change(database: Database, conn: AsyncConnection, channel_ids: Iterable[str]) -> None:
    """Note that this transaction changes documents of these channels."""
    rows = ({"channel_id": channel_id, "changes": 1} for channel_id in set(channel_ids))
    await upsert(database, conn, document_changes, rows, key=("channel_id",), accumulate=("changes",))


async def changes_of(database: Database, channel_id: str) -> int:
    """The count of a channel; it never goes back, not even when the channel is deleted."""
    counted = select(document_changes.c.changes).where(document_changes.c.channel_id == channel_id)
    row = await database.row(counted)
    return int(row["changes"]) if row else 0


def channels_of(refs: Iterable[str]) -> set[str]:
    """The channels of messages."""
    return {parse_source_ref(ref).channel_id for ref in refs}
