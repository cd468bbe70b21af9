"""Turns documents into groups: first what a user asked for, then the rest, matched with earlier topics (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tg_parser.topics.duplicates import GroupPair, join, joint, may_merge, rejoined, survivor
from tg_parser.topics.grouping.clustering import WIDTHS, Labels, cluster
from tg_parser.topics.grouping.known_topics import WantedFits, fit_wanted, known_groups, without_duplicates
from tg_parser.topics.grouping.membership import form_groups
from tg_parser.topics.grouping.similarity import Items, above_chance, message_items
from tg_parser.topics.grouping.singletons import find_singletons
from tg_parser.topics.grouping.texts import Corpus, corpus_of
from tg_parser.topics.matching import assign_ids, match_known
from tg_parser.topics.model import KNOWN, Group, KnownTopic, TopicDocument, TopicOptions
from tg_parser.topics.verdicts import Verdicts

Vectors = npt.NDArray[np.float32]
_RELATED = 3
_CELLS = 1_000_000
_NEAR_SHARE = 0.25
"""Groups are near from this share of the similarity that would make them one."""


@dataclass(frozen=True, slots=True)
class PreparedCorpus:
    """Documents sorted by ref, ready for comparison, and how well each fits the wanted topics."""

    corpus: Corpus
    items: Items
    fits: WantedFits
    options: TopicOptions


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of a corpus, wanted ones first, and the topic of an earlier run that each continues.

    `missing` are titles of wanted topics without enough messages, `verdicts` what a model said about messages, `merged`
    the topics that were merged into a group, by id with the reason. `taken` are ids that no new topic may get.
    """

    prepared: PreparedCorpus
    groups: Sequence[Group]
    matched: Mapping[int, KnownTopic]
    missing: tuple[str, ...]
    verdicts: Verdicts
    taken: frozenset[str]
    merged: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    @property
    def refs(self) -> list[list[str]]:
        """The messages of each group, its anchors first."""
        documents = self.prepared.corpus.documents
        return [[documents[row].source_ref for row in group.rows] for group in self.groups]

    @property
    def ids(self) -> list[str]:
        """The id of each group's topic."""
        return assign_ids(self.refs, self.matched, self.taken)


def prepare(
    documents: Sequence[TopicDocument], vectors: Vectors, options: TopicOptions, wanted_vectors: Vectors | None = None
) -> PreparedCorpus:
    """Prepare `documents`, whose embeddings are the rows of `vectors`; the order of the input does not matter."""
    order = sorted(range(len(documents)), key=lambda place: documents[place].source_ref)
    corpus = corpus_of([documents[place] for place in order])
    asked = np.zeros((0, vectors.shape[1]), dtype=np.float32) if wanted_vectors is None else wanted_vectors
    fits = fit_wanted(corpus, vectors[order], options.wanted, asked)
    return PreparedCorpus(corpus, message_items(vectors[order], corpus.stems), fits, options)


def group_documents(
    prepared: PreparedCorpus,
    known: Sequence[KnownTopic],
    verdicts: Verdicts | None = None,
    taken: Collection[str] = (),
) -> Grouping:
    """The groups of a corpus; `verdicts` are about messages near the threshold of a wanted topic.

    `taken` are ids of topics other than the `known` ones, which no new topic may get.
    """
    corpus, options = prepared.corpus, prepared.options
    said = verdicts or {}
    sought = known_groups(prepared.fits, corpus, options, said)
    wanted = [group for group in sought if group is not None]
    found = without_duplicates(_found(prepared, known), wanted)
    groups = [*wanted, *found[: options.max_topics]]
    groups = rejoined(groups, corpus, known, options)
    if not options.with_supporting:
        groups = [replace(group, members=group.anchors) for group in groups]
    missing = tuple(one.title for one, group in zip(options.wanted, sought, strict=True) if group is None)
    unmatched = Grouping(prepared, groups, {}, missing, said, frozenset(taken).union(one.card.id for one in known))
    return replace(unmatched, matched=match_known(unmatched.refs, known, _asked_again(groups, known)))


def merge_groups(grouping: Grouping, said: Mapping[GroupPair, str]) -> Grouping:
    """`grouping` with those pairs joined for which a model `said` why they are one topic; the oldest keeps its id."""
    prepared, groups = grouping.prepared, grouping.groups
    sets = joint(said, may_merge(groups, prepared.items, prepared.corpus, prepared.options))
    ids, lead = grouping.ids, {place: parts[0] for parts in sets for place in parts}
    kept = [place for place in range(len(groups)) if lead.get(place, place) == place]
    parts_of = {parts[0]: parts for parts in sets}
    made, matched, merged = list[Group](), dict[int, KnownTopic](), dict[int, Mapping[str, str]]()
    for there, place in enumerate(kept):
        parts = parts_of.get(place, (place,))
        made.append(join([groups[part] for part in parts], prepared.options) if len(parts) > 1 else groups[place])
        oldest = survivor(parts, grouping.matched, prepared.corpus)
        if oldest is not None:
            matched[there] = oldest
        own = oldest.card.id if oldest else ids[place]
        merged[there] = {ids[part]: _reason(part, parts, said) for part in parts if ids[part] != own}
    return replace(grouping, groups=made, matched=matched, merged=merged)


def _reason(part: int, parts: Sequence[int], said: Mapping[GroupPair, str]) -> str:
    """Why `part` was merged into a topic."""
    pairs = (GroupPair(min(part, other), max(part, other)) for other in parts if other != part)
    return next(said[pair] for pair in pairs if pair in said)


def _found(prepared: PreparedCorpus, known: Sequence[KnownTopic]) -> list[Group]:
    """Clusters, biggest first, then singletons. Messages without words are in no group."""
    items, corpus, options = prepared.items, prepared.corpus, prepared.options
    worded = [row for row, stems in enumerate(corpus.stems) if stems]
    by_time = np.array(sorted(worded, key=lambda row: (corpus.documents[row].date, row)), dtype=np.intp)
    labels: Labels = np.full(len(items), -1, dtype=np.intp)
    labels[by_time] = cluster(items.take(by_time), WIDTHS[options.level].cut)
    groups = form_groups(items, labels, options)
    kept = {topic.card.anchors[0].anchor_ref for topic in known if topic.card.type == "singleton"}
    return [*groups, *find_singletons(items, corpus, groups, kept, options)]


def _asked_again(groups: Sequence[Group], known: Sequence[KnownTopic]) -> dict[int, KnownTopic]:
    """The wanted groups whose exact title was wanted before."""
    living_last = sorted(known, key=lambda topic: topic.card.status == "active")
    by_title = {topic.card.title: topic for topic in living_last if topic.card.metadata.get("origin") == KNOWN}
    return {
        place: by_title[group.wanted.title]
        for place, group in enumerate(groups)
        if group.wanted is not None and group.wanted.title in by_title
    }


def near_groups(groups: Sequence[Group], items: Items, options: TopicOptions) -> list[list[int]]:
    """For each group, the places of those near enough to need telling apart, nearest first."""
    labels = np.full(len(items), -1, dtype=np.intp)
    # A message counts for the first of its groups, and for a found one before a wanted one, which may be far wider.
    for place in sorted(range(len(groups)), key=lambda place: (groups[place].wanted is None, -place)):
        labels[[member.row for member in groups[place].members]] = place
    sums = items.grouped(labels, len(groups))
    step = max(1, _CELLS // max(1, len(groups)))
    blocks = (np.arange(start, min(start + step, len(groups))) for start in range(0, len(groups), step))
    return [nearest for rows in blocks for nearest in _nearest(rows, sums, options)]


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
