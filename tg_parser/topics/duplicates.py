"""Topics found twice: which pairs may be the same, and how those that are become one (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice

import numpy as np

from tg_parser.domain.refs import naming_ref
from tg_parser.topics.grouping.membership import CUTS
from tg_parser.topics.grouping.near import blocks, days_of
from tg_parser.topics.grouping.similarity import Items
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.model import Group, KnownTopic, Member, TopicOptions

MOST_PAIRS = 30
_FLOOR = 0.5
"""Topics may be the same from this share of the similarity that would have merged them at once."""
_SHARED = 0.1
_CORE = 50
_TELLING_STEMS = 8


@dataclass(frozen=True, slots=True, order=True)
class GroupPair:
    """Positions of two groups, the lower first, that may be one topic."""

    first: int
    second: int


def may_merge(groups: Sequence[Group], items: Items, corpus: Corpus, touched: Collection[int]) -> list[GroupPair]:
    """Pairs above the floor that share messages or telling words, the most similar first, limited in number.

    At least one of a pair is `touched` by this run, and both are of one level. Two wanted topics are never one: the
    user keeps them apart. Nor are two between which more days lie than in a story.
    """
    found = {
        (-similarity, pair)
        for similarity, pair in _near(groups, items, corpus, touched)
        if _comparable(groups[pair.first], groups[pair.second])
    }
    stems = cache(lambda place: _telling_stems(groups[place], corpus))
    checked = (pair for _, pair in sorted(found) if _share(groups, pair, stems))
    return list(islice(checked, MOST_PAIRS))


def _near(
    groups: Sequence[Group], items: Items, corpus: Corpus, touched: Collection[int]
) -> Iterator[tuple[float, GroupPair]]:
    """The pairs above the floor with a `touched` one, some of them twice."""
    sums = items.summed([[member.row for member in group.members[:_CORE]] for group in groups])
    days = np.array([days_of(group, corpus) for group in groups]).reshape(-1, 2)
    for rows, others, similarity in blocks(sums, days, sorted(touched, key=lambda place: (days[place, 0], place))):
        for row, other in np.argwhere(similarity >= _FLOOR * CUTS["event"]):
            first, second = sorted((int(rows[row]), int(others[other])))
            yield float(similarity[row, other]), GroupPair(first, second)


def _comparable(one: Group, other: Group) -> bool:
    return not (one.wanted and other.wanted) and (one.level == other.level or "wanted" in (one.level, other.level))


def joint(pairs: Iterable[GroupPair], allowed: Iterable[GroupPair]) -> list[tuple[int, ...]]:
    """Sorted lists of positions to be joined, from the `pairs` that a model calls one topic.

    When three or more would become one, every two must be `allowed`: a chain of similarities does not join its ends.
    """
    may = set(allowed)
    sets: list[frozenset[int]] = []
    for pair in sorted(set(pairs)):
        touched = [one for one in sets if one & {pair.first, pair.second}]
        whole = frozenset({pair.first, pair.second}).union(*touched)
        if all(GroupPair(a, b) in may for a in whole for b in whole if a < b):
            sets = [one for one in sets if one not in touched] + [whole]
    return sorted(tuple(sorted(one)) for one in sets)


def join(groups: Sequence[Group], options: TopicOptions) -> Group:
    """One group from several: each message with its best score, the best of their anchors."""
    members = _best(member for group in groups for member in group.members)
    chosen = {member.row for group in groups for member in group.anchors}
    anchors = tuple(member for member in members if member.row in chosen)[: options.max_anchors]
    asked = next((group for group in groups if group.wanted), groups[0])
    return Group(members, anchors, asked.wanted, asked.half, asked.level)


def survivor(parts: Sequence[int], matched: Mapping[int, KnownTopic], corpus: Corpus) -> KnownTopic | None:
    """The oldest topic that `parts` continue, by the message its id names. None if all are new."""
    dates = {document.source_ref: document.date for document in corpus.documents}
    topics = [matched[place] for place in parts if place in matched]

    def age(topic: KnownTopic) -> tuple[bool, datetime | None, str]:
        ref = naming_ref(topic.card.id)
        return ref in dates, dates.get(ref), topic.card.id

    return min(topics, key=age, default=None)


def _telling_stems(group: Group, corpus: Corpus) -> frozenset[str]:
    """The stems that are most frequent in a group's best messages and rarest in the others."""
    rows = [member.row for member in group.members[:_CORE]]
    counts: dict[str, int] = {}
    for row in rows:
        for stem in set(corpus.stems[row]):
            counts[stem] = counts.get(stem, 0) + 1
    shared = [stem for stem, count in counts.items() if 2 * count >= len(rows)]
    ranked = sorted(shared, key=lambda stem: (-counts[stem] / corpus.frequency[stem], -counts[stem], stem))
    return frozenset(ranked[:_TELLING_STEMS])


def _share(groups: Sequence[Group], pair: GroupPair, stems: Callable[[int], frozenset[str]]) -> bool:
    rows, others = ({member.row for member in groups[place].members} for place in (pair.first, pair.second))
    shared = 2 * len(rows & others) / (len(rows) + len(others))
    return shared >= _SHARED or not stems(pair.first).isdisjoint(stems(pair.second))


def _best(members: Iterable[Member]) -> tuple[Member, ...]:
    best: dict[int, Member] = {}
    for member in members:
        if member.row not in best or best[member.row].score < member.score:
            best[member.row] = member
    return tuple(sorted(best.values(), key=lambda member: (-member.score, member.row)))
