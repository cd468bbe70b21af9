"""Average-linkage clustering in blocks: exact within a block, near-linear over many, the same for every input order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tg_parser.topics.grouping.similarity import Floats, Items, above_chance
from tg_parser.topics.model import Level

Labels = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Width:
    """How wide the topics of a level are, in similarity above chance.

    Groups whose messages have a mean similarity of `cut` are merged; a message with similarity `half` has score 0.5.
    """

    cut: float
    half: float


WIDTHS: dict[Level, Width] = {
    "event": Width(cut=0.25, half=0.16),
    "story": Width(cut=0.22, half=0.14),
    "theme": Width(cut=0.06, half=0.08),
}
BLOCK = 3000
_SHRINKS = 0.95


def cluster(items: Items, cut: float, block: int = BLOCK) -> Labels:
    """A label per item; two groups whose mean similarity above chance reaches `cut` are merged.

    Up to `block` items are clustered exactly. With more, neighbours in the given order (time) are clustered in blocks,
    and the groups of a pass are the items of the next, with the blocks shifted by half so that no border remains.
    """
    labels = np.arange(len(items))
    level = items
    moved = False
    while True:
        merged, count = _one_pass(level, cut, block, block // 2 if moved else 0)
        labels = merged[labels]
        done = len(level) <= block
        if done or (moved and count > _SHRINKS * len(level)):
            return labels
        level, moved = level.grouped(merged, count), not moved


def _one_pass(items: Items, cut: float, block: int, offset: int) -> tuple[Labels, int]:
    borders = [0, *range(offset or block, len(items), block), len(items)]
    labels, count = np.empty(len(items), dtype=np.intp), 0
    for start, end in pairwise(borders):
        local = agglomerate(items.take(np.arange(start, end)), cut)
        labels[start:end] = local + count
        count = int(labels[:end].max(initial=-1)) + 1
    return labels, count


def agglomerate(items: Items, cut: float) -> Labels:
    """Labels from 0 in order of first appearance, by following nearest neighbours until two are each other's nearest.

    Ties go to the lowest index. A group whose nearest is below the cut is finished: merging others never makes anything
    more similar to it than its nearest part was.
    """
    parent = np.arange(len(items))
    merging = _Merging(items)
    chain: list[int] = []
    while chain or merging.active.any():
        if not chain:
            chain.append(int(np.argmax(merging.active)))
        nearest, similarity = merging.nearest(chain[-1], chain[-2] if len(chain) > 1 else None)
        if similarity < cut:
            merging.active[chain.pop()] = False
        elif len(chain) > 1 and nearest == chain[-2]:
            kept, gone = sorted((chain.pop(), chain.pop()))
            parent[gone] = kept
            merging.merge(kept, gone)
        else:
            chain.append(nearest)
    return _in_order(_roots(parent))


class _Merging:
    """Sums of similarities between the groups of an agglomeration; sums, not means, so that they stay exact."""

    def __init__(self, items: Items) -> None:
        self._products: Floats = items.products(items)
        self._weights = items.weights.copy()
        self._chance = items.chance.copy()
        self.active = np.ones(len(items), dtype=bool)

    def nearest(self, group: int, preferred: int | None) -> tuple[int, float]:
        """The active group most similar to `group`, and how similar; among equals `preferred`, then the lowest."""
        weight = self._weights[group]
        pairs = weight * self._weights
        chance = (weight * self._chance + self._weights * self._chance[group]) / 2
        similarity = above_chance(self._products[group], pairs, chance)
        similarity[~self.active] = -np.inf
        similarity[group] = -np.inf
        best = int(np.argmax(similarity))
        if preferred is not None and similarity[preferred] == similarity[best]:
            best = preferred
        return best, float(similarity[best])

    def merge(self, kept: int, gone: int) -> None:
        """Merge `gone` into `kept`."""
        self._products[kept] += self._products[gone]
        self._products[:, kept] += self._products[:, gone]
        self._weights[kept] += self._weights[gone]
        self._chance[kept] += self._chance[gone]
        self.active[gone] = False


def _roots(parent: Labels) -> Labels:
    """The group each item ended in; a parent always has the lower index."""
    roots = parent.copy()
    for place, above in enumerate(parent):
        roots[place] = roots[above]
    return roots


def _in_order(roots: Labels) -> Labels:
    _, first, inverse = np.unique(roots, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], dtype=np.intp)
