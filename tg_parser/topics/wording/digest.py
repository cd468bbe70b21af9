"""Summaries and last-resort titles, in sentences taken from the messages of a group."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from math import log

from tg_parser.nlp.links import LINK
from tg_parser.nlp.sentences import sentences
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import Group

_COUNTED_MESSAGES = 200
_SENTENCES = 2
_SHORTEST, _LONGEST = 40, 320
_READ_CHARS = 6000
_TITLE_CHARS = 60
_CLUTTER = re.compile(rf"{LINK.pattern}|[@#]\w+", re.IGNORECASE)
_EDGES = re.compile(r"^[^\w«\"“(]+|[^\w»\"”)!?.…%]+$")


def summary_of(group: Group, corpus: Corpus) -> str:
    """The sentences of the anchors that represent the group best, at most one per message."""
    rows = [member.row for member in group.members[:_COUNTED_MESSAGES]]
    shared = Counter(root for row in rows for root in set(corpus.stems[row]))
    best: list[tuple[float, str, frozenset[str]]] = []
    for anchor in group.anchors:
        scored = [_scored(text, corpus, anchor.row, shared) for text in _sentences(corpus, anchor.row)]
        best += [max(scored, key=lambda one: one[0])] if scored else []
    best.sort(key=lambda one: -one[0])
    chosen: list[tuple[float, str, frozenset[str]]] = []
    for one in best:
        if len(chosen) < _SENTENCES and all(2 * len(one[2] & other[2]) <= len(one[2]) for other in chosen):
            chosen.append(one)
    return " ".join(text for _, text, _ in chosen) or opening(corpus.documents[group.anchors[0].row].text, _LONGEST)


def opening(text: str, length: int) -> str:
    """The first words of `text` without links and marks, at most `length` characters, cut between words."""
    line = next((line for line in _CLUTTER.sub(" ", text).split("\n") if any(map(str.isalnum, line))), text)
    words = _EDGES.sub("", " ".join(line.split())).split(" ")
    kept = words[0][:length]
    for word in words[1:]:
        if len(kept) + 1 + len(word) > length:
            return f"{kept}…"
        kept += f" {word}"
    return kept


def fallback_titles(group: Group, corpus: Corpus) -> Iterator[str]:
    """Titles for a group whose messages share no phrase, best first, without end."""
    first = corpus.documents[group.anchors[0].row]
    start = opening(first.text, _TITLE_CHARS)
    yield start
    yield f"{start} ({first.date:%Y-%m-%d})"
    yield f"{start} ({first.message_id}, {first.channel_id})"
    yield from (f"{start} ({first.message_id}, {first.channel_id}, {number})" for number in count(2))


def _sentences(corpus: Corpus, row: int) -> list[str]:
    text = corpus.documents[row].text[:_READ_CHARS]
    found = (_EDGES.sub("", " ".join(one.split())) for one in sentences(text, corpus.languages[row]))
    return [one for one in found if _SHORTEST <= len(one) <= _LONGEST and not _CLUTTER.search(one)]


def _scored(text: str, corpus: Corpus, row: int, shared: Counter[str]) -> tuple[float, str, frozenset[str]]:
    own = frozenset(stems_of(text, corpus.languages[row]))
    total = len(corpus.documents)
    central = sum(shared[root] * log((1 + total) / (1 + corpus.frequency[root]) + 1) for root in sorted(own))
    return round(central / (len(own) + 4) ** 0.75, 6), text, own
