"""Makes cards: what each topic is about, what it is not, and which topics are near it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from tg_parser.domain.topics import Anchor, TopicCard
from tg_parser.topics.grouping.clustering import WIDTHS, Labels
from tg_parser.topics.grouping.known import judged_from
from tg_parser.topics.grouping.similarity import Items, above_chance
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.model import FOUND, KNOWN, Group, Member, TopicDocument, TopicOptions, WantedTopic
from tg_parser.topics.wording.digest import summary_of
from tg_parser.topics.wording.phrases import Named, telling
from tg_parser.topics.wording.sentences import Wording

METHOD = "average-linkage-above-chance:2"
_SCOPE_PHRASES = 4
_TAGS = 5
_RELATED = 3
_CELLS = 1_000_000
_NEAR_SHARE = 0.25
"""Topics are related from this share of the similarity that would make them one."""


def card_of(named: Named, near: Sequence[Named], corpus: Corpus, options: TopicOptions, now: datetime) -> TopicCard:
    """The card of a topic whose neighbours are `near`, nearest first."""
    group, size = named.group, len(named.group.members)
    documents = [corpus.documents[member.row] for member in group.members]
    wording = Wording(corpus.language_of([member.row for member in group.members]))
    best = telling(named.phrases, max(_SCOPE_PHRASES, _TAGS))
    asked = group.wanted or WantedTopic("")
    described = (asked.description,) if asked.description else ()
    held = (wording.held(phrase.text, len(phrase.rows), size) for phrase in best[:_SCOPE_PHRASES])
    tags = dict.fromkeys((*asked.keywords, *(phrase.text for phrase in best)))
    return TopicCard(
        id=named.id,
        title=named.title,
        summary=summary_of(group, corpus),
        scope_in=(*described, *held) or (wording.same(),),
        scope_out=scope_out((), [other.title for other in apart(named, near)], wording, options),
        type="singleton" if group.is_singleton else "cluster",
        anchors=tuple(_anchor(corpus.documents[member.row], member) for member in group.anchors),
        sources=tuple(sorted({document.channel_id for document in documents})),
        updated_at=now,
        tags=tuple(tags)[: max(_TAGS, len(asked.keywords))],
        related_topics=tuple(other.id for other in near),
        metadata=_metadata(named.group, options),
    )


def scope_out(said: Sequence[str], near: Sequence[str], wording: Wording, options: TopicOptions) -> tuple[str, ...]:
    """What a topic is not: what was `said` about it, then the titles of topics near it."""
    return (*said, *map(wording.near, near)) or (wording.far(options.supporting_min_score),)


def apart(named: Named, near: Sequence[Named]) -> list[Named]:
    """Those of `near` whose titles are not part of `named`, nor `named` of theirs."""
    own = {member.row for member in named.group.members}
    return [other for other in near if not _overlap(own, {member.row for member in other.group.members})]


def _overlap(rows: set[int], others: set[int]) -> bool:
    return 2 * len(rows & others) >= min(len(rows), len(others))


def neighbours(topics: Sequence[Named], items: Items, options: TopicOptions) -> list[list[Named]]:
    """For each topic, the topics near enough to need telling apart, nearest first."""
    labels = np.full(len(items), -1, dtype=np.intp)
    # A message counts for the first of its topics, and for a found one before a wanted one, which may be far wider.
    for place in sorted(range(len(topics)), key=lambda place: (topics[place].group.wanted is None, -place)):
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


def _metadata(group: Group, options: TopicOptions) -> dict[str, Any]:
    thresholds: dict[str, Any] = {
        "singleton_min_chars": options.singleton_min_chars,
        "singleton_min_score": options.singleton_min_score,
        "anchor_min_score": options.anchor_min_score,
        "supporting_min_score": options.supporting_min_score,
        "max_anchors": options.max_anchors,
    }
    if group.half is not None:
        thresholds |= {"similarity_of_score_half": group.half, "judged_from_score": judged_from(options)}
    return {
        "method": METHOD,
        "origin": FOUND if group.wanted is None else KNOWN,
        "level": options.level,
        "messages": len(group.members),
        "thresholds": thresholds,
    }
