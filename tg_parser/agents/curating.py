"""The curator's proposals (pure): duplicate topics, topics that are really two, and titles that do not fit.

Proposals are for people. Topics are found anew from the documents in every run, so that the same documents give the
same topics; a merge applied by hand would be undone by the next run, or make it depend on the last one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt

from tg_parser.nlp.words import stem, stop_words, words

Vectors = npt.NDArray[np.float64]
ProposalKind = Literal["merge", "split", "rename"]

MOST_MESSAGES = 60
"""How many messages of a topic are considered, strongest first."""
_SHARED = 0.5
_AS_ALIKE = 0.9
_APART = 0.65
_LEAST_PART, _LEAST_SHARE = 3, 0.25
_NAMED, _NAMED_BETTER = 0.25, 0.5
_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class TopicOutlook:
    """A topic as far as proposals need it: `refs` are all its messages, the rest is about the strongest of them."""

    id: str
    title: str
    language: str
    refs: frozenset[str]
    texts: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Proposal:
    """A possible change to topics, and the reason for it."""

    kind: ProposalKind
    topic_ids: tuple[str, ...]
    titles: tuple[str, ...]
    proposed: tuple[str, ...]
    reason: str
    strength: float
    opinion: str | None = None


def propose(topics: Sequence[TopicOutlook], most: int) -> list[Proposal]:
    """The strongest proposals first, at most `most`; the order of `topics` does not matter."""
    ordered = sorted(topics, key=lambda topic: topic.id)
    found = [
        *(proposal for one, other in combinations(ordered, 2) for proposal in _merge(one, other)),
        *(proposal for topic in ordered for proposal in (*_split(topic), *_rename(topic))),
    ]
    return sorted(found, key=lambda each: (-each.strength, each.kind, each.topic_ids))[:most]


def _merge(one: TopicOutlook, other: TopicOutlook) -> Iterator[Proposal]:
    shared = len(one.refs & other.refs)
    fewer = min(len(one.refs), len(other.refs))
    ids, titles = (one.id, other.id), (one.title, other.title)
    if shared >= _SHARED * fewer:
        yield Proposal("merge", ids, titles, (), f"They share {shared} of {fewer} messages.", shared / fewer)
        return
    if min(len(one.vectors), len(other.vectors)) < 2 or not _stems(one) & _stems(other):
        return
    between, within = _mean(one.vectors, other.vectors), min(_inside(one.vectors), _inside(other.vectors))
    if within > 0 and between >= _AS_ALIKE * within:
        reason = f"Their messages are as alike ({between:.2f}) as those of one topic ({within:.2f})."
        yield Proposal("merge", ids, titles, (), reason, round(min(between / within, 1.0), 3))


def _split(topic: TopicOutlook) -> Iterator[Proposal]:
    count = len(topic.vectors)
    if count < 2 * _LEAST_PART:
        return
    side = _sides(topic.vectors)
    first, second = np.flatnonzero(~side), np.flatnonzero(side)
    if min(len(first), len(second)) < max(_LEAST_PART, _LEAST_SHARE * count):
        return
    between = _mean(topic.vectors[first], topic.vectors[second])
    within = min(_inside(topic.vectors[first]), _inside(topic.vectors[second]))
    names = (_name(topic, first), _name(topic, second))
    if within > 0 and between < _APART * within and names[0] != names[1]:
        reason = (
            f"{len(first)} and {len(second)} messages are alike among themselves ({within:.2f}) and unlike each other"
            f" ({between:.2f})."
        )
        yield Proposal("split", (topic.id,), (topic.title,), names, reason, round(1 - between / within, 3))


def _rename(topic: TopicOutlook) -> Iterator[Proposal]:
    title, total = _stems(topic), len(topic.texts)
    if total < _LEAST_PART or not title:
        return
    stems = [frozenset(stem(word, topic.language) for word in words(text)) for text in topic.texts]
    named = sum(bool(title & own) for own in stems)
    best, held = _best_phrase(topic.phrases)
    same = best.casefold() == topic.title.casefold()
    if not same and named < _NAMED * total and held >= _NAMED_BETTER * total:
        reason = f"The title's words stand in {named} of {total} messages, {best!r} in {held}."
        yield Proposal("rename", (topic.id,), (topic.title,), (best,), reason, round((held - named) / total, 3))


def _stems(topic: TopicOutlook) -> frozenset[str]:
    return _stems_of(topic.title, topic.language)


@lru_cache(maxsize=10_000)
def _stems_of(title: str, language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in words(title) if word not in stop_words(language))


def _name(topic: TopicOutlook, rows: npt.NDArray[np.intp]) -> str:
    return _best_phrase([topic.phrases[row] for row in rows])[0]


def _best_phrase(phrases: Sequence[Sequence[str]]) -> tuple[str, int]:
    """The phrase found in most messages, with their number; of equals the first by alphabet."""
    held = Counter(phrase.casefold() for own in phrases for phrase in dict.fromkeys(own))
    if not held:
        return "", 0
    return min(held.items(), key=lambda item: (-item[1], item[0]))


def _sides(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """Two groups around the two least similar messages, reassigned for a few rounds; deterministic."""
    alike = np.round(vectors @ vectors.T, 6)
    centres = vectors[list(np.unravel_index(int(alike.argmin()), alike.shape))]
    side = np.zeros(len(vectors), dtype=bool)
    for _ in range(_ROUNDS):
        nearer: npt.NDArray[np.bool_] = np.round(vectors @ centres[1] - vectors @ centres[0], 6) > 0
        if nearer.all() or not nearer.any() or (nearer == side).all():
            return nearer
        side = nearer
        centres = np.stack([vectors[~side].mean(axis=0), vectors[side].mean(axis=0)])
    return side


def _mean(one: Vectors, other: Vectors) -> float:
    return round(float((one @ other.T).mean()), 4)


def _inside(vectors: Vectors) -> float:
    """The mean similarity of each with all others, not counting itself."""
    count = len(vectors)
    if count < 2:
        return 1.0
    return round(float(((vectors @ vectors.T).sum() - (vectors**2).sum()) / (count * (count - 1))), 4)
