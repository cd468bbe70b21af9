"""Turns clusters into groups: every message is scored against every cluster, outliers again, anchors are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tg_parser.topics.grouping.clustering import WIDTHS, Labels
from tg_parser.topics.grouping.similarity import Floats, Items, above_chance
from tg_parser.topics.model import Group, Member, TopicOptions

DIGITS = 4
_ROUNDS = 2
_CELLS = 1_000_000
_LEAST_THEME = 3


@dataclass(frozen=True, slots=True)
class Fits:
    """Flat arrays of (row, cluster) pairs with their scores."""

    row: Labels
    cluster: Labels
    score: Floats
    similarity: Floats
    is_home: npt.NDArray[np.bool_]
    """Whether no other cluster scores higher for the row."""


def fit_score(similarity: Floats, half: float) -> Floats:
    """0..1 from the mean similarity above chance: 0 at chance, 0.5 at `half`, 0.6 at 1.5 and 0.75 at 3 times that."""
    positive = np.maximum(similarity, 0.0)
    return np.asarray(positive / (positive + half))


def form_groups(items: Items, labels: Labels, options: TopicOptions) -> list[Group]:
    """The groups that qualify: at least two anchors, and enough messages for their level; biggest first.

    A message's home is the cluster it fits best, even if clustering left it in none; clusters that do not qualify
    release their messages, then all are scored once more.
    """
    half = WIDTHS[options.level].half
    home = labels
    for _ in range(_ROUNDS):
        home = _standing(home, items, options)
        home = _homes(score_all(items, home, half, options.supporting_min_score), len(items))
    home = _standing(home, items, options)
    fits = score_all(items, home, half, options.supporting_min_score)
    groups = [group for group in _groups(fits, options) if len(group.anchors) > 1]
    return sorted(groups, key=lambda group: (-len(group.members), group.anchors[0].row))


def score_all(items: Items, home: Labels, half: float, least: float) -> Fits:
    """Every (message, cluster) whose score reaches `least`. The message itself does not count among the others.

    In a cluster that is not its best, a message loses as much score as it is less similar: a message between two topics
    belongs to both, one with a clear home to that alone.
    """
    count = int(home.max(initial=-1)) + 1
    if count == 0:
        nothing = np.zeros(0, dtype=np.intp)
        return Fits(nothing, nothing, np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    clusters = items.grouped(home, count)
    parts = [_fits_of(block, similarity, half, least) for block, similarity in _similarities(items, home, clusters)]
    return Fits(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _similarities(items: Items, home: Labels, clusters: Items) -> Iterator[tuple[Labels, Floats]]:
    """Mean similarity above chance of blocks of messages with all clusters, each without the message itself."""
    step = max(1, _CELLS // len(clusters))
    for start in range(0, len(items), step):
        rows = np.arange(start, min(start + step, len(items)))
        block = items.take(rows)
        products = block.products(clusters)
        pairs = np.tile(clusters.weights, (len(rows), 1))
        chance = np.tile(clusters.chance, (len(rows), 1))
        inside = np.flatnonzero(home[rows] >= 0)
        own = _own_products(block)
        at = (inside, home[rows][inside])
        products[at] -= own[inside]
        pairs[at] -= 1
        chance[at] -= block.chance[inside]
        chance = (chance + pairs * block.chance[:, None]) / 2
        similarity = np.where(pairs > 0, above_chance(products, np.maximum(pairs, 1), chance), 0.0)
        yield rows, similarity


def _own_products(block: Items) -> Floats:
    meaning = (block.meaning.astype(np.float64) ** 2).sum(axis=1)
    return np.asarray((meaning + np.asarray(block.words.multiply(block.words).sum(axis=1)).ravel()) / 2)


def _fits_of(
    rows: Labels, similarity: Floats, half: float, least: float
) -> tuple[Labels, Labels, Floats, Floats, npt.NDArray[np.bool_]]:
    best = similarity.argmax(axis=1)
    top = similarity[np.arange(len(rows)), best]
    share = np.maximum(similarity, 0.0) / np.where(top > 0, top, 1.0)[:, None]
    score = np.round(fit_score(similarity, half) * share, DIGITS)
    place, cluster = np.nonzero(score >= least)
    is_home = best[place] == cluster
    return rows[place], cluster, score[place, cluster], np.round(similarity[place, cluster], DIGITS), is_home


def _homes(fits: Fits, count: int) -> Labels:
    home = np.full(count, -1, dtype=np.intp)
    home[fits.row[fits.is_home]] = fits.cluster[fits.is_home]
    return home


def _standing(home: Labels, items: Items, options: TopicOptions) -> Labels:
    """`home` with clusters that are too small dissolved and the others renumbered.

    Two messages are a theme only if they tell one story.
    """
    count = int(home.max(initial=-1)) + 1
    sizes = np.bincount(home[home >= 0], minlength=count)
    qualifies = sizes >= 2
    if options.level == "theme":
        qualifies = sizes >= _LEAST_THEME
        for pair in np.flatnonzero(sizes == 2):
            qualifies[pair] = _pair_similarity(items.take(np.flatnonzero(home == pair))) >= WIDTHS["story"].cut
    number = np.where(qualifies, np.cumsum(qualifies) - 1, -1)
    return np.append(number, -1)[home]


def _pair_similarity(pair: Items) -> float:
    products = pair.products(pair)[:1, 1]
    return float(above_chance(products, np.ones(1), np.array([pair.chance.mean()]))[0])


def _groups(fits: Fits, options: TopicOptions) -> Iterator[Group]:
    order = np.lexsort((fits.row, -fits.score, fits.cluster))
    borders = np.flatnonzero(np.diff(fits.cluster[order])) + 1
    for part in np.split(order, borders):
        if len(part):
            yield _group(fits, part, options)


def _group(fits: Fits, places: Sequence[int] | Labels, options: TopicOptions) -> Group:
    found = [
        (Member(int(fits.row[p]), float(fits.score[p]), float(fits.similarity[p])), fits.is_home[p]) for p in places
    ]
    anchors = [member for member, at_home in found if at_home and member.score >= options.anchor_min_score]
    return Group(tuple(member for member, _ in found), tuple(anchors[: options.max_anchors]))
