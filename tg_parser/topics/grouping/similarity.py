"""How similar messages are: meaning and words, half each, compared with chance.

Two unrelated messages of one channel are never entirely different: they share a language, a style, a trade. So the
measure starts there: 0 is what a message has in common with the average of the corpus, 1 is identity, whatever the
channel. That is why one cut fits channels of different kinds.

Facts that disagree (disagreement.py) are taken from the similarity, facts that agree are added to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from tg_parser.nlp.facts import Facts
from tg_parser.topics.grouping.disagreement import KINDS, Kind, statements
from tg_parser.topics.grouping.word_weights import Floats, on_grid, word_weights

PRIOR_PAIRS = 20
PRIOR_SIMILARITY = 0.06
LEAST_RANGE = 0.1
"""If nearly all messages are the same, what remains above chance still counts as at least this much."""


@dataclass(frozen=True, slots=True)
class Items:
    """Messages, or sums of messages: `weights` is how many each stands for, `chance` sums their chance similarity.

    The columns of `words` are stems and then facts; `stated` is how much of each kind of facts there is.
    """

    meaning: npt.NDArray[np.float32]
    words: sparse.csr_matrix
    weights: Floats
    chance: Floats
    stated: Floats

    def __len__(self) -> int:
        return len(self.weights)

    def take(self, rows: npt.NDArray[np.intp]) -> Items:
        """The items of `rows`, in that order."""
        return Items(self.meaning[rows], self.words[rows], self.weights[rows], self.chance[rows], self.stated[rows])

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
        meaning = (gather @ self.meaning).astype(np.float32)
        return Items(meaning, words, gather @ self.weights, gather @ self.chance, gather @ self.stated)

    def products(self, other: Items) -> Floats:
        """Summed similarity of items with items of `other`: meaning and words half each, less disagreement."""
        meaning = self.meaning.astype(np.float64) @ other.meaning.astype(np.float64).T
        alike = (meaning + (self.words @ other.words.T).toarray()) / 2
        return np.asarray(alike - self.stated @ other.stated.T, dtype=np.float64)

    def similarity(self, other: Items) -> Floats:
        """Mean similarity above chance of every item with every item of `other`, as if none were part of another."""
        pairs = np.outer(self.weights, other.weights)
        chance = (np.outer(self.weights, other.chance) + np.outer(self.chance, other.weights)) / 2
        return above_chance(self.products(other), np.maximum(pairs, 1), chance)


def message_items(
    vectors: npt.NDArray[np.float32],
    stems: Sequence[Sequence[str]],
    facts: Sequence[Facts] = (),
    kinds: Sequence[Kind] = KINDS,
) -> Items:
    """One item per message from its embedding, its stems and, if they are to count, its facts.

    A message without words has no facts either. Chance is about meaning and words alone.
    """
    meaning = on_grid(_unit_rows(vectors.astype(np.float64))).astype(np.float32)
    words = word_weights(stems)
    total = len(stems)
    chance = (_sums_with_all(meaning, words) + PRIOR_PAIRS * PRIOR_SIMILARITY) / (total - 1 + PRIOR_PAIRS)
    if not facts:
        return Items(meaning, words, np.ones(total), chance, np.zeros((total, 0)))
    stated, shared = statements([one if own else Facts() for one, own in zip(facts, stems, strict=True)], kinds)
    whole = sparse.csr_matrix(sparse.hstack([words, shared]))
    return Items(meaning, whole, np.ones(total), chance, stated)


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
