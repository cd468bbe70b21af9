"""What topic discovery takes and gives: documents and known topics in, groups between the steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tg_parser.domain.refs import MessageType
from tg_parser.domain.topics import TopicBundle, TopicCard

Level = Literal["event", "story", "theme"]


@dataclass(frozen=True, slots=True)
class TopicDocument:
    """A processed document as far as topics need it; `text` is the clean text."""

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


@dataclass(frozen=True, slots=True)
class TopicOptions:
    """How wide topics are and what a message needs to stand in one.

    `level`: `event` joins tellings of one event, `story` an event and what follows from it, `theme` a subject.
    `avoid`: names of the channels, which are no titles of topics. Without supporting messages a bundle holds its
    topic's anchors alone.
    """

    singleton_min_chars: int = 300
    singleton_min_score: float = 0.75
    anchor_min_score: float = 0.6
    supporting_min_score: float = 0.5
    max_anchors: int = 3
    max_topics: int | None = None
    level: Level = "theme"
    avoid: tuple[str, ...] = ()
    with_supporting: bool = True


@dataclass(frozen=True, slots=True)
class KnownTopic:
    """A topic found earlier, active or retired, with the messages it then had."""

    card: TopicCard
    bundle: TopicBundle | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A message of a topic: its row among the documents, its score 0..1, and its mean similarity to the others."""

    row: int
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Group:
    """A topic before it has a name: all its messages and those that stand for it, both best first."""

    members: tuple[Member, ...]
    anchors: tuple[Member, ...]

    @property
    def is_singleton(self) -> bool:
        """Whether one message is the whole topic."""
        return len(self.members) == 1
