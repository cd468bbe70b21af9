"""Embeddings of texts, kept so that no text is embedded twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.text_vectors import TextVector
from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.tables.topics import embeddings


async def keep_vectors(database: Database, conn: AsyncConnection, vectors: Iterable[TextVector]) -> None:
    """Store `vectors` in the transaction of `conn`; known ones stay."""
    rows = (asdict(vector) for vector in vectors)
    await upsert(database, conn, embeddings, rows, key=("text_hash", "model_id"), update=())
