"""What each edit does to the topics it is about (pure). Raises TopicEditError where it makes no sense."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from tg_parser.domain.errors import TopicEditError
from tg_parser.domain.topics import BundleItem, TopicLevel
from tg_parser.topics.by_hand.bench import Bench
from tg_parser.topics.finalizing import Topic

Before = dict[str, tuple[str, ...]]
MakeTopic = Callable[[Sequence[BundleItem], TopicLevel], Topic]


def merge(bench: Bench, kept: str, gone: str) -> Before:
    """All messages of `gone` become messages of `kept`; a story brings its events along."""
    if kept == gone:
        raise TopicEditError("A topic cannot be merged with itself.", case="same_topic", topic_id=kept)
    if bench.level(kept) != bench.level(gone):
        raise TopicEditError(
            f"Topic {kept!r} is of the level {bench.level(kept)}, {gone!r} of the level {bench.level(gone)}: "
            "only topics of one level can be merged.",
            case="other_level",
            topic_id=gone,
        )
    refs, story = tuple(sorted(bench.members[gone])), bench.parent(gone)
    for event in bench.events_of(gone):
        bench.update(event, parent_id=kept)
    if bench.level(kept) == "event" and bench.parent(kept) is None and story is not None:
        bench.update(kept, parent_id=story)
    came = bench.give(kept, bench.take(gone, refs))
    bench.note(gone, "merged", "a person says that both are one", kept, refs)
    bench.note(kept, "grew", "a person says that both are one", gone, came)
    bench.end(gone)
    bench.settle_stories()
    return {gone: refs}


def split(bench: Bench, topic_id: str, refs: Collection[str], make: MakeTopic) -> tuple[str, Before]:
    """The messages `refs` of a topic become a new one; returns its id."""
    own, level = bench.members[topic_id], bench.level(topic_id)
    for ref in sorted(refs):
        if ref not in own:
            raise TopicEditError(
                f"Message {ref} is not in topic {topic_id!r}.", case="not_in_topic", ref=ref, topic_id=topic_id
            )
    if own.keys() <= set(refs):
        raise TopicEditError(
            f"These are all messages of topic {topic_id!r}: nothing would be left.",
            case="nothing_left",
            topic_id=topic_id,
        )
    before = {topic_id: tuple(sorted(own))}
    events = _whole_events(bench, refs) if level == "story" else []
    new = make(bench.take(topic_id, refs), level)
    parent = bench.parent(topic_id)
    bench.put((new[0].model_copy(update={"parent_id": parent}), new[1]))
    bench.note(new[0].id, "split", "a person says that they belong apart", topic_id, refs)
    bench.note(topic_id, "lost", "a person says that they belong apart", new[0].id, refs)
    for event in events:
        bench.update(event, parent_id=new[0].id)
    bench.settle_stories()
    return new[0].id, before


def move(bench: Bench, refs: Collection[str], to: str) -> Before:
    """The messages `refs` become messages of the topic `to`, and of no other of its level."""
    level, before = bench.level(to), defaultdict[str, list[str]](list)
    items: dict[str, BundleItem] = {}
    for ref in sorted(refs):
        holders = [*bench.homes(ref, "event"), *bench.homes(ref, "story")]
        if not holders:
            raise TopicEditError(f"Message {ref} is in no topic.", case="in_no_topic", ref=ref)
        if ref in bench.members[to]:
            raise TopicEditError(
                f"Message {ref} is in topic {to!r} already.", case="in_topic_already", ref=ref, topic_id=to
            )
        items[ref] = bench.members[holders[0]][ref]
        for old in bench.homes(ref, level) or holders:
            before[old].append(ref)
    for event in _whole_events(bench, refs) if level == "story" else []:
        bench.update(event, parent_id=to)
        bench.note(event, "moved", "a person says that it belongs there", to, bench.members[event])
    for old, gone in before.items():
        if bench.level(old) == level:
            bench.take(old, gone)
            bench.note(old, "lost", "a person says that they belong elsewhere", to, gone)
    bench.give(to, items.values())
    bench.note(to, "moved", "a person says that they belong here", min(before), refs)
    bench.settle_stories()
    return {id_: tuple(own) for id_, own in sorted(before.items())}


def _whole_events(bench: Bench, refs: Collection[str]) -> list[str]:
    """The events whose messages `refs` are. An event lies in one story: all its messages must be among them."""
    events = sorted({event for ref in refs for event in bench.homes(ref, "event")})
    for event in events:
        rest = sorted(bench.members[event].keys() - set(refs))
        if rest:
            raise TopicEditError(
                f"Event {event!r} would lie in two stories: {len(rest)} more of its messages are not named.",
                "Name the event instead of the message, or first move the message to another event.",
                case="part_of_event",
                topic_id=event,
            )
    return events
