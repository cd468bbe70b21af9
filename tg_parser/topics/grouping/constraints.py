"""What people did to topics, as rules for a run: which messages a topic must have, may not have, and what stays (pure).

A topic that a person has edited is held: no run merges it into another, splits or ends it, and a rebuild leaves it as
it is, with the events of a held story.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tg_parser.domain.topics import TopicEdit
from tg_parser.topics.matching import known_refs
from tg_parser.topics.model import ByHand, KnownTopic

if TYPE_CHECKING:
    from tg_parser.topics.grouping.growth import Growing

Refs = set[str]


def with_edits(known: Iterable[KnownTopic], edits: Sequence[TopicEdit]) -> list[KnownTopic]:
    """The `known` topics, each with what people did to it."""
    topics = list(known)
    said = by_hand(edits, {topic.card.id: topic.card.level for topic in topics})
    return [replace(topic, by_hand=said.get(topic.card.id, topic.by_hand)) for topic in topics]


def by_hand(edits: Sequence[TopicEdit], levels: Mapping[str, str]) -> dict[str, ByHand]:
    """What holds for each topic, by id, after all edits that are not undone; what was said last counts.

    A message is at home in one topic of a level at most.
    """
    own, barred = defaultdict[str, Refs](set), defaultdict[str, Refs](set)
    titles, pinned, held = dict[str, str](), set[str](), set[str]()

    def bring_home(refs: Iterable[str], to: str) -> None:
        for id_, others in own.items():
            if levels.get(id_) == levels.get(to):
                others.difference_update(refs)
        own[to].update(refs)
        barred[to].difference_update(refs)

    def bar(refs: Iterable[str], of: str) -> None:
        barred[of].update(refs)
        own[of].difference_update(refs)

    for edit in (one for one in edits if one.undone_at is None):
        topic = edit.other_id if edit.kind == "split" and edit.other_id else edit.topic_id
        held.add(topic)
        if edit.title is not None:
            titles[topic] = edit.title
        if edit.kind == "pin":
            pinned.add(topic)
        bring_home(edit.messages, topic)
        for other, refs in edit.before.items():
            if edit.kind == "merge":
                barred[topic].update(barred.pop(other, set()) - own[topic])
            elif levels.get(other) == levels.get(topic):
                bar(set(refs).intersection(edit.messages), other)
                bar(set(refs).difference(edit.messages), topic)
    return {
        id_: ByHand(id_ in held, titles.get(id_), id_ in pinned, frozenset(own[id_]), frozenset(barred[id_]))
        for id_ in held.union(own, barred)
    }


def mark(edits: Sequence[TopicEdit]) -> str:
    """Differs whenever an edit has come or has been undone."""
    return " ".join(f"{edit.number}{'-' if edit.undone_at else '+'}" for edit in edits)


def own_refs(topic: KnownTopic) -> set[str]:
    """The messages of a topic by earlier runs and by hand."""
    return (known_refs(topic) | topic.by_hand.own) - topic.by_hand.barred


def standing(live: Sequence[KnownTopic]) -> list[KnownTopic]:
    """The topics that a rebuild leaves as they are: those that are held, and the events of held stories."""
    held = {topic.card.id for topic in live if topic.by_hand.is_held}
    return [topic for topic in live if topic.card.id in held or topic.card.parent_id in held]


def allowed(topic: Growing, parts: Iterable[Sequence[int]]) -> set[int]:
    """The messages of those `parts` that may join a topic; a part joins as a whole."""
    return {row for part in parts if topic.barred.isdisjoint(part) for row in part}


def may_merge(one: Growing, other: Growing) -> bool:
    """Whether a run may make two topics one: no pinned topic, no two held ones, none kept apart by a person."""
    if (one.is_held and other.is_held) or _is_pinned(one) or _is_pinned(other):
        return False
    return one.barred.isdisjoint(other.rows) and other.barred.isdisjoint(one.rows)


def _is_pinned(one: Growing) -> bool:
    return one.known is not None and one.known.by_hand.pinned
