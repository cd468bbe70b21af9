"""The embedding of a text as stored. Imports nothing, because worker processes only need the type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextVector:
    """The embedding of one text by one model: `vector` is `dimensions` little-endian 32-bit floats."""

    text_hash: str
    model_id: str
    dimensions: int
    vector: bytes
