"""The inspector (pure): which numbers of a channel deserve a person's attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tg_parser.domain.topics import TopicCard
from tg_parser.storage.stores.documents import DocumentCounts

_MANY_FAILURES = 0.05
_MUCH_NOISE = 0.5
_FEW_IN_TOPICS = 0.2
_ENOUGH = 20
"""With fewer documents, shares mean nothing."""


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """Something to look at; `case` is its kind, so that an interface can say how."""

    what: str
    case: str


def inspect(
    counts: DocumentCounts, waiting: int, cards: Sequence[TopicCard], in_a_topic: int | None
) -> Iterator[QualityFinding]:
    """Return anomalies of a channel; `in_a_topic` counts messages, None if topics were never found."""
    with_text = counts.documents - counts.without_text
    worded = with_text - counts.noise
    if counts.failures > _MANY_FAILURES * (counts.documents + counts.failures):
        yield QualityFinding(f"{counts.failures} messages could not be read.", "many_failures")
    if waiting:
        yield QualityFinding(f"{waiting} messages are waiting.", "waiting")
    if with_text >= _ENOUGH and counts.noise > _MUCH_NOISE * with_text:
        yield QualityFinding(f"{counts.noise} of {with_text} documents are noise.", "much_noise")
    if in_a_topic is not None and worded >= _ENOUGH and in_a_topic < _FEW_IN_TOPICS * worded:
        yield QualityFinding(f"{in_a_topic} of {worded} messages are in a topic.", "few_in_topics")
    twice = [title for title, times in Counter(card.title.casefold() for card in cards).items() if times > 1]
    for title in sorted(twice):
        yield QualityFinding(f"Several topics are called {title!r}.", "same_title")
