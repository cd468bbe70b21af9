"""How well two groupings of the same posts agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

Labels = Sequence[object]
"""The group of each post, in their order."""


def b_cubed(found: Labels, wanted: Labels) -> float:
    """The harmonic mean of B-cubed precision and recall."""
    clusters, classes = defaultdict(set), defaultdict(set)
    for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
        clusters[one].add(place)
        classes[other].add(place)
    precision = recall = 0.0
    for one, other in zip(found, wanted, strict=True):
        both = len(clusters[one] & classes[other])
        precision += both / len(clusters[one]) / len(found)
        recall += both / len(classes[other]) / len(found)
    return 2 * precision * recall / (precision + recall)


def pairs_f1(found: Labels, wanted: Labels) -> float:
    """F1 of the pairs of posts that are together."""
    ours, theirs = (
        {pair for pair in combinations(range(len(labels)), 2) if labels[pair[0]] == labels[pair[1]]}
        for labels in (found, wanted)
    )
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours or theirs else 1.0
