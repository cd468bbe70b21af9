"""How well the words of topics go together: NPMI over the documents of their channel, and how many are different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import log
from statistics import fmean

from tg_parser.topics.grouping.texts import Corpus, stems_of

Phrase = tuple[str, ...]
_LEAST_TOPICS = 2


def phrases_of(tags: Sequence[str], language: str) -> list[Phrase]:
    """The tags as stems, without those that share one with an earlier tag."""
    chosen: list[Phrase] = []
    for tag in tags:
        phrase = stems_of(tag, language)
        if phrase and not any(set(phrase) & set(other) for other in chosen):
            chosen.append(phrase)
    return chosen


def weighed_words(rows: Sequence[int], groups: int, corpus: Corpus, most: int) -> list[Phrase]:
    """The words of a group that class-based TF-IDF weighs most, as BERTopic chooses them."""
    counts = Counter(root for row in rows for root in corpus.stems[row])
    mean = sum(map(len, corpus.stems)) / max(groups, 1)
    weight = {root: count * log(1 + mean / max(corpus.frequency[root], 1)) for root, count in counts.items()}
    return [(root,) for root in sorted(weight, key=lambda root: (-weight[root], root))[:most]]


class Holders:
    """Which documents hold a phrase, remembered."""

    def __init__(self, corpus: Corpus) -> None:
        self._texts = [f" {' '.join(stems)} " for stems in corpus.stems]
        self._known: dict[Phrase, frozenset[int]] = {}

    def of(self, phrase: Phrase) -> frozenset[int]:
        if phrase not in self._known:
            wanted = f" {' '.join(phrase)} "
            self._known[phrase] = frozenset(row for row, text in enumerate(self._texts) if wanted in text)
        return self._known[phrase]

    def npmi(self, phrases: Sequence[Phrase]) -> float | None:
        """The mean over pairs of phrases, -1 (never together) to 1 (never apart); None for fewer than two."""
        total = len(self._texts)
        pairs = [self._pair(one, other, total) for one, other in combinations(phrases, 2)]
        return fmean(pairs) if pairs else None

    def _pair(self, one: Phrase, other: Phrase, total: int) -> float:
        first, second = self.of(one), self.of(other)
        both = len(first & second)
        if not both:
            return -1.0
        if both == total:
            return 1.0
        return log(both * total / (len(first) * len(second))) / -log(both / total)


def diversity(topics: Mapping[str, Sequence[Phrase]]) -> float:
    """The share of the words of all topics that are words of one topic only."""
    uses = Counter(root for phrases in topics.values() for root in {root for phrase in phrases for root in phrase})
    return sum(count < _LEAST_TOPICS for count in uses.values()) / max(len(uses), 1)


def means(values: Iterator[float | None]) -> float:
    return fmean([value for value in values if value is not None] or [0.0])
