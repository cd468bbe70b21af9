"""Summaries of groups: whole sentences of their messages in the order of time, so that the newest state comes last."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import log

from tg_parser.nlp.boilerplate import without_service_lines
from tg_parser.nlp.clauses import has_verb
from tg_parser.nlp.headlines import bare_headline, says_something
from tg_parser.nlp.links import LINK
from tg_parser.nlp.sentences import sentences
from tg_parser.nlp.shortening import dangles
from tg_parser.nlp.standing import ENDS, ended, is_balanced, leans, points_back
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import Group
from tg_parser.topics.wording.titles import opening

_COUNTED_MESSAGES = 200
_SENTENCES = 3
_BUDGET = 480
_SHORTEST, _LONGEST = 30, 320
_READ_CHARS = 6000
_LIST_ITEM = re.compile(r"[-–—•·▪▫◦*]\ufe0f?\s|\d{1,2}[.)]\s")
_REPEATED = 0.6
"""Two sentences with a greater share of common words say the same, maybe with other numbers."""
_NEWEST_LEAST = 0.5
"""The newest message must be at least this central, compared with the best sentence, to have the last word."""
_WEAK = re.compile(
    r"[?…]$|\b(?:подпис\w+|подробн\w+|читайте|смотрите|переход\w+|регистр\w+|subscribe|click|join)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    row: int
    place: int
    worth: float
    stems: frozenset[str]


def summary_of(group: Group, corpus: Corpus) -> str:
    """Up to three sentences of the anchors and of the newest message; of two that say the same, the newest."""
    rows = [member.row for member in group.members[:_COUNTED_MESSAGES]]
    shared = Counter(root for row in rows for root in set(corpus.stems[row]))
    newest = max(rows, key=lambda row: (corpus.documents[row].date, row))
    sources = dict.fromkeys([*(anchor.row for anchor in group.anchors), newest])
    found = {
        row: sorted(_sentences_of(corpus, row, shared), key=lambda one: (-one.worth, one.place)) for row in sources
    }
    first = sorted((own[0] for own in found.values() if own), key=lambda one: -one.worth)
    last = [one for one in found[newest][:1] if one.worth >= _NEWEST_LEAST * first[0].worth]
    chosen: list[_Sentence] = []
    for one in (*last, *first):
        length = sum(len(other.text) for other in chosen) + len(one.text)
        if len(chosen) < _SENTENCES and (not chosen or length <= _BUDGET) and not _repeats(one, chosen):
            chosen.append(one)
    if len(chosen) == 1:
        chosen += _following(chosen[0], found[chosen[0].row])
    chosen.sort(key=lambda one: (corpus.documents[one.row].date, one.row, one.place))
    return " ".join(one.text for one in chosen) or ended(opening(corpus.documents[group.anchors[0].row].text, _LONGEST))


def _following(one: _Sentence, own: list[_Sentence]) -> list[_Sentence]:
    """The sentence right after the only one of a summary, which may lean on it."""
    return [other for other in own if other.place == one.place + 1 and not _repeats(other, [one])]


def _repeats(one: _Sentence, chosen: list[_Sentence]) -> bool:
    return any(len(one.stems & other.stems) > _REPEATED * min(len(one.stems), len(other.stems)) for other in chosen)


def _sentences_of(corpus: Corpus, row: int, shared: Counter[str]) -> Iterator[_Sentence]:
    language, total = corpus.languages[row], corpus.total
    text = without_service_lines(corpus.documents[row].text[:_READ_CHARS])
    for place, sentence in enumerate(sentences(text, language)):
        bare = bare_headline(sentence)
        if not _may_stand(sentence, bare, language):
            continue
        own = frozenset(stems_of(bare, language))
        central = sum(shared[root] * log((1 + total) / (1 + corpus.frequency[root]) + 1) for root in sorted(own))
        early = 1 / (1 + place)
        weak = (0.4 if _WEAK.search(bare) else 1.0) * (0.75 if points_back(bare) else 1.0)
        worth = round(central / (len(own) + 4) ** 0.75 * early * weak, 6)
        yield _Sentence(ended(bare), row, place, worth, own)


def _may_stand(sentence: str, bare: str, language: str) -> bool:
    """Whether it is a full sentence that can be read alone: no list item, heading or half of a quotation."""
    return (
        _SHORTEST <= len(bare) <= _LONGEST
        and _LIST_ITEM.match(sentence) is None
        and LINK.search(bare) is None
        and not bare.startswith(("@", "#"))
        and says_something(bare, language)
        and not leans(bare)
        and not dangles(bare)
        and not sentence.rstrip().endswith(":")
        and is_balanced(sentence)
        and (has_verb(bare, language) or ENDS.search(sentence) is not None)
    )
