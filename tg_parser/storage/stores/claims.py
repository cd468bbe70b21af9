"""Which messages are waiting to be processed, and who is working on them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.messages import RawMessage
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.engine.transactions import Database, insert_rows
from tg_parser.storage.stores.raw_rows import row_message
from tg_parser.storage.stores.waiting import is_waiting, raw_beside_documents
from tg_parser.storage.tables.processing import processing_claims
from tg_parser.storage.tables.raw import raw_messages, raw_revisions

_raw = raw_messages.c
_log = raw_revisions.c
_claim = processing_claims.c


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message to process, with its current text; if it was `deleted`, its document is to be removed."""

    message: RawMessage
    revision: int
    deleted: bool


class ClaimStorage:
    """Part of the processing database, with read access to the raw one to find what is waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_waiting(
        self,
        channel_id: str,
        holder: str,
        *,
        after_ref: str | None,
        limit: int,
        force: bool = False,
        retry_failed: bool = False,
    ) -> list[WaitingMessage]:
        """Claim for `holder` the next messages by ref that have no document or a newer revision than their document.

        A claim ends with the document or the failure of its message, in the same transaction, or by `release`.
        """
        text = func.coalesce(_log.text, _raw.text).label("current_text")
        columns = [column for column in raw_messages.c if column is not _raw.raw_payload_json]
        beside = raw_beside_documents(with_log=True).outerjoin(processing_claims, _claim.source_ref == _raw.source_ref)
        statement = select(*columns, text).select_from(beside)
        statement = statement.where(*is_waiting(channel_id, force=force, retry_failed=retry_failed))
        statement = statement.where(_claim.source_ref.is_(None), _raw.source_ref > (after_ref or ""))
        statement = statement.order_by(_raw.source_ref).limit(limit)

        async def claim(conn: AsyncConnection) -> list[WaitingMessage]:
            # Two processes claiming at once would find the same messages, so they take turns.
            await self._database.dialect.claim(conn, [f"claims:{channel_id}"])
            await self._database.dialect.read_by_key(conn)
            found = [dict(row) for row in (await conn.execute(statement)).mappings()]
            now = utc_now()
            rows = [{"source_ref": row["source_ref"], "holder": holder, "claimed_at": now} for row in found]
            await insert_rows(self._database, conn, processing_claims, rows, key=("source_ref",))
            return [
                WaitingMessage(row_message(row, row["current_text"]), row["revision"], row["deleted_at"] is not None)
                for row in found
            ]

        return await self._database.write(claim)

    async def texts(self, refs: Collection[str]) -> dict[str, str]:
        """The newest texts of messages by ref, whoever has claimed them; unknown messages are left out."""
        if not refs:
            return {}
        text = func.coalesce(_log.text, _raw.text).label("current_text")
        newest = and_(_log.source_ref == _raw.source_ref, _log.revision == _raw.revision)
        statement = select(_raw.source_ref, text).select_from(raw_messages.outerjoin(raw_revisions, newest))
        found = await self._database.rows(statement.where(self._database.dialect.any_of(_raw.source_ref, refs)))
        return {row["source_ref"]: row["current_text"] for row in found}

    async def holders(self) -> list[str]:
        """Everybody who holds claims, dead or alive."""
        rows = await self._database.rows(select(_claim.holder).distinct().order_by(_claim.holder))
        return [row["holder"] for row in rows]

    async def release(self, holder: str) -> int:
        """Give up all claims of `holder`; returns their number."""

        async def release(conn: AsyncConnection) -> int:
            return int((await conn.execute(delete(processing_claims).where(_claim.holder == holder))).rowcount)

        return await self._database.write(release)
