"""Requests with an idempotency key, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.keyed_requests import KeptAnswer, KeyedRequest
from tg_parser.domain.storable import storable
from tg_parser.storage.engine.transactions import Database, insert_rows
from tg_parser.storage.tables.requests import keyed_requests

_of = keyed_requests.c


class KeyedRequestStorage:
    """The requests in the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, request: KeyedRequest, abandoned_before: datetime) -> KeyedRequest | None:
        """Store a new request, or return the one already stored with the same key.

        One that was begun before `abandoned_before` and has no answer is begun anew: whoever worked on it is gone.
        """
        abandoned = update(keyed_requests).where(
            *_same(request), _of.status.is_(None), _of.begun_at < abandoned_before, _of.digest == request.digest
        )

        async def begin(conn: AsyncConnection) -> KeyedRequest | None:
            await self._database.dialect.claim(conn, [f"request:{request.client}:{request.key}"])
            if (await conn.execute(abandoned.values(begun_at=request.begun_at))).rowcount:
                return None
            row = (await conn.execute(select(keyed_requests).where(*_same(request)))).mappings().first()
            if row is not None:
                return _request_of(dict(row))
            new = {
                "client": request.client,
                "idempotency_key": request.key,
                "digest": request.digest,
                "begun_at": request.begun_at,
            }
            await insert_rows(self._database, conn, keyed_requests, [new], key=("client", "idempotency_key"))
            return None

        return await self._database.write(begin)

    async def answer(self, request: KeyedRequest, answer: KeptAnswer) -> None:
        """Store the answer to a request."""
        told = update(keyed_requests).where(*_same(request))
        body = None if answer.body is None else storable(answer.body)
        values = {"status": answer.status, "headers_json": dict(answer.headers), "body": body}
        await self._database.write(lambda conn: conn.execute(told.values(values)))

    async def forget(self, request: KeyedRequest) -> None:
        """Forget an unanswered request, so that it can be sent again, unless it was started again in the meantime."""
        gone = delete(keyed_requests).where(*_same(request), _of.begun_at == request.begun_at, _of.status.is_(None))
        await self._database.write(lambda conn: conn.execute(gone))

    async def delete_old(self, before: datetime) -> int:
        """Delete requests started before that time; return their number."""

        async def remove(conn: AsyncConnection) -> int:
            return int((await conn.execute(delete(keyed_requests).where(_of.begun_at < before))).rowcount)

        return await self._database.write(remove)


def _same(request: KeyedRequest) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _of.client == request.client, _of.idempotency_key == request.key


def _request_of(row: Mapping[str, Any]) -> KeyedRequest:
    status = row["status"]
    answer = None if status is None else KeptAnswer(status, row["headers_json"] or {}, row["body"])
    return KeyedRequest(row["client"], row["idempotency_key"], row["digest"], row["begun_at"], answer)
