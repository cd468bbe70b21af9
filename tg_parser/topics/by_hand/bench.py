"""The topics that an edit is about, while it changes them: who has which messages, and what happened (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tg_parser.domain.topics import BundleItem, TopicBundle, TopicCard, TopicChange, TopicChangeKind, TopicLevel
from tg_parser.topics.by_hand.members import unscored, with_members
from tg_parser.topics.finalizing import Topic


@dataclass(slots=True)
class Bench:
    """Topics by id with their messages by ref, as `by` leaves them at the time `now`.

    `dates` are those of messages, `held` the topics that stay because a person has edited them.
    """

    by: str
    now: datetime
    topics: dict[str, Topic]
    dates: Mapping[str, datetime] = field(default_factory=dict)
    held: Collection[str] = ()
    changes: list[TopicChange] = field(default_factory=list)
    members: dict[str, dict[str, BundleItem]] = field(init=False)
    _touched: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.members = {
            id_: {item.source_ref: item for item in bundle.items} for id_, (_, bundle) in self.topics.items()
        }

    def card(self, id_: str) -> TopicCard:
        """The card of a topic."""
        return self.topics[id_][0]

    def level(self, id_: str) -> TopicLevel:
        """The level of a topic."""
        return self.card(id_).level

    def parent(self, id_: str) -> str | None:
        """The story of an event, if that is here and not over."""
        parent = self.card(id_).parent_id
        return parent if parent in self.topics and self.card(parent).status == "active" else None

    def live(self, level: TopicLevel) -> list[str]:
        """The topics of a level that are not over."""
        return [id_ for id_, (card, _) in self.topics.items() if card.level == level and card.status == "active"]

    def events_of(self, story: str) -> list[str]:
        """The events in a story."""
        return [id_ for id_ in self.live("event") if self.card(id_).parent_id == story]

    def homes(self, ref: str, level: TopicLevel) -> list[str]:
        """The topics of a level that have a message."""
        return [id_ for id_ in self.live(level) if ref in self.members[id_]]

    def update(self, id_: str, **facts: Any) -> None:
        """Change facts of a card."""
        card, bundle = self.topics[id_]
        self.topics[id_] = card.model_copy(update={**facts, "updated_at": self.now}), bundle
        self._touched[id_] = None

    def put(self, topic: Topic) -> None:
        """Add a new topic."""
        id_ = topic[0].id
        self.topics[id_] = topic
        self.members[id_] = {item.source_ref: item for item in topic[1].items}
        self._touched[id_] = None

    def note(
        self, id_: str, kind: TopicChangeKind, reason: str, other: str | None = None, refs: Iterable[str] = ()
    ) -> None:
        """Record a step in the life of a topic."""
        refs = tuple(sorted(refs))
        self.changes.append(
            TopicChange(topic_id=id_, at=self.now, kind=kind, reason=reason, other_id=other, messages=refs, by=self.by)
        )

    def take(self, id_: str, refs: Iterable[str]) -> list[BundleItem]:
        """Take messages out of a topic."""
        self._touched[id_] = None
        return [self.members[id_].pop(ref) for ref in sorted(refs) if ref in self.members[id_]]

    def give(self, id_: str, items: Iterable[BundleItem]) -> list[str]:
        """Put messages into a topic; returns those it did not have."""
        new = [item for item in unscored(items) if item.source_ref not in self.members[id_]]
        self.members[id_].update({item.source_ref: item for item in new})
        self._touched[id_] = None
        return [item.source_ref for item in new]

    def end(self, id_: str) -> None:
        """End a topic; it keeps the messages it had."""
        self.update(id_, status="retired")
        self.members[id_] = {item.source_ref: item for item in self.topics[id_][1].items}

    def settle_stories(self) -> None:
        """A story has all messages of its events and none of the events of others; one that is empty or has become one
        event is over.
        """
        for event in self.live("event"):
            self._settle_event(event)
        for story in self.live("story"):
            events, refs = self.events_of(story), self.members[story]
            if refs and len(events) == 1 and story not in self.held and refs.keys() <= self.members[events[0]].keys():
                self.note(story, "merged", "it has become one event", events[0], refs)
                self.update(events[0], parent_id=None)
                self.end(story)
        for id_ in [*self.live("event"), *self.live("story")]:
            if not self.members[id_]:
                self.note(id_, "retired", "none of its messages is left")
                self.end(id_)

    def _settle_event(self, event: str) -> None:
        story, own = self.parent(event), self.members[event]
        for ref in sorted(own):
            for other in self.homes(ref, "story"):
                if other != story:
                    self.take(other, [ref])
                    self.note(other, "lost", "its event belongs elsewhere", story, [ref])
        if story is not None and (came := self.give(story, own.values())):
            self.note(story, "grew", "its event has new messages", event, came)

    def result(self) -> Sequence[tuple[TopicCard, TopicBundle]]:
        """The topics that are not as they were, by id."""
        found = []
        for id_ in sorted(self._touched):
            topic, items = self.topics[id_], list(self.members[id_].values())
            if {item.source_ref for item in topic[1].items} != self.members[id_].keys():
                topic = with_members(topic, items, self.dates, self.now)
            found.append(topic)
        return found
