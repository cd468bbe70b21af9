"""Topics: the card, its anchors, and the bundle of messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from tg_parser.domain.messages import Contract
from tg_parser.domain.refs import MessageType
from tg_parser.domain.utc_field import UtcTime

TopicType = Literal["singleton", "cluster"]
MemberRole = Literal["anchor", "supporting"]
TopicStatus = Literal["active", "retired"]
TopicLevel = Literal["event", "story", "wanted"]
"""An event is one happening, a story what belongs together over days; a wanted topic is what a user asked for."""
TopicChangeKind = Literal[
    "born",
    "grew",
    "lost",
    "merged",
    "split",
    "moved",
    "renamed",
    "retired",
    "revived",
    "dormant",
    "woken",
    "hidden",
    "shown",
    "pinned",
    "unpinned",
]
TopicEditKind = Literal["rename", "merge", "split", "move", "hide", "pin"]
ENDS: frozenset[TopicChangeKind] = frozenset({"merged", "retired"})
"""After these a topic is over, unless it is revived."""

DORMANT_AFTER = timedelta(days=14)
"""A topic sleeps if its last message is so much older than the newest one of its channel. After twice this time nothing
joins a story any more, so it can still wake.
"""


class Anchor(Contract):
    """A message that represents its topic."""

    channel_id: str
    message_id: str
    message_type: MessageType
    anchor_ref: str
    score: float | None = Field(default=None, ge=0.0, le=1.0)
    parent_message_id: str | None = None
    thread_id: str | None = None


class TopicCard(Contract):
    """Description of a topic: title, scope, anchors. `sources` are the ids of its channels.

    The parent of an event is the story it belongs to, if it belongs to one. A hidden topic is left out of lists, search
    and exports; a pinned one stands first, and no run merges, splits or ends it. A dormant one has had no new message
    for two weeks of its channel.
    """

    id: str
    title: str
    summary: str
    scope_in: tuple[str, ...] = Field(min_length=1)
    scope_out: tuple[str, ...] = Field(min_length=1)
    type: TopicType
    level: TopicLevel = "event"
    parent_id: str | None = None
    anchors: tuple[Anchor, ...] = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)
    updated_at: UtcTime
    tags: tuple[str, ...] = ()
    related_topics: tuple[str, ...] = ()
    status: TopicStatus = "active"
    hidden: bool = False
    pinned: bool = False
    dormant: bool = False
    metadata: dict[str, Any] = Field(default_factory=dict)


class BundleItem(Contract):
    """One message of a bundle."""

    channel_id: str
    message_id: str
    message_type: MessageType
    source_ref: str
    role: MemberRole
    score: float | None = Field(default=None, ge=0.0, le=1.0)
    justification: str | None = None
    thread_id: str | None = None
    parent_message_id: str | None = None


class TimeRange(Contract):
    """From the first to the last message of a bundle."""

    from_: UtcTime = Field(alias="from")
    to: UtcTime

    model_config = Contract.model_config | {"populate_by_name": True, "serialize_by_alias": True}


class TopicBundle(Contract):
    """The messages of a topic, both anchors and supporting ones, without duplicates."""

    topic_id: str
    items: tuple[BundleItem, ...] = Field(min_length=1)
    updated_at: UtcTime
    time_range: TimeRange | None = None
    channels: tuple[str, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)


class TopicChange(Contract):
    """One step in the life of a topic: what happened, when, and why.

    `other_id` is the topic it was merged into, split from, or that messages moved to or from; `messages` are the refs
    of the messages that came or went. `by` is the person who did it; None for the program.
    """

    topic_id: str
    at: UtcTime
    kind: TopicChangeKind
    reason: str
    other_id: str | None = None
    messages: tuple[str, ...] = ()
    by: str | None = None


class TopicEdit(Contract):
    """What a person did to a topic; until it is undone, no run changes it.

    `messages` are those that belong to the topic from then on: to the new one, `other_id`, if they were split off. A
    topic that was merged into this one is `other_id`, too. `before` are messages, by the id of the topic they were in.
    """

    number: int
    at: UtcTime
    by: str
    kind: TopicEditKind
    topic_id: str
    other_id: str | None = None
    title: str | None = None
    old_title: str | None = None
    messages: tuple[str, ...] = ()
    before: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    undone_at: UtcTime | None = None
    undone_by: str | None = None
