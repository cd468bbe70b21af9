"""Cards: what each topic is about, what it is not, and what lies near it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from tg_parser.domain.topics import Anchor, TopicCard
from tg_parser.topics.clustering import WIDTHS, Labels
from tg_parser.topics.digest import summary_of
from tg_parser.topics.model import Member, TopicDocument, TopicOptions
from tg_parser.topics.phrases import Named, telling
from tg_parser.topics.similarity import Items, above_chance
from tg_parser.topics.texts import Corpus
from tg_parser.topics.wording import Wording

METHOD = "average-linkage-above-chance:2"
_SCOPE_PHRASES = 4
_TAGS = 5
_RELATED = 3
_CELLS = 1_000_000
_NEAR_SHARE = 0.25
"""Topics are related when they are alike by this share of what would make them one."""


def card_of(named: Named, near: Sequence[Named], corpus: Corpus, options: TopicOptions, now: datetime) -> TopicCard:
    """The card of a topic whose neighbours are `near`, nearest first."""
    group, size = named.group, len(named.group.members)
    documents = [corpus.documents[member.row] for member in group.members]
    wording = Wording(corpus.language_of([member.row for member in group.members]))
    best = telling(named.phrases, max(_SCOPE_PHRASES, _TAGS))
    scope_in = [wording.held(phrase.text, len(phrase.rows), size) for phrase in best[:_SCOPE_PHRASES]]
    scope_out = [wording.near(other.title) for other in near]
    return TopicCard(
        id=named.id,
        title=named.title,
        summary=summary_of(group, corpus),
        scope_in=tuple(scope_in or [wording.same()]),
        scope_out=tuple(scope_out or [wording.far(options.supporting_min_score)]),
        type="singleton" if group.is_singleton else "cluster",
        anchors=tuple(_anchor(corpus.documents[member.row], member) for member in group.anchors),
        sources=tuple(sorted({document.channel_id for document in documents})),
        updated_at=now,
        tags=tuple(phrase.text for phrase in best[:_TAGS]),
        related_topics=tuple(other.id for other in near),
        metadata=_metadata(size, options),
    )


def neighbours(topics: Sequence[Named], items: Items, options: TopicOptions) -> list[list[Named]]:
    """The nearest topics of each that are near enough to be told apart from it, nearest first."""
    labels = np.full(len(items), -1, dtype=np.intp)
    for place in reversed(range(len(topics))):
        labels[[member.row for member in topics[place].group.members]] = place
    sums = items.grouped(labels, len(topics))
    step = max(1, _CELLS // max(1, len(topics)))
    nearest: list[list[Named]] = []
    for start in range(0, len(topics), step):
        rows = np.arange(start, min(start + step, len(topics)))
        nearest += [[topics[place] for place in places] for places in _nearest(rows, sums, options)]
    return nearest


def _nearest(rows: Labels, sums: Items, options: TopicOptions) -> Iterator[list[int]]:
    some = sums.take(rows)
    pairs = np.outer(some.weights, sums.weights)
    chance = (np.outer(some.weights, sums.chance) + np.outer(some.chance, sums.weights)) / 2
    similarity = np.round(above_chance(some.products(sums), np.maximum(pairs, 1), chance), 6)
    similarity[np.arange(len(rows)), rows] = -1
    least = _NEAR_SHARE * WIDTHS[options.level].cut
    for row in similarity:
        best = np.argsort(-row, kind="stable")[:_RELATED]
        yield [int(place) for place in best if row[place] >= least and sums.weights[place]]


def _anchor(document: TopicDocument, member: Member) -> Anchor:
    return Anchor(
        channel_id=document.channel_id,
        message_id=document.message_id,
        message_type=document.message_type,
        anchor_ref=document.source_ref,
        score=member.score,
        parent_message_id=document.parent_message_id,
        thread_id=document.thread_id,
    )


def _metadata(size: int, options: TopicOptions) -> dict[str, Any]:
    return {
        "method": METHOD,
        "level": options.level,
        "messages": size,
        "thresholds": {
            "singleton_min_chars": options.singleton_min_chars,
            "singleton_min_score": options.singleton_min_score,
            "anchor_min_score": options.anchor_min_score,
            "supporting_min_score": options.supporting_min_score,
            "max_anchors": options.max_anchors,
        },
    }
