"""Finds the groups that need telling apart from a group: those most like it, of about the same time (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tg_parser.topics.grouping.growth import DAYS
from tg_parser.topics.grouping.linkage import Places
from tg_parser.topics.grouping.similarity import Items
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.grouping.word_weights import Floats
from tg_parser.topics.model import Group

_RELATED = 3
_LEVELS = ("wanted", "story", "event")
_AT_ONCE = 200
_NEAR_FROM = 0.0625
"""Groups are near from this similarity, three tenths of what would make them one event."""
_SEEN = 200


def near_groups(groups: Sequence[Group], items: Items, corpus: Corpus, places: Sequence[int]) -> list[list[int]]:
    """For each group at `places`, the places of those of its level near enough to need telling apart, nearest first.

    Groups between which more days lie than in a story need none.
    """
    near: dict[int, list[int]] = {}
    asked = set(places)
    for level in _LEVELS:
        own = [place for place, group in enumerate(groups) if group.level == level]
        days = np.array([days_of(groups[place], corpus) for place in own]).reshape(-1, 2)
        order = np.argsort(days[:, 0], kind="stable")
        sums = items.summed([[member.row for member in groups[place].members[:_SEEN]] for place in own])
        wanted = [int(at) for at in order if own[at] in asked]
        for rows, others, similarity in blocks(sums, days, wanted):
            for row, nearest in zip(rows, _nearest(others, similarity, sums), strict=True):
                near[own[int(row)]] = [own[other] for other in nearest]
    return [near[place] for place in places]


def blocks(sums: Items, days: Floats, rows: Sequence[int]) -> Iterator[tuple[Places, Places, Floats]]:
    """Some of `rows`, in their order, at a time: their similarity to all groups near enough in time to any of them.

    It is -1 of a group with itself and of two between which more days lie than in a story. `days` are the first and the
    last of each group; the fewer days `rows` in a block span, the fewer groups are compared.
    """
    for start in range(0, len(rows), _AT_ONCE):
        some = np.array(rows[start : start + _AT_ONCE], dtype=np.intp)
        others = _in_time(days, some)
        similarity = np.round(sums.take(some).similarity(sums.take(others)), 6)
        apart = np.maximum(days[others, 0][None, :] - days[some, 1][:, None], days[some, 0][:, None] - days[others, 1])
        similarity[(apart > DAYS["story"]) | (some[:, None] == others[None, :])] = -1
        yield some, others, similarity


def days_of(group: Group, corpus: Corpus) -> tuple[float, float]:
    """The first and the last day of a group, as numbers."""
    days = [corpus.documents[member.row].date.timestamp() / 86_400 for member in group.members]
    return min(days), max(days)


def _in_time(days: Floats, rows: Places) -> Places:
    """The groups that are near enough in time to any of `rows`."""
    most = DAYS["story"]
    near = (days[:, 0] <= days[rows, 1].max() + most) & (days[:, 1] >= days[rows, 0].min() - most)
    return np.flatnonzero(near)


def _nearest(others: Places, similarity: Floats, sums: Items) -> Iterator[list[int]]:
    for row in similarity:
        best = np.argsort(-row, kind="stable")[:_RELATED]
        yield [int(others[place]) for place in best if row[place] >= _NEAR_FROM and sums.weights[others[place]]]
