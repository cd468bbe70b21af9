"""Average linkage in which new messages join what exists: existing groups keep their members and never merge here.

A pass costs the new messages times the units they are compared with. Units that existed before are not compared with
each other: that was done when they were new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tg_parser.topics.grouping.similarity import Items, above_chance
from tg_parser.topics.grouping.word_weights import Floats

Places = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Span:
    """The first and last day of units, as numbers.

    Units further apart than `most` days never join; each day between them takes `decay` from their similarity.
    """

    first: Floats
    last: Floats
    most: float
    decay: float


def joined(units: Items, new: int, is_group: Flags, span: Span, cut: float) -> list[list[int]]:
    """The clusters that the first `new` of the `units` found or join, each a sorted list of places in `units`.

    The other units are earlier messages and, where `is_group`, groups that exist already; a cluster has at most one of
    these. The two most similar units are joined again and again while their mean similarity reaches `cut`. Among equals
    the lowest places come first. A new unit that nothing is similar to is a cluster of its own.
    """
    linkage = _Linkage(units, new, is_group, span)
    for kept, gone in linkage.steps(cut):
        linkage.merge(kept, gone)
    members = defaultdict[int, list[int]](list)
    for place, cluster in enumerate(linkage.cluster_of):
        members[int(cluster)].append(place)
    return sorted(places for cluster, places in members.items() if cluster < new)


class _Linkage:
    """Summed similarities of the clusters that contain a new unit (rows) with all others (columns).

    A cluster is known by the place of its lowest new unit.
    """

    def __init__(self, units: Items, new: int, is_group: Flags, span: Span) -> None:
        self._meaning, self._words = units.meaning.astype(np.float64), units.words
        self._products: Floats = units.take(np.arange(new)).products(units)
        self._weights, self._chance = units.weights.copy(), units.chance.copy()
        self._has_group = is_group.copy()
        self._first, self._last = span.first.copy(), span.last.copy()
        self._most, self._decay = span.most, span.decay
        self._is_gone = np.zeros(len(units), dtype=bool)
        self.cluster_of: Places = np.arange(len(units))
        self._best: Places = np.zeros(new, dtype=np.intp)
        self._similarity: Floats = np.full(new, -np.inf)
        self._look(np.arange(new))

    def steps(self, cut: float) -> Iterator[tuple[int, int]]:
        """The pairs to merge next, as long as they reach `cut`."""
        while len(self._similarity) and self._similarity.max() >= cut:
            row = int(self._similarity.argmax())
            other = int(self._best[row])
            yield (row, other) if other >= len(self._best) else (min(row, other), max(row, other))

    def merge(self, kept: int, gone: int) -> None:
        """Merge the cluster or unit `gone` into the cluster `kept`."""
        rows = len(self._best)
        self._products[kept] += self._products[gone] if gone < rows else self._row_of(gone)
        self._products[:, kept] += self._products[:, gone]
        self._weights[kept] += self._weights[gone]
        self._chance[kept] += self._chance[gone]
        self._has_group[kept] |= self._has_group[gone]
        self._first[kept] = min(self._first[kept], self._first[gone])
        self._last[kept] = max(self._last[kept], self._last[gone])
        self._is_gone[gone] = True
        self.cluster_of[self.cluster_of == gone] = kept
        if gone < rows:
            self._similarity[gone] = -np.inf
        self._look_again(kept, gone)

    def _row_of(self, unit: int) -> Floats:
        """The products of an earlier unit, which has no row of its own, with all clusters and units as they are now."""
        own = slice(self._words.indptr[unit], self._words.indptr[unit + 1])
        words = np.zeros(self._words.shape[1])
        words[self._words.indices[own]] = self._words.data[own]
        alone = (self._meaning @ self._meaning[unit] + self._words @ words) / 2
        return np.asarray(np.bincount(self.cluster_of, weights=alone, minlength=len(alone)), dtype=np.float64)

    def _look_again(self, kept: int, gone: int) -> None:
        """Find the nearest again for every row that the merge of `gone` into `kept` may have changed."""
        self._look(np.array([kept]))
        live = np.flatnonzero(~self._is_gone[: len(self._best)])
        live = live[live != kept]
        if not len(live):
            return
        to_kept = self._similarities(live, np.array([kept]))[:, 0]
        lost = (self._best[live] == kept) | (self._best[live] == gone)
        nearer = (to_kept > self._similarity[live]) | ((to_kept == self._similarity[live]) & (kept < self._best[live]))
        better = live[nearer & ~lost]
        self._best[better], self._similarity[better] = kept, to_kept[nearer & ~lost]
        self._look(live[lost])

    def _look(self, rows: Places) -> None:
        everything = np.arange(len(self._weights))
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            found = self._similarities(some, everything)
            self._best[some] = found.argmax(axis=1)
            self._similarity[some] = found[np.arange(len(some)), self._best[some]]

    def _similarities(self, rows: Places, columns: Places) -> Floats:
        """Mean similarity above chance; -inf where two may not merge."""
        weights, others = self._weights[rows][:, None], self._weights[columns][None, :]
        chance = (weights * self._chance[columns][None, :] + others * self._chance[rows][:, None]) / 2
        similarity = above_chance(self._products[np.ix_(rows, columns)], weights * others, chance)
        barred = self._is_gone[columns][None, :] | (rows[:, None] == columns[None, :])
        barred |= self._has_group[rows][:, None] & self._has_group[columns][None, :]
        apart = np.maximum(
            self._first[columns][None, :] - self._last[rows][:, None],
            self._first[rows][:, None] - self._last[columns][None, :],
        )
        barred |= apart > self._most
        return np.where(barred, -np.inf, similarity - self._decay * np.maximum(apart, 0.0))
