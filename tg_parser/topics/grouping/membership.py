"""How well messages fit their group: the score of each among the others (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tg_parser.topics.grouping.similarity import Items, above_chance
from tg_parser.topics.grouping.word_weights import Floats
from tg_parser.topics.model import Level, Member

DIGITS = 4
CUTS: Mapping[Level, float] = {"event": 0.21, "story": 0.34}
"""The least mean similarity above chance of what is one event, or one story."""
KEPT_FROM = 0.7
"""A topic keeps what fits at least this share of the cut: one message more changes nothing."""
_SCORE_AT_CUT = 0.6
_HALF_OF_CUT = (1 - _SCORE_AT_CUT) / _SCORE_AT_CUT
"""A message exactly at the cut has the score 0.6; 0.5 is at two thirds of the cut."""
_ADDED_UP = 300
"""A message is compared with at most so many others of its group, the newest ones."""


def members_of(items: Items, rows: Sequence[int], level: Level) -> list[Member]:
    """The messages `rows` (in order of time) as members of one group, best first."""
    similarity = _with_the_others(items, rows)
    scores = fit_score(similarity, CUTS[level] * _HALF_OF_CUT)
    found = [
        Member(row, round(float(score), DIGITS), round(min(1.0, float(alike)), DIGITS))
        for row, score, alike in zip(rows, scores, similarity, strict=True)
    ]
    return sorted(found, key=lambda member: (-member.score, member.row))


def above_cut(items: Items, rows: Sequence[int], level: Level) -> list[int]:
    """`rows` without those that fit the others less than the cut of the level, the worst taken out first."""
    kept = list(rows)
    while len(kept) > 2:
        similarity = _with_the_others(items, kept)
        worst = int(similarity.argmin())
        if similarity[worst] >= CUTS[level]:
            break
        del kept[worst]
    return kept


def fitting(items: Items, members: Sequence[int], rows: Sequence[int], level: Level) -> list[int]:
    """Those of `rows` that fit the `members` of an existing topic."""
    if not rows or not members:
        return []
    similarity = items.take(np.array(rows, dtype=np.intp)).similarity(items.summed([members]))[:, 0]
    return [row for row, alike in zip(rows, similarity, strict=True) if alike >= CUTS[level]]


def misfits(items: Items, rows: Sequence[int], changed: Sequence[int], level: Level) -> list[int]:
    """Those of `rows` whose text has `changed` so much that they no longer fit the others."""
    if not changed or len(rows) < 2:
        return []
    similarity = dict(zip(rows, _with_the_others(items, rows), strict=True))
    return [row for row in changed if similarity[row] < KEPT_FROM * CUTS[level]]


def fit_score(similarity: Floats, half: float) -> Floats:
    """0..1 from the mean similarity above chance: 0 at chance, 0.5 at `half`, 0.6 at 1.5 and 0.75 at 3 times that."""
    positive = np.maximum(similarity, 0.0)
    return np.asarray(positive / (positive + half))


def _with_the_others(items: Items, rows: Sequence[int]) -> Floats:
    """The mean similarity of each message with the others of its group; 1 for a message alone."""
    if len(rows) == 1:
        return np.ones(1)
    own = items.take(np.array(rows, dtype=np.intp))
    seen = slice(max(0, len(rows) - _ADDED_UP), None)
    others = own if len(rows) <= _ADDED_UP else own.take(np.arange(len(rows))[seen])
    products = own.products(others)
    mine = np.zeros(len(rows))
    mine[seen] = np.diagonal(products[seen])
    pairs = np.full(len(rows), float(len(others)))
    pairs[seen] -= 1
    chance = (others.chance.sum() - np.where(mine > 0, own.chance, 0.0) + pairs * own.chance) / 2
    return above_chance(products.sum(axis=1) - mine, pairs, chance)
