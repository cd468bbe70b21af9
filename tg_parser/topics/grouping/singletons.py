"""Topics of one message: the few outliers with enough content to be a topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from tg_parser.topics.grouping.membership import CUTS, DIGITS
from tg_parser.topics.grouping.similarity import Items
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.model import Group, Member, TopicOptions

_HALF_STRENGTH = 15
_CLUSTERS_A_SINGLETON = 4
_LEAST_ALLOWED = 3
_MONTH = 30


def strength(stems: Collection[str]) -> float:
    """0..1 from how much a message says: 0.5 at 15 different content words, 0.75 at 45."""
    different = len(set(stems))
    return round(different / (different + _HALF_STRENGTH), DIGITS)


def find_singletons(
    items: Items, corpus: Corpus, groups: Sequence[Group], new: Iterable[int], options: TopicOptions
) -> list[Group]:
    """Strong messages among the `new` ones (rows) in no group, the strongest first; none repeats another of its month.

    With those that are groups already, they are at most one for every four other groups, so that they never swamp them.
    """
    inside = {member.row for group in groups for member in group.members}
    scores = {
        row: score
        for row in new
        if row not in inside
        and len(corpus.documents[row].text) >= options.singleton_min_chars
        and (score := strength(corpus.stems[row])) >= options.singleton_min_score
    }
    ranked = sorted(scores, key=lambda row: (-scores[row], row))
    there = sum(group.is_singleton for group in groups)
    most = max(_LEAST_ALLOWED, (len(groups) - there) // _CLUSTERS_A_SINGLETON) - there
    chosen: list[int] = []
    of_month = defaultdict[int, list[int]](list)
    for row in ranked:
        if len(chosen) >= most:
            break
        month = corpus.documents[row].date.toordinal() // _MONTH
        near = [other for at in (month - 1, month, month + 1) for other in of_month.get(at, ())]
        if not _retells(items, row, near):
            chosen.append(row)
            of_month[month].append(row)
    members = [Member(row, scores[row], 1.0) for row in chosen]
    return [
        Group((member,), (member,), level="event")
        for member in sorted(members, key=lambda member: (-member.score, member.row))
    ]


def _retells(items: Items, row: int, chosen: Sequence[int]) -> bool:
    if not chosen:
        return False
    similarity = items.take(np.array([row])).similarity(items.take(np.array(chosen)))
    return bool(similarity.max() >= CUTS["event"])
