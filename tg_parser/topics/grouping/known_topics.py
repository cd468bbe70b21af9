"""Known topics: which messages belong to what a user asked for, by meaning, words and keywords (pure).

A wanted topic is compared like one more message of the channel. How similar is enough depends on its best message:
a narrow topic ("shares of Gazprom") has messages very similar to it, a broad one ("science") has none, and yet has
messages of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tg_parser.topics.grouping.membership import DIGITS
from tg_parser.topics.grouping.similarity import above_chance, message_items
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.grouping.word_weights import Floats
from tg_parser.topics.model import Group, Member, TopicOptions, WantedTopic
from tg_parser.topics.verdicts import Verdicts

KEYWORD = 0.12
"""What a keyword (or the title) in a message adds to its similarity."""
HALF_OF_BEST, LEAST_HALF, MOST_HALF = 0.45, 0.13, 0.26
"""Score 0.5 is at this share of the best message's similarity, within bounds; bench_known_topics.py tries them."""
SURE, SURE_WITHOUT_KEYWORDS = 0.26, 0.2
"""A message without a keyword of the topic can be an anchor only from this similarity: a subject that a channel never
mentions has a nearest message, too. A topic without keywords has only similarity.
"""
MARGIN = 0.15
"""How far below a supporting message's least score a message is still near enough to be judged by a model."""
JUDGED_AT_MOST = 100
DOUBLE = 0.6
"""A found group that overlaps this much (Dice) with a known topic is a duplicate of it."""
_CELLS = 4_000_000

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WantedFits:
    """Messages (rows) by wanted topics (columns): how similar they are, and whether that is certain.

    `half` is the similarity that gives a score of 0.5, by topic.
    """

    wanted: Sequence[WantedTopic]
    similarity: Floats
    is_sure: npt.NDArray[np.bool_]
    half: Floats

    def scores(self, place: int, options: TopicOptions) -> Floats:
        """The score of every message in one wanted topic; an uncertain one is below an anchor's."""
        scores = np.round(_fit_score(self.similarity[:, place], float(self.half[place])), DIGITS)
        below = round(options.anchor_min_score - 10**-DIGITS, DIGITS)
        return np.where(self.is_sure[:, place], scores, np.minimum(scores, below))


def fit_wanted(corpus: Corpus, vectors: Vectors, wanted: Sequence[WantedTopic], wanted_vectors: Vectors) -> WantedFits:
    """How well each message fits each of `wanted`, whose embeddings are `wanted_vectors`."""
    rows = len(corpus.documents)
    if not wanted or not rows:
        nothing = np.zeros((rows, len(wanted)))
        return WantedFits(wanted, nothing, nothing > 0, np.full(len(wanted), MOST_HALF))
    language = corpus.language_of(range(rows))
    stems = [*corpus.stems, *(stems_of(one.text, language) for one in wanted)]
    items = message_items(np.vstack([vectors, wanted_vectors]), stems)
    asked = items.take(np.arange(rows, rows + len(wanted)))
    parts = []
    step = max(1, _CELLS // len(wanted))
    for start in range(0, rows, step):
        some = items.take(np.arange(start, min(start + step, rows)))
        chance = (some.chance[:, None] + asked.chance[None, :]) / 2
        parts.append(above_chance(some.products(asked), np.ones_like(chance), chance))
    worded = np.array([bool(own) for own in corpus.stems])
    hits = _keyword_hits(corpus, wanted)
    similarity = np.round(np.concatenate(parts) + KEYWORD * hits, DIGITS)
    similarity = np.where(worded[:, None], similarity, 0.0)
    half = np.round(np.clip(HALF_OF_BEST * similarity.max(axis=0), LEAST_HALF, MOST_HALF), DIGITS)
    sure = np.array([SURE if one.keywords else SURE_WITHOUT_KEYWORDS for one in wanted])
    return WantedFits(wanted, similarity, (hits > 0) | (similarity >= sure), half)


def judged_from(options: TopicOptions) -> float:
    """The lowest score at which a message may belong, so that a model, if there is one, is asked."""
    return round(options.supporting_min_score - MARGIN, DIGITS)


def near_threshold(fits: WantedFits, options: TopicOptions) -> Iterator[tuple[int, int]]:
    """(wanted, row) whose score is too close to the threshold to be certain, the closest of each topic first."""
    for place in range(len(fits.wanted)):
        scores = fits.scores(place, options)
        near = np.flatnonzero((scores >= judged_from(options)) & (scores < options.anchor_min_score))
        distance = np.abs(scores[near] - options.supporting_min_score)
        for row in near[np.argsort(distance, kind="stable")][:JUDGED_AT_MOST]:
            yield place, int(row)


def known_groups(fits: WantedFits, corpus: Corpus, options: TopicOptions, verdicts: Verdicts) -> list[Group | None]:
    """The group of each wanted topic, in order; None if its messages do not make a topic.

    A message may support several topics, but is an anchor only of the one it fits best.
    """
    count = len(fits.wanted)
    scores = np.zeros_like(fits.similarity)
    for place in range(count):
        scores[:, place] = fits.scores(place, options)
    lift = options.anchor_min_score - judged_from(options)
    for (place, row), verdict in verdicts.items():
        scores[row, place] = round(min(1.0, scores[row, place] + lift), DIGITS) if verdict.belongs else 0.0
    home = scores.argmax(axis=1) if count else np.zeros(0, dtype=np.intp)
    groups: list[Group | None] = []
    for place, wanted in enumerate(fits.wanted):
        members = _members(place, scores[:, place], fits.similarity[:, place], options, verdicts)
        own = [one for one in members if home[one.row] == place and one.score >= options.anchor_min_score]
        qualifies = len(own) > 1 or any(_stands_alone(one, corpus, options) for one in own)
        anchors = tuple(own[: options.max_anchors])
        groups.append(Group(members, anchors, wanted, float(fits.half[place])) if qualifies else None)
    return groups


def distinct_from(found: Sequence[Group], wanted: Sequence[Group], keep: Collection[int]) -> list[int]:
    """The places of the `found` groups that do not duplicate a wanted topic; those to `keep` stay in any case.

    Their messages are not added to it: how a user words a topic decides what belongs to it.
    """
    return [
        place
        for place, group in enumerate(found)
        if place in keep or all(_dice(group, other) < DOUBLE for other in wanted)
    ]


def _fit_score(similarity: Floats, half: float) -> Floats:
    """0..1: 0.5 at `half`, 0.6 at 1.22 and 0.75 at 1.73 times that."""
    square = np.maximum(similarity, 0.0) ** 2
    return np.asarray(square / (square + half**2))


def _members(
    place: int, scores: Floats, similarity: Floats, options: TopicOptions, verdicts: Verdicts
) -> tuple[Member, ...]:
    rows = sorted(map(int, np.flatnonzero(scores >= options.supporting_min_score)), key=lambda row: (-scores[row], row))
    said = {row: verdicts[place, row].why for row in rows if (place, row) in verdicts}
    return tuple(Member(row, float(scores[row]), float(similarity[row]), said.get(row)) for row in rows)


def _stands_alone(member: Member, corpus: Corpus, options: TopicOptions) -> bool:
    long_enough = len(corpus.documents[member.row].text) >= options.singleton_min_chars
    return long_enough and member.score >= options.singleton_min_score


def _keyword_hits(corpus: Corpus, wanted: Sequence[WantedTopic]) -> Floats:
    """1 if a message contains a keyword or the title, word for word except for endings."""
    hits = np.zeros((len(corpus.documents), len(wanted)))
    keys = {language: _keys(wanted, language) for language in set(corpus.languages)}
    for row, (stems, language) in enumerate(zip(corpus.stems, corpus.languages, strict=True)):
        text, by_first = f" {' '.join(stems)} ", keys[language]
        for stem in set(stems) & by_first.keys():
            hits[row, [place for place, key in by_first[stem] if key in text]] = 1
    return hits


def _keys(wanted: Sequence[WantedTopic], language: str) -> dict[str, list[tuple[int, str]]]:
    """Topic position and stems of every title and keyword, by the first stem."""
    keys: dict[str, list[tuple[int, str]]] = {}
    for place, one in enumerate(wanted):
        for phrase in (one.title, *one.keywords):
            if stems := stems_of(phrase, language):
                keys.setdefault(stems[0], []).append((place, f" {' '.join(stems)} "))
    return keys


def _dice(one: Group, other: Group) -> float:
    rows, others = {member.row for member in one.members}, {member.row for member in other.members}
    return 2 * len(rows & others) / (len(rows) + len(others))
