"""Ranking: what words say and what meaning says, added up (pure).

The score of words is a share of the most that the query could give, not of the best that was found: where a query is in
another language than the messages, the best that words find is next to nothing, and must not count as much as meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

WEIGHT_OF_WORDS = 1.0


class Ranked(NamedTuple):
    """A message with its score, and the two parts of it: from 0 to 1, and from -1 to 1."""

    source_ref: str
    score: float
    words: float
    meaning: float


def fused(words: Mapping[str, float], meaning: Mapping[str, float]) -> list[Ranked]:
    """The messages of both, best first, equal ones by ref; `words` are shares, `meaning` cosines.

    A message that only one of the two has found counts 0 in the other.
    """
    ranked = (
        Ranked(ref, WEIGHT_OF_WORDS * by_words + by_meaning, by_words, by_meaning)
        for ref in words.keys() | meaning.keys()
        for by_words, by_meaning in [(words.get(ref, 0.0), meaning.get(ref, 0.0))]
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
