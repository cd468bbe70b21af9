"""How near the meaning of every indexed text is to that of a query: an exact scan of the stored embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tg_parser.nlp.embeddings import Embedder
from tg_parser.storage.stores.search_index import SearchIndex

_READ_AT_ONCE = 2_000
_BLOCK = 512
_STEPS = 127
_DECIMALS = 4
"""Cosines are rounded, so that the order in which a processor adds up cannot decide a place."""

Numbers = npt.NDArray[np.int64]
Coarse = npt.NDArray[np.int8]
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorSet:
    """Embeddings in a byte per dimension: `rows` times `scales` are unit vectors. `numbers` are sorted."""

    numbers: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    rows: Coarse = field(default_factory=lambda: np.empty((0, 0), np.int8))
    scales: Scores = field(default_factory=lambda: np.empty(0, np.float32))

    def cosines(self, sought: Scores) -> Scores:
        """The cosine of every row with the unit vector `sought`."""
        found = np.zeros(len(self.rows), np.float32)
        block = np.empty((_BLOCK, self.rows.shape[1]), np.float32)
        for start in range(0, len(self.rows), _BLOCK):
            part = self.rows[start : start + _BLOCK]
            np.copyto(block[: len(part)], part)
            np.dot(block[: len(part)], sought, out=found[start : start + len(part)])
        return np.asarray(np.round(found * self.scales, _DECIMALS), np.float32)


@dataclass(frozen=True, slots=True)
class Nearness:
    """The cosine of each entry that has an embedding, by its number."""

    numbers: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    cosines: Scores = field(default_factory=lambda: np.empty(0, np.float32))

    def nearest(self, count: int) -> list[int]:
        """The numbers of the nearest entries, equal ones by number."""
        return [int(self.numbers[row]) for row in np.lexsort((self.numbers, -self.cosines))[:count]]

    def of(self, numbers: Iterable[int]) -> dict[int, float]:
        """The cosines of entries; those without an embedding are left out."""
        asked = np.fromiter(numbers, np.int64)
        places = np.searchsorted(self.numbers, asked)
        kept = [
            (int(number), float(self.cosines[place]))
            for number, place in zip(asked, places, strict=True)
            if place < len(self.numbers) and self.numbers[place] == number
        ]
        return dict(kept)

    def among(self, numbers: Iterable[int]) -> Nearness:
        """Of these entries alone."""
        chosen = np.isin(self.numbers, np.fromiter(numbers, np.int64))
        return Nearness(self.numbers[chosen], self.cosines[chosen])


class Meanings:
    """The embeddings of one model, read again whenever `state` says that the index has changed."""

    def __init__(self, index: SearchIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._known: tuple[str, VectorSet] | None = None

    async def near(self, text: str) -> Nearness:
        """How near the meaning of every entry is to that of `text`."""
        vectors = await self._vectors()
        if not len(vectors.numbers):
            return Nearness()
        sought = (await asyncio.to_thread(self._embedder.embed, [text]))[0]
        return Nearness(vectors.numbers, await asyncio.to_thread(vectors.cosines, sought))

    async def _vectors(self) -> VectorSet:
        state = await self._index.state()
        if self._known is None or self._known[0] != state:
            self._known = state, await self._read()
        return self._known[1]

    async def _read(self) -> VectorSet:
        numbers, parts = list[int](), list[VectorSet]()
        async for page in self._index.vectors(self._embedder.model_id, _READ_AT_ONCE):
            numbers += [row["number"] for row in page]
            whole = np.frombuffer(b"".join(row["vector"] for row in page), "<f4").reshape(len(page), -1)
            parts.append(coarse(whole))
        if not parts:
            return VectorSet()
        rows = np.concatenate([part.rows for part in parts])
        return VectorSet(np.array(numbers, np.int64), rows, np.concatenate([part.scales for part in parts]))


def coarse(whole: Scores) -> VectorSet:
    """Unit vectors in a byte per dimension, which moves a cosine by less than a hundredth."""
    scales = np.abs(whole).max(axis=1) / _STEPS
    rows = np.rint(whole / np.maximum(scales, np.finfo(np.float32).tiny)[:, None]).astype(np.int8)
    return VectorSet(rows=rows, scales=scales.astype(np.float32))
