"""How similar messages are: meaning and words, half each, compared with chance.

Two unrelated messages of one channel are never entirely different: they share a language, a style, a trade. So the
measure starts there: 0 is what a message has in common with the average of the corpus, 1 is identity, whatever the
channel. That is why one cut fits channels of different kinds.

Every component lies on a grid of 2**-16. Sums of products of such numbers are exact in double precision, hence equal
for every order of addition, block size and thread count: similarities are reproducible to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]

GRID = 2.0**16
PRIOR_PAIRS = 20
PRIOR_SIMILARITY = 0.06
LEAST_RANGE = 0.1
"""If nearly all messages are the same, what remains above chance still counts as at least this much."""


@dataclass(frozen=True, slots=True)
class Items:
    """Messages, or sums of messages: `weights` is how many each stands for, `chance` sums their chance similarity."""

    meaning: npt.NDArray[np.float32]
    words: sparse.csr_matrix
    weights: Floats
    chance: Floats

    def __len__(self) -> int:
        return len(self.weights)

    def take(self, rows: npt.NDArray[np.intp]) -> Items:
        """The items of `rows`, in that order."""
        return Items(self.meaning[rows], self.words[rows], self.weights[rows], self.chance[rows])

    def grouped(self, labels: npt.NDArray[np.intp], count: int) -> Items:
        """Sums of the items by label 0..count-1; negative labels are left out."""
        rows = np.flatnonzero(labels >= 0)
        return self._gathered(labels[rows], rows, count)

    def summed(self, rows_of: Sequence[Sequence[int]]) -> Items:
        """The sum of the items of each list of rows; a row may be in several."""
        rows = np.array([row for rows in rows_of for row in rows], dtype=np.intp)
        places = np.repeat(np.arange(len(rows_of)), [len(rows) for rows in rows_of])
        return self._gathered(places, rows, len(rows_of))

    def _gathered(self, places: npt.NDArray[np.intp], rows: npt.NDArray[np.intp], count: int) -> Items:
        gather = sparse.csr_matrix((np.ones(len(rows)), (places, rows)), shape=(count, len(self)))
        words = sparse.csr_matrix(gather @ self.words)
        words.sort_indices()
        return Items((gather @ self.meaning).astype(np.float32), words, gather @ self.weights, gather @ self.chance)

    def products(self, other: Items) -> Floats:
        """Summed similarity of every item with every item of `other`, meaning and words half each."""
        meaning = self.meaning.astype(np.float64) @ other.meaning.astype(np.float64).T
        return np.asarray((meaning + (self.words @ other.words.T).toarray()) / 2, dtype=np.float64)

    def similarity(self, other: Items) -> Floats:
        """Mean similarity above chance of every item with every item of `other`, as if none were part of another."""
        pairs = np.outer(self.weights, other.weights)
        chance = (np.outer(self.weights, other.chance) + np.outer(self.chance, other.weights)) / 2
        return above_chance(self.products(other), np.maximum(pairs, 1), chance)


def message_items(vectors: npt.NDArray[np.float32], stems: Sequence[Sequence[str]]) -> Items:
    """One item per message from its embedding and its stems."""
    meaning = _on_grid(_unit_rows(vectors.astype(np.float64))).astype(np.float32)
    words = word_weights(stems)
    total = len(stems)
    chance = (_sums_with_all(meaning, words) + PRIOR_PAIRS * PRIOR_SIMILARITY) / (total - 1 + PRIOR_PAIRS)
    return Items(meaning, words, np.ones(total), chance)


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
    grid = _on_grid(np.array(data, dtype=np.float64))
    return sparse.csr_matrix((grid, indices, indptr), shape=(len(stems), len(column)))


def above_chance(products: Floats, pairs: Floats, chance: Floats) -> Floats:
    """Mean similarity of `pairs` pairs, counted from chance: 0 as the average message, 1 identical."""
    room = np.maximum(pairs - chance, LEAST_RANGE * pairs)
    return 1.0 - (pairs - products) / room


def _sums_with_all(meaning: npt.NDArray[np.float32], words: sparse.csr_matrix) -> Floats:
    """Every message's summed similarity with all others."""
    own = (meaning.astype(np.float64) ** 2).sum(axis=1) + np.asarray(words.multiply(words).sum(axis=1)).ravel()
    centre = meaning.sum(axis=0, dtype=np.float64)
    word_centre = np.asarray(words.sum(axis=0)).ravel()
    return np.asarray((meaning @ centre + words @ word_centre - own) / 2, dtype=np.float64)


def _unit_rows(rows: Floats) -> Floats:
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return np.asarray(rows / np.where(lengths == 0, 1.0, lengths))


def _on_grid(values: Floats) -> Floats:
    return np.asarray(np.rint(values * GRID) / GRID)
