"""Paid answers of language models that passed their checks, by the digest of their question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.spending import PaidAnswer
from tg_parser.domain.storable import storable_json
from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.tables.llm import llm_answers

_answer = llm_answers.c


class AnswerStorage:
    """Reads by many keys at once; answers are written in the transaction that books their price, see llm_spending."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, keys: Sequence[str]) -> dict[str, PaidAnswer]:
        """The stored answers by key, in one query."""
        if not keys:
            return {}
        wanted = select(llm_answers).where(self._database.dialect.any_of(_answer.key, keys))
        return {row["key"]: _paid_answer(row) for row in await self._database.rows(wanted)}


async def write_answers(database: Database, conn: AsyncConnection, answers: Sequence[PaidAnswer]) -> None:
    """Store answers; an existing one with the same key is replaced."""
    await upsert(database, conn, llm_answers, map(_row, answers), key=("key",))


async def forget_answers(conn: AsyncConnection, channel_id: str) -> None:
    """Delete the answers to questions about messages of a channel."""
    await conn.execute(delete(llm_answers).where(_answer.channel_id == channel_id))


def _row(answer: PaidAnswer) -> dict[str, Any]:
    return {
        "key": answer.key,
        "channel_id": answer.channel_id,
        "provider": answer.provider,
        "model": answer.model,
        "response_json": storable_json(answer.response),
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "cost_nanousd": answer.cost_nanousd,
        "created_at": answer.created_at,
    }


def _paid_answer(row: Mapping[str, Any]) -> PaidAnswer:
    return PaidAnswer(
        key=row["key"],
        channel_id=row["channel_id"],
        provider=row["provider"],
        model=row["model"],
        response=row["response_json"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cost_nanousd=row["cost_nanousd"],
        created_at=row["created_at"],
    )
