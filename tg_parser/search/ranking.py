"""Ranking: what words say and what meaning says, added up (pure).

Scores of words are divided by the best of their query, because BM25 has no scale of its own; a cosine has one. A plain
sum of the two beats ranks by far where a query is in another language than the messages, so that words find nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

WEIGHT_OF_WORDS = 0.5


class Ranked(NamedTuple):
    """A message with its score, and the two parts of it: from 0 to 1, and from -1 to 1."""

    source_ref: str
    score: float
    words: float
    meaning: float


def fused(words: Mapping[str, float], meaning: Mapping[str, float]) -> list[Ranked]:
    """The messages of both, best first, equal ones by ref; `words` are BM25 scores, `meaning` cosines.

    A message that only one of the two has found counts 0 in the other.
    """
    best = max(words.values(), default=0.0)
    scale = 1 / best if best > 0 else 0.0
    ranked = (
        Ranked(ref, WEIGHT_OF_WORDS * by_words + by_meaning, by_words, by_meaning)
        for ref in words.keys() | meaning.keys()
        for by_words, by_meaning in [(words.get(ref, 0.0) * scale, meaning.get(ref, 0.0))]
    )
    return sorted(ranked, key=lambda one: (-one.score, one.source_ref))


def folded_copies(ranked: Iterable[Ranked], same: Mapping[str, str]) -> dict[str, list[Ranked]]:
    """Messages under the best of those that say the same, in order; `same` names each message's group.

    A message that is in no group stands alone.
    """
    groups: dict[str, list[Ranked]] = {}
    for one in ranked:
        groups.setdefault(same.get(one.source_ref, one.source_ref), []).append(one)
    return {group[0].source_ref: group[1:] for group in groups.values()}
