"""Writes entries of the search index in the transaction that writes their documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.search_entries import SearchEntry
from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.tables.search import search_entries


async def put_entries(
    database: Database, conn: AsyncConnection, refs: Sequence[str], entries: Sequence[SearchEntry]
) -> None:
    """Replace the entries of the messages `refs`; those without a new one have none."""
    await conn.execute(delete(search_entries).where(database.dialect.any_of(search_entries.c.source_ref, refs)))
    await upsert(database, conn, search_entries, map(asdict, entries), key=("number",))
