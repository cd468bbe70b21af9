"""Embeddings of texts, kept so that no text is embedded twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.engine.transactions import Database, upsert
from tg_parser.storage.tables.topics import embeddings


@dataclass(frozen=True, slots=True)
class TextVector:
    """The embedding of one text by one model: `vector` is `dimensions` little-endian 32-bit floats."""

    text_hash: str
    model_id: str
    dimensions: int
    vector: bytes


async def keep_vectors(database: Database, conn: AsyncConnection, vectors: Iterable[TextVector]) -> None:
    """Store `vectors` in the transaction of `conn`; known ones stay."""
    rows = (asdict(vector) for vector in vectors)
    await upsert(database, conn, embeddings, rows, key=("text_hash", "model_id"), update=())
