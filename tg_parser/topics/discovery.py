"""From documents to topics, purely: cluster, form groups, recognise the known, name them, write cards and bundles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from tg_parser.domain.topics import TopicBundle, TopicCard
from tg_parser.topics.bundles import bundle_of
from tg_parser.topics.cards import METHOD, card_of, neighbours
from tg_parser.topics.clustering import WIDTHS, Labels, cluster
from tg_parser.topics.digest import fallback_titles
from tg_parser.topics.matching import assign_ids, match_known
from tg_parser.topics.membership import form_groups
from tg_parser.topics.model import Group, KnownTopic, TopicDocument, TopicOptions
from tg_parser.topics.naming import title_groups
from tg_parser.topics.phrases import Named, shared_phrases
from tg_parser.topics.similarity import Items, message_items
from tg_parser.topics.singletons import find_singletons
from tg_parser.topics.texts import Corpus, corpus_of, stems_of
from tg_parser.topics.wording import Wording

__all__ = ["METHOD", "TopicReport", "TopicsFound", "find_topics"]

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What a run found (M25); `covered` and `outside` count messages in at least one topic and in none."""

    documents: int
    topics: int
    singletons: int
    clusters: int
    bundles: int
    covered: int
    outside: int


@dataclass(frozen=True, slots=True)
class TopicsFound:
    """Topics sorted by id, the ids of known topics that are no more, and the numbers of the run."""

    topics: list[tuple[TopicCard, TopicBundle]]
    retired: list[str]
    report: TopicReport


def find_topics(
    documents: Sequence[TopicDocument],
    vectors: Vectors,
    known: Sequence[KnownTopic],
    options: TopicOptions,
    now: datetime,
) -> TopicsFound:
    """The topics of `documents`, whose embeddings are the rows of `vectors`; the order of the input does not matter.

    What is as it was in `known` keeps its time of change, so that writing it again changes nothing.
    """
    order = sorted(range(len(documents)), key=lambda place: documents[place].source_ref)
    corpus = corpus_of([documents[place] for place in order])
    groups, items = _groups(corpus, vectors[order], known, options)
    refs = [[corpus.documents[row].source_ref for row in _rows(group)] for group in groups]
    matched = match_known(refs, known)
    topics = _named(groups, assign_ids(refs, matched, known), corpus, options)
    found = []
    for place, (topic, near) in enumerate(zip(topics, neighbours(topics, items, options), strict=True)):
        wording = Wording(corpus.language_of(_rows(topic.group)))
        card = card_of(topic, near, corpus, options, now)
        bundle = bundle_of(topic, corpus.documents, wording, now)
        found.append(_unchanged(card, bundle, matched.get(place)))
    live = {topic.id for topic in topics}
    retired = [one.card.id for one in known if one.card.status == "active" and one.card.id not in live]
    return TopicsFound(sorted(found, key=lambda pair: pair[0].id), sorted(retired), _report(len(documents), groups))


def _groups(
    corpus: Corpus, vectors: Vectors, known: Sequence[KnownTopic], options: TopicOptions
) -> tuple[list[Group], Items]:
    """Clusters, biggest first, then singletons. Messages without a word stay outside."""
    items = message_items(vectors, corpus.stems)
    worded = [row for row, stems in enumerate(corpus.stems) if stems]
    by_time = np.array(sorted(worded, key=lambda row: (corpus.documents[row].date, row)), dtype=np.intp)
    labels: Labels = np.full(len(items), -1, dtype=np.intp)
    labels[by_time] = cluster(items.take(by_time), WIDTHS[options.level].cut)
    groups = form_groups(items, labels, options)
    kept = {topic.card.anchors[0].anchor_ref for topic in known if topic.card.type == "singleton"}
    singletons = find_singletons(items, corpus, groups, kept, options)
    found = [*groups, *singletons][: options.max_topics]
    return found if options.with_supporting else [Group(group.anchors, group.anchors) for group in found], items


def _rows(group: Group) -> list[int]:
    """Anchors first, then the other members."""
    anchors = [member.row for member in group.anchors]
    return anchors + [member.row for member in group.members if member.row not in anchors]


def _named(groups: Sequence[Group], ids: Sequence[str], corpus: Corpus, options: TopicOptions) -> list[Named]:
    language = corpus.language_of(range(len(corpus.documents)))
    avoid = frozenset(root for name in options.avoid for root in stems_of(name, language))
    phrases = [shared_phrases(group, corpus, avoid) for group in groups]
    titles = title_groups(phrases, [len(group.members) for group in groups])
    taken = {title.casefold() for title in titles if title}
    named = []
    for id_, title, group, own in zip(ids, titles, groups, phrases, strict=True):
        unique = title or next(one for one in fallback_titles(group, corpus) if one.casefold() not in taken)
        taken.add(unique.casefold())
        named.append(Named(id_, unique, group, own))
    return named


def _unchanged(card: TopicCard, bundle: TopicBundle, known: KnownTopic | None) -> tuple[TopicCard, TopicBundle]:
    """`card` and `bundle`, each with the time of the known one where it says the same."""
    if known is None:
        return card, bundle
    old = known.card.updated_at
    same_card = card.model_copy(update={"updated_at": old})
    if known.bundle is not None:
        same_bundle = bundle.model_copy(update={"updated_at": known.bundle.updated_at})
        bundle = same_bundle if same_bundle == known.bundle else bundle
    return (same_card if same_card == known.card else card), bundle


def _report(documents: int, groups: Sequence[Group]) -> TopicReport:
    singletons = sum(group.is_singleton for group in groups)
    covered = len({member.row for group in groups for member in group.members})
    return TopicReport(
        documents=documents,
        topics=len(groups),
        singletons=singletons,
        clusters=len(groups) - singletons,
        bundles=len(groups),
        covered=covered,
        outside=documents - covered,
    )
