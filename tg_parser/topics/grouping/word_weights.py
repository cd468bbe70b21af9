"""Words, names or other terms of messages as sparse rows, by how rare each is.

Every component lies on a grid of 2**-16. Sums of products of such numbers are exact in double precision, hence equal
for every order of addition, block size and thread count: similarities are reproducible to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]

GRID = 2.0**16


def word_weights(stems: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """Unit rows of log term frequency times inverse document frequency; columns are stems in sorted order."""
    counts = [Counter(row) for row in stems]
    frequency = Counter(stem for row in counts for stem in row)
    column = {stem: place for place, stem in enumerate(sorted(frequency))}
    rarity = {stem: log((1 + len(stems)) / (1 + held)) + 1 for stem, held in frequency.items()}
    indptr, indices, data = [0], [], []
    for row in counts:
        weights = sorted((column[stem], (1 + log(count)) * rarity[stem]) for stem, count in row.items())
        length = sum(weight * weight for _, weight in weights) ** 0.5
        indices += [place for place, _ in weights]
        data += [weight / length for _, weight in weights]
        indptr.append(len(indices))
    grid = on_grid(np.array(data, dtype=np.float64))
    return sparse.csr_matrix((grid, indices, indptr), shape=(len(stems), len(column)))


def on_grid(values: Floats) -> Floats:
    """`values`, each replaced by the nearest on the grid."""
    return np.asarray(np.rint(values * GRID) / GRID)
