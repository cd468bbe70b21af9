"""Input and output of topic discovery: documents and known topics, and groups between the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from tg_parser.domain.refs import MessageType
from tg_parser.domain.topics import TopicBundle, TopicCard, TopicLevel

Level = Literal["event", "story"]
METHOD = "growing-linkage:2"
"""How topics are found; those of another method are found anew, once."""
EDITED = "edited"
"""In the metadata of a topic whose messages a person has changed, until a run describes it anew."""
FOUND, KNOWN = "found", "known"
"""Where a topic comes from, as its card's metadata says: found by the program, or asked for by a user."""


@dataclass(frozen=True, slots=True)
class TopicDocument:
    """The parts of a processed document that topics need; `text` is the clean text."""

    source_ref: str
    channel_id: str
    message_id: str
    message_type: MessageType
    date: datetime
    text: str
    thread_id: str | None = None
    parent_message_id: str | None = None
    summary: str | None = None
    key_phrases: tuple[str, ...] = ()
    language: str | None = None
    made_at: datetime | None = None
    is_new: bool = True
    """Whether no run has taken it up yet since it was made."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The parts of a stored document."""
        return cls(
            source_ref=row["source_ref"],
            channel_id=row["channel_id"],
            message_id=row["source_message_id"],
            message_type=row["message_type"],
            thread_id=row["thread_id"],
            parent_message_id=row["parent_message_id"],
            date=row["message_date"],
            text=row["text_clean"],
            summary=row["summary"],
            key_phrases=tuple(row["topics"]),
            language=row["language"],
            made_at=row["processed_at"],
            is_new=not row["is_grouped"],
        )


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """A topic that a user asks for."""

    title: str
    description: str = ""
    keywords: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Everything the user said about it, as one text to compare messages with."""
        return f"{self.title}. {self.description} {', '.join(self.keywords)}"


@dataclass(frozen=True, slots=True)
class TopicOptions:
    """What a message needs to belong to a topic.

    `avoid`: names of the channels, which make no titles. Without supporting messages, a bundle contains only its
    topic's anchors. `wanted` are the topics that are looked for before others are found. With `rebuild`, all
    topics are found anew; those that share their messages with an earlier one keep its id.
    """

    singleton_min_chars: int = 300
    singleton_min_score: float = 0.75
    anchor_min_score: float = 0.6
    supporting_min_score: float = 0.5
    max_anchors: int = 3
    max_topics: int | None = None
    avoid: tuple[str, ...] = ()
    with_supporting: bool = True
    wanted: tuple[WantedTopic, ...] = ()
    rebuild: bool = False


@dataclass(frozen=True, slots=True)
class ByHand:
    """What people did to a topic: it is held if they did anything that still holds.

    `own` messages belong to it and to no other topic of its level; `barred` ones do not belong to it.
    """

    is_held: bool = False
    title: str | None = None
    pinned: bool = False
    own: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class KnownTopic:
    """A topic of an earlier run, active or retired, with the messages it had then and what people did to it."""

    card: TopicCard
    bundle: TopicBundle | None = None
    by_hand: ByHand = ByHand()


@dataclass(frozen=True, slots=True)
class Member:
    """A message of a topic: its row among the documents, its score 0..1, and its mean similarity to the others.

    `why` is what a model answered when asked whether the message belongs here.
    """

    row: int
    score: float
    similarity: float
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A topic before it has a name: all its messages and its anchors, both best first.

    `wanted` is the user's topic it answers, if any; `half` the similarity that gave a score of 0.5 there.
    """

    members: tuple[Member, ...]
    anchors: tuple[Member, ...]
    wanted: WantedTopic | None = None
    half: float | None = None
    level: TopicLevel = "wanted"

    @property
    def rows(self) -> list[int]:
        """Anchors first, then the other members."""
        anchors = [member.row for member in self.anchors]
        return anchors + [member.row for member in self.members if member.row not in anchors]

    @property
    def is_singleton(self) -> bool:
        """Whether the topic consists of one message."""
        return len(self.anchors) == 1
