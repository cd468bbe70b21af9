"""What a run over documents finds, purely, without a model: the steps of grouping, drafting and settling in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tg_parser.topics.build_topics import draft_topics
from tg_parser.topics.finalizing import Topic, finalize, kept_edits
from tg_parser.topics.grouping.groups import Grouping, group_documents, survey_of
from tg_parser.topics.model import KnownTopic, TopicDocument, TopicOptions
from tg_parser.topics.verdicts import remembered
from tg_parser.topics.wording.cards import METHOD

__all__ = ["METHOD", "TopicReport", "TopicsFound", "find_topics", "found_topics"]

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What a run found (M25); `covered` and `outside` count messages in at least one topic and in none.

    `known` counts the topics that a user asked for, `missing` are the titles of those that no message makes a topic of.
    """

    documents: int
    topics: int
    singletons: int
    clusters: int
    bundles: int
    covered: int
    outside: int
    known: int = 0
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The report of an earlier run as it was stored."""
        return cls(**{**stored, "missing": tuple(stored.get("missing", ()))})


@dataclass(frozen=True, slots=True)
class TopicsFound:
    """Topics sorted by id, the ids of known topics that are no more, and the numbers of the run."""

    topics: list[Topic]
    retired: list[str]
    report: TopicReport


def find_topics(
    documents: Sequence[TopicDocument],
    vectors: Vectors,
    known: Sequence[KnownTopic],
    options: TopicOptions,
    now: datetime,
    *,
    wanted_vectors: Vectors | None = None,
) -> TopicsFound:
    """The topics of `documents`, whose embeddings are the rows of `vectors`; the order of the input does not matter.

    What is as it was in `known` keeps its time of change, so that writing it again changes nothing.
    """
    prepared = survey_of(documents, vectors, options, wanted_vectors)
    grouping = group_documents(prepared, known, remembered(options.wanted, prepared.corpus, known))
    drafts = draft_topics(grouping, now)
    topics = finalize(drafts, kept_edits(drafts, grouping.prepared.corpus), {}, options)
    return found_topics(grouping, topics, known)


def found_topics(grouping: Grouping, topics: list[Topic], known: Sequence[KnownTopic]) -> TopicsFound:
    """`topics`, made of a grouping, with what became of the `known` ones and the numbers."""
    live = {card.id for card, _ in topics}
    retired = sorted(one.card.id for one in known if one.card.status == "active" and one.card.id not in live)
    return TopicsFound(topics, retired, _report(grouping))


def _report(grouping: Grouping) -> TopicReport:
    groups, documents = grouping.groups, len(grouping.prepared.corpus.documents)
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
        known=sum(group.wanted is not None for group in groups),
        missing=grouping.missing,
    )
