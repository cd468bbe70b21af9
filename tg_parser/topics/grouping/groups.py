"""Turns documents into groups: first what a user asked for, then topics that grow from run to run (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tg_parser.topics.duplicates import GroupPair, join, joint, may_merge, survivor
from tg_parser.topics.grouping.found_topics import FoundTopics, GroupStep, find_groups
from tg_parser.topics.grouping.known_topics import DOUBLE, WantedFits, distinct_from, fit_wanted, known_groups
from tg_parser.topics.grouping.similarity import Items, message_items
from tg_parser.topics.grouping.texts import Corpus, corpus_of
from tg_parser.topics.matching import assign_ids, match_known, overlap
from tg_parser.topics.model import Group, KnownTopic, TopicDocument, TopicOptions
from tg_parser.topics.verdicts import Verdicts

Vectors = npt.NDArray[np.float32]


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

    `parents` are the places of the stories of events, `touched` the places of groups that are not as they were. `steps`
    are what happened to topics, by place, and `over` what happened to those that no longer exist, by id. `missing` are
    titles of wanted topics without enough messages, `verdicts` what a model said about messages, `merged` the topics
    that were merged into a group, by id with the reason. `taken` are ids that no new topic may get.
    """

    prepared: PreparedCorpus
    groups: Sequence[Group]
    matched: Mapping[int, KnownTopic]
    parents: Mapping[int, int]
    touched: frozenset[int]
    steps: Mapping[int, Sequence[GroupStep]]
    over: Mapping[str, GroupStep]
    missing: tuple[str, ...]
    verdicts: Verdicts
    taken: frozenset[str]
    merged: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def also_touching(self, places: Collection[int]) -> Grouping:
        """The same, with the groups at `places` described again though their messages are as they were."""
        return replace(self, touched=self.touched.union(places))

    def pairs_to_compare(self) -> list[GroupPair]:
        """The pairs of groups that may be one topic, without those that a person has edited."""
        held = {place for place, topic in self.matched.items() if topic.by_hand.is_held}
        found = may_merge(self.groups, self.prepared.items, self.prepared.corpus, self.touched)
        return [pair for pair in found if held.isdisjoint((pair.first, pair.second))]

    @property
    def given_titles(self) -> dict[int, str]:
        """The titles, by place, of wanted, renamed and untouched topics, which keep them."""
        wanted = {place: group.wanted.title for place, group in enumerate(self.groups) if group.wanted}
        return wanted | {
            place: topic.by_hand.title or topic.card.title
            for place, topic in self.matched.items()
            if topic.by_hand.title or place not in self.touched
        }

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
    return PreparedCorpus(corpus, message_items(vectors[order], corpus.stems, corpus.facts), fits, options)


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
    asked = _asked_for(wanted, known, corpus)
    others = [topic for topic in known if topic.card.id not in {one.card.id for one in asked.values()}]
    found = find_groups(prepared.items, corpus, others, options)
    found = found.only(_limited(distinct_from(found.groups, wanted, keep=found.matched), found, options))
    first = len(wanted)
    groups = [*wanted, *found.groups]
    if not options.with_supporting:
        groups = [replace(group, members=group.anchors) for group in groups]
    steps = {
        place: [] if place in asked else [GroupStep("born", tuple(group.rows))] for place, group in enumerate(wanted)
    }
    return Grouping(
        prepared,
        groups,
        matched={**asked, **{first + place: topic for place, topic in found.matched.items()}},
        parents={first + place: first + story for place, story in found.parents.items()},
        touched=frozenset(range(len(groups))) - {first + place for place in found.untouched},
        steps={**steps, **{first + place: [one.moved(first) for one in own] for place, own in found.steps.items()}},
        over={id_: step.moved(first) for id_, step in found.over.items()},
        missing=tuple(one.title for one, group in zip(options.wanted, sought, strict=True) if group is None),
        verdicts=said,
        taken=frozenset(taken).union(one.card.id for one in known),
    )


def _limited(places: Sequence[int], found: FoundTopics, options: TopicOptions) -> list[int]:
    """As many of `places` as the user wants: those edited by hand first, those of earlier topics, then the biggest."""
    held = {place for place, topic in found.matched.items() if topic.by_hand.is_held}
    first = sorted(places, key=lambda place: (place not in held, place not in found.matched))
    return sorted(first[: options.max_topics])


def merge_groups(grouping: Grouping, said: Mapping[GroupPair, str]) -> Grouping:
    """`grouping` with those pairs joined for which a model `said` why they are one topic; the oldest keeps its id."""
    prepared, groups = grouping.prepared, grouping.groups
    sets = joint(said, grouping.pairs_to_compare()) if said else []
    if not sets:
        return grouping
    ids, lead = grouping.ids, {place: parts[0] for parts in sets for place in parts}
    kept = [place for place in range(len(groups)) if lead.get(place, place) == place]
    position = {place: now for now, place in enumerate(kept)}
    there = {place: position[lead.get(place, place)] for place in range(len(groups))}
    parts_of = {parts[0]: parts for parts in sets}
    made, matched, merged = list[Group](), dict[int, KnownTopic](), dict[int, Mapping[str, str]]()
    steps, touched = dict[int, Sequence[GroupStep]](), set[int]()
    over = {id_: step.placed(there) for id_, step in grouping.over.items()}
    for place in kept:
        parts, now = parts_of.get(place, (place,)), there[place]
        made.append(join([groups[part] for part in parts], prepared.options) if len(parts) > 1 else groups[place])
        oldest = survivor(parts, grouping.matched, prepared.corpus)
        if oldest is not None:
            matched[now] = oldest
        own = oldest.card.id if oldest else ids[place]
        merged[now] = {ids[part]: _reason(part, parts, said) for part in parts if ids[part] != own}
        steps[now] = [one.placed(there) for part in parts for one in grouping.steps.get(part, ())]
        if len(parts) > 1 or place in grouping.touched:
            touched.add(now)
        for part in parts:
            if part in grouping.matched and grouping.matched[part].card.id != own:
                over[grouping.matched[part].card.id] = GroupStep("merged", tuple(groups[part].rows), now)
    parents = {there[place]: there[story] for place, story in grouping.parents.items() if there[place] != there[story]}
    return replace(
        grouping,
        groups=made,
        matched=matched,
        merged=merged,
        steps=steps,
        over=over,
        touched=frozenset(touched),
        parents=parents,
    )


def _reason(part: int, parts: Sequence[int], said: Mapping[GroupPair, str]) -> str:
    """Why `part` was merged into a topic."""
    pairs = (GroupPair(min(part, other), max(part, other)) for other in parts if other != part)
    return next(said[pair] for pair in pairs if pair in said)


def _asked_for(wanted: Sequence[Group], known: Sequence[KnownTopic], corpus: Corpus) -> dict[int, KnownTopic]:
    """The topics that wanted groups continue: of the same title if it was wanted before, or found ones they repeat."""
    living_last = sorted(known, key=lambda topic: topic.card.status == "active")
    by_title = {topic.card.title: topic for topic in living_last if topic.card.level == "wanted"}
    titles = [group.wanted.title if group.wanted else "" for group in wanted]
    again = {place: by_title[title] for place, title in enumerate(titles) if title in by_title}
    refs = [[corpus.documents[row].source_ref for row in group.rows] for group in wanted]
    free = [topic for topic in known if topic.card.status == "active" and not topic.by_hand.is_held]
    taken_over = match_known(refs, free, again)
    return {
        place: topic for place, topic in taken_over.items() if place in again or overlap(refs[place], topic) >= DOUBLE
    }
