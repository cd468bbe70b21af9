"""Unfinished work of all channels, for monitoring."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.waiting import is_waiting, raw_beside_documents
from tg_parser.storage.tables.processing import processing_failures
from tg_parser.storage.tables.raw import raw_messages

_raw = raw_messages.c
_failed = processing_failures.c


class Waiting(NamedTuple):
    """Number of waiting messages, and the date of the oldest."""

    messages: int
    oldest: datetime


class BacklogStorage:
    """The processing database, with read access to the raw one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self) -> dict[str, Waiting]:
        """Return the waiting messages by channel, without channels that have none."""
        messages, oldest = func.count().label("messages"), func.min(_raw.date).label("oldest")
        counted = select(_raw.channel_id, messages, oldest).select_from(raw_beside_documents(with_log=False))
        statement = counted.where(*is_waiting(None, force=False, retry_failed=False)).group_by(_raw.channel_id)
        rows = await self._database.rows(statement)
        return {row["channel_id"]: Waiting(row["messages"], row["oldest"]) for row in rows}

    async def failures(self) -> dict[str, int]:
        """Return the number of messages in the failure ledger, by channel."""
        counted = select(_failed.channel_id, func.count().label("failures")).group_by(_failed.channel_id)
        return {row["channel_id"]: row["failures"] for row in await self._database.rows(counted)}
