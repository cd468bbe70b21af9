"""How near the meaning of every indexed text is to that of a query: an exact scan of the stored embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tg_parser.nlp.embeddings import Embedder
from tg_parser.search.vector_files import VectorFiles
from tg_parser.search.vector_sets import Numbers, Scores, VectorSet, coarse
from tg_parser.storage.stores.search_index import SearchIndex

_READ_AT_ONCE = 2_000


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
    """The embeddings of one model, read again whenever the index has changed; `kept` holds them between processes."""

    def __init__(self, index: SearchIndex, embedder: Embedder, kept: VectorFiles | None = None) -> None:
        self._kept = kept
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
            self._known = state, await self._loaded(state)
        return self._known[1]

    async def _loaded(self, state: str) -> VectorSet:
        found = await asyncio.to_thread(self._kept.load, state) if self._kept else None
        if found is not None:
            return found
        read = await self._read()
        if self._kept and len(read.numbers):
            await asyncio.to_thread(self._kept.keep, state, read)
        return read

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
