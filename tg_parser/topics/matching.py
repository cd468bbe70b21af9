"""Matches new groups with known topics, so that a topic keeps its id as long as it exists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count

from tg_parser.domain.refs import topic_id
from tg_parser.topics.model import KnownTopic

LEAST_OVERLAP = 0.25
LEAST_REVIVED = 0.5
"""The overlap (Dice) that brings a retired topic back: its id must not return for other content."""

_DIGITS = 6


def match_known(
    groups: Sequence[Sequence[str]], known: Sequence[KnownTopic], certain: Mapping[int, KnownTopic] | None = None
) -> dict[int, KnownTopic]:
    """The known topic that each group (its refs) continues, one to one: the `certain` ones, then by overlap.

    A group continues a topic if they share enough messages, or the topic's anchors; a retired one only if they are
    mostly the same messages.
    """
    holders: dict[str, list[int]] = defaultdict(list)
    for place, refs in enumerate(groups):
        for ref in refs:
            holders[ref].append(place)
    pairs = sorted(
        (-overlap(groups[place], topic), topic.card.status == "retired", topic.card.id, place)
        for topic in known
        for place in {place for ref in known_refs(topic) for place in holders.get(ref, ())}
        if topic.card.status == "active" or _dice(set(groups[place]), known_refs(topic)) >= LEAST_REVIVED
    )
    by_id = {topic.card.id: topic for topic in known}
    matched = dict(certain or {})
    taken = {topic.card.id for topic in matched.values()}
    for shared, _, known_id, place in pairs:
        if -shared >= LEAST_OVERLAP and place not in matched and known_id not in taken:
            matched[place] = by_id[known_id]
            taken.add(known_id)
    return matched


def overlap(refs: Iterable[str], topic: KnownTopic) -> float:
    """0..1: the mean of the overlap in messages (Dice) and the share of the topic's anchors among `refs`."""
    now, then = set(refs), known_refs(topic)
    anchors = {anchor.anchor_ref for anchor in topic.card.anchors}
    return round((_dice(now, then) + len(anchors & now) / len(anchors)) / 2, _DIGITS)


def _dice(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))


def known_refs(topic: KnownTopic) -> set[str]:
    """The messages of a known topic: its anchors and all of its bundle."""
    anchors = {anchor.anchor_ref for anchor in topic.card.anchors}
    return anchors | ({item.source_ref for item in topic.bundle.items} if topic.bundle else set())


def assign_ids(groups: Sequence[Sequence[str]], matched: Mapping[int, KnownTopic], taken: Collection[str]) -> list[str]:
    """An id per group: that of the known topic it continues, else a new one that is not `taken`."""
    given = set(taken) | {topic.card.id for topic in matched.values()}
    ids: list[str] = []
    for place, refs in enumerate(groups):
        id_ = matched[place].card.id if place in matched else next(one for one in _names(refs) if one not in given)
        ids.append(id_)
        given.add(id_)
    return ids


def _names(refs: Sequence[str]) -> Iterator[str]:
    """Possible ids of a new topic, best first, without end (anchors come first in `refs`)."""
    yield from map(topic_id, refs)
    yield from (topic_id(refs[0], turn) for turn in count(2))
