"""New groups and known topics: which is which, so that a topic keeps its id for as long as it lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tg_parser.domain.refs import topic_id
from tg_parser.topics.model import KnownTopic

LEAST_OVERLAP = 0.25
_DIGITS = 6


def match_known(
    groups: Sequence[Sequence[str]], known: Sequence[KnownTopic], certain: Mapping[int, KnownTopic] | None = None
) -> dict[int, KnownTopic]:
    """The known topic that each group (its refs) continues, one to one: the `certain` ones, then by overlap.

    A group continues a topic when they share messages enough, or the topic's anchors: also one that was retired.
    """
    holders: dict[str, list[int]] = defaultdict(list)
    for place, refs in enumerate(groups):
        for ref in refs:
            holders[ref].append(place)
    pairs = sorted(
        (-overlap(groups[place], topic), topic.card.status == "retired", topic.card.id, place)
        for topic in known
        for place in {place for ref in known_refs(topic) for place in holders.get(ref, ())}
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
    """0..1: the mean of what the messages have in common (Dice) and the share of the topic's anchors among `refs`."""
    now, then = set(refs), known_refs(topic)
    anchors = {anchor.anchor_ref for anchor in topic.card.anchors}
    dice = 2 * len(now & then) / (len(now) + len(then))
    return round((dice + len(anchors & now) / len(anchors)) / 2, _DIGITS)


def known_refs(topic: KnownTopic) -> set[str]:
    """The messages of a known topic: its anchors and all of its bundle."""
    anchors = {anchor.anchor_ref for anchor in topic.card.anchors}
    return anchors | ({item.source_ref for item in topic.bundle.items} if topic.bundle else set())


def assign_ids(
    groups: Sequence[Sequence[str]], matched: Mapping[int, KnownTopic], known: Sequence[KnownTopic]
) -> list[str]:
    """An id per group: the known topic's, else one made of its first message (anchors come first) that no topic has."""
    taken = {topic.card.id for topic in known}
    ids: list[str] = []
    for place, refs in enumerate(groups):
        if place in matched:
            ids.append(matched[place].card.id)
            continue
        free = [topic_id(ref) for ref in refs if topic_id(ref) not in taken]
        ids.append(free[0])
        taken.add(free[0])
    return ids
