"""Messages near the border of one event: the pairs that a model is asked about, and how its answers count (pure).

For the questions, events start strict, so that hardly anything wrong is inside; a question is about two of those, or
of messages alone, that are neither surely one event nor surely two. An answer raises or lowers the similarity of the
messages on both sides. So it takes part in what average linkage decides, and one wrong answer among several is
outvoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from tg_parser.topics.grouping.growth import DAYS, DECAY, MERGES_FROM
from tg_parser.topics.grouping.linkage import Span, joined
from tg_parser.topics.grouping.membership import CUTS
from tg_parser.topics.grouping.similarity import Items
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.grouping.word_weights import Floats, on_grid
from tg_parser.topics.matching import known_refs
from tg_parser.topics.model import KnownTopic, TopicOptions

STRICT = 0.45
"""From this similarity, messages are one event without a question."""
ASKED_FROM = 0.12
"""Below this, messages are two events without a question."""
MOST_NEW, MOST_PAIRS = 1000, 400
"""Questions of a run are about its newest messages, and so many at most: those nearest to certainty."""
_SEEN = 50
_BIG, _PARTS = 6, 3
"""From so many messages, a side is asked about in parts."""
_ANSWER = 0.375
"""What an answer adds to a similarity, or takes from it: more than lies between the border and certainty."""


@dataclass(frozen=True, slots=True, order=True)
class BorderPair:
    """Two sets of messages (rows, in order of time), each of one event, that may be the same event."""

    first: tuple[int, ...]
    second: tuple[int, ...]


def border_pairs(items: Items, corpus: Corpus, known: Sequence[KnownTopic], options: TopicOptions) -> list[BorderPair]:
    """The pairs near the border that this run may join, the most similar first."""
    days = np.array([document.date.timestamp() / 86_400 for document in corpus.documents])
    new, old = _units(corpus, days, known, options)
    if not new or len(new) + len(old) < 2:
        return []
    units = [*new, *old]
    is_old = np.arange(len(units)) >= len(new)
    clusters = joined(items.summed(units), len(new), is_old, _span(days, units), STRICT)
    held = {place for cluster in clusters for place in cluster}
    sets = [_in_time([row for place in cluster for row in units[place]], days) for cluster in clusters]
    whole = [*sets, *(unit for place, unit in enumerate(units) if place not in held)]
    near = _near(items, whole, len(sets), _span(days, whole))
    pairs = [part for one, other in near for part in _parts(whole[one], whole[other])]
    return pairs[:MOST_PAIRS]


def answered(items: Items, said: Mapping[BorderPair, bool]) -> Items:
    """`items` whose similarity takes account of whether the pairs that were asked about are one event."""
    rows, columns, signs = list[int](), list[int](), list[float]()
    for place, pair in enumerate(sorted(said)):
        rows += [*pair.first, *pair.second]
        columns += [place] * (len(pair.first) + len(pair.second))
        signs += [1.0] * len(pair.first) + [1.0 if said[pair] else -1.0] * len(pair.second)
    if not said:
        return items
    data = on_grid(np.array(signs) * (2 * _ANSWER) ** 0.5)
    answers = sparse.csr_matrix((data, (rows, columns)), shape=(len(items), len(said)))
    return replace(items, words=sparse.csr_matrix(sparse.hstack([items.words, answers])))


def _units(
    corpus: Corpus, days: Floats, known: Sequence[KnownTopic], options: TopicOptions
) -> tuple[list[list[int]], list[list[int]]]:
    """The new messages each by itself, and the earlier messages and events they could join."""
    at_hand = {document.source_ref: row for row, document in enumerate(corpus.documents)}
    live = [topic for topic in known if topic.card.status == "active" and topic.card.level == "event"]
    events = [] if options.rebuild else [[at_hand[ref] for ref in known_refs(one) if ref in at_hand] for one in live]
    taken = {row for rows in events for row in rows}
    worded = [row for row in _in_time(range(len(corpus.documents)), days) if corpus.stems[row] and row not in taken]
    is_new = [options.rebuild or corpus.documents[row].is_new for row in worded]
    new = [row for row, fresh in zip(worded, is_new, strict=True) if fresh][-MOST_NEW:]
    if not new:
        return [], []
    first, last = days[new[0]] - DAYS["event"], days[new[-1]] + DAYS["event"]
    alone = [[row] for row, fresh in zip(worded, is_new, strict=True) if not fresh and first <= days[row] <= last]
    near = [_in_time(rows, days) for rows in events if rows]
    return [[row] for row in new], [*alone, *(one for one in near if days[one[-1]] >= first and days[one[0]] <= last)]


def _parts(first: Sequence[int], second: Sequence[int]) -> list[BorderPair]:
    """One pair, or several with a part of the bigger side each: a wrong answer must not divide many messages."""
    bigger, smaller = (first, second) if len(first) >= len(second) else (second, first)
    count = _PARTS if len(bigger) >= _BIG else 1
    return [BorderPair(tuple(bigger[part::count]), tuple(smaller)) for part in range(count)]


def _near(items: Items, sets: Sequence[Sequence[int]], new: int, span: Span) -> list[tuple[int, int]]:
    """The places of the sets neither surely one event nor surely two, the most similar first.

    One of each is new, or both are events that would merge.
    """
    sums = items.summed([rows[-_SEEN:] for rows in sets])
    similarity = sums.similarity(sums)
    apart = np.maximum(span.first[None, :] - span.last[:, None], span.first[:, None] - span.last[None, :])
    is_new = np.arange(len(sets)) < new
    is_event = np.array([len(rows) > 1 for rows in sets])
    decayed = similarity - span.decay * np.maximum(apart, 0.0)
    joins = (decayed >= ASKED_FROM) & (decayed < STRICT) & (is_new[:, None] | is_new[None, :])
    merges = (similarity >= MERGES_FROM * CUTS["event"]) & is_event[:, None] & is_event[None, :]
    merges &= ~is_new[:, None] & ~is_new[None, :]
    near = np.triu((joins | merges) & (apart <= span.most), 1)
    found = [(-round(float(decayed[one, other]), 6), int(one), int(other)) for one, other in np.argwhere(near)]
    return [(one, other) for _, one, other in sorted(found)]


def _span(days: Floats, units: Sequence[Sequence[int]]) -> Span:
    first, last = (np.array([days[unit[end]] for unit in units]) for end in (0, -1))
    return Span(first, last, DAYS["event"], DECAY["event"])


def _in_time(rows: Sequence[int] | range, days: Floats) -> list[int]:
    return sorted(rows, key=lambda row: (days[row], row))
