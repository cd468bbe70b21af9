"""Finds the topics in documents without a model (pure): grouped, named, compared with what was known before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from tg_parser.domain.topics import TopicChange
from tg_parser.topics.changes import changes_of
from tg_parser.topics.finalizing import Topic, finalize, kept_edits
from tg_parser.topics.grouping.groups import Grouping, PreparedCorpus, group_documents
from tg_parser.topics.model import KnownTopic
from tg_parser.topics.verdicts import remembered
from tg_parser.topics.wording.cards import draft_topics

_FORMER_NAMES = {"covered": "in_a_topic", "outside": "in_no_topic"}


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What a run found; `in_a_topic` counts messages in at least one topic, `in_no_topic` the others.

    `known` counts the topics that a user asked for; `missing` are the titles of those without enough messages.
    """

    documents: int
    topics: int
    singletons: int
    clusters: int
    bundles: int
    in_a_topic: int
    in_no_topic: int
    known: int = 0
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The stored report of an earlier run; 3.1.0a1 used other names."""
        named = {_FORMER_NAMES.get(name, name): value for name, value in stored.items()}
        return cls(**{**named, "missing": tuple(stored.get("missing", ()))})


@dataclass(frozen=True, slots=True)
class TopicsFound:
    """Topics sorted by id, the ids of known topics that no longer exist, what happened, and the numbers of the run.

    `topics` are only those that are not as they were; `standing` are the others.
    """

    topics: list[Topic]
    standing: list[Topic]
    retired: list[str]
    changes: list[TopicChange]
    report: TopicReport


def find_topics(
    prepared: PreparedCorpus, known: Sequence[KnownTopic], now: datetime, taken: Collection[str] = ()
) -> TopicsFound:
    """The topics of a corpus without a model; the order of its documents does not matter.

    Unchanged topics keep their time of change, so that writing them again changes nothing. `taken` are ids that other
    topics have had.
    """
    verdicts = remembered(prepared.options.wanted, prepared.corpus, known)
    grouping = group_documents(prepared, known, verdicts, taken)
    drafts = draft_topics(grouping, now)
    topics = finalize(drafts, kept_edits(drafts), {}, prepared.options, titles_of_untouched(grouping))
    return found_topics(grouping, topics, known, now)


def found_topics(grouping: Grouping, topics: list[Topic], known: Sequence[KnownTopic], now: datetime) -> TopicsFound:
    """`topics` of a grouping, with what became of the `known` ones and the numbers."""
    standing = [
        (topic.card, topic.bundle)
        for place, topic in sorted(grouping.matched.items())
        if place not in grouping.touched and topic.bundle is not None
    ]
    live = {card.id for card, _ in (*topics, *standing)}
    retired = sorted(one.card.id for one in known if one.card.status == "active" and one.card.id not in live)
    changes = changes_of(grouping, topics, retired, now)
    return TopicsFound(topics, standing, retired, changes, _report(grouping))


def titles_of_untouched(grouping: Grouping) -> dict[str, str]:
    """The titles, by id, of topics to which nothing happened."""
    matched = grouping.matched.items()
    return {topic.card.id: topic.card.title for place, topic in matched if place not in grouping.touched}


def _report(grouping: Grouping) -> TopicReport:
    groups, documents = grouping.groups, len(grouping.prepared.corpus.documents)
    singletons = sum(group.is_singleton for group in groups)
    in_a_topic = len({member.row for group in groups for member in group.members})
    return TopicReport(
        documents=documents,
        topics=len(groups),
        singletons=singletons,
        clusters=len(groups) - singletons,
        bundles=len(groups),
        in_a_topic=in_a_topic,
        in_no_topic=documents - in_a_topic,
        known=sum(group.wanted is not None for group in groups),
        missing=grouping.missing,
    )
