"""Embeddings in a byte per dimension, and their cosines with a query (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

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


def coarse(whole: Scores) -> VectorSet:
    """Unit vectors in a byte per dimension, which moves a cosine by less than a hundredth."""
    scales = np.abs(whole).max(axis=1) / _STEPS
    rows = np.rint(whole / np.maximum(scales, np.finfo(np.float32).tiny)[:, None]).astype(np.int8)
    return VectorSet(rows=rows, scales=scales.astype(np.float32))
