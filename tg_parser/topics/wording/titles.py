"""Names groups by the headline that most of their messages tell, or by a phrase that they share; each differently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import log

from tg_parser.nlp.clauses import has_verb
from tg_parser.nlp.headlines import Headline, headlines, is_genre
from tg_parser.nlp.links import words_only
from tg_parser.nlp.morphology_ru import is_first_person, is_imperative
from tg_parser.nlp.standing import points_back, raised
from tg_parser.nlp.words import words
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import Group
from tg_parser.topics.wording.phrases import SharedPhrase

LONGEST = 100
_READ_MESSAGES = 12
_COUNTED_MESSAGES = 200
_DATED = len(" (2024-11-27)")
_CUT, _VERBLESS, _GENRE, _ADDRESSING, _POINTING, _LATER, _FARTHER, _LONG = 0.5, 0.85, 0.7, 0.4, 0.75, 0.6, 0.97, 0.9
"""What a headline's worth is multiplied by: if cut in a clause, without a verb, beginning with a genre, speaking to the
reader, pointing at something said before, for every sentence before it, for every message nearer to the centre, and if
not handy.
"""
_HANDY = 80
_OWN, _SEVERAL = 0.5, 4
"""How much less a word of a headline counts than the messages that hold it, since its own message always does, where
there are at least so many messages.
"""
_ADDRESS = re.compile(
    r"\b(?:я|мы|ты|вы|мой|моя|моё|мое|мои|мне|меня|нам|нас|вам|вас|ваш\w{0,3}|наш\w{0,3}|ми|ви|ти|мій|мене|we|you|your"
    r"|our|my|i|давайте|приглаша\w+|смотрите|читайте|подивіться|дивіться)\b|[?!]$",
    re.IGNORECASE,
)
_EDGES = re.compile(r"^[^\w«\"“(]+|[^\w»\"”)!?.…%]+$")


@dataclass(frozen=True, slots=True)
class Named:
    """A group with its id, its title and the phrases its messages share."""

    id: str
    title: str
    group: Group
    phrases: Sequence[SharedPhrase]


@dataclass(frozen=True, slots=True)
class Titles:
    """The titles that the messages of a group offer, the best first; `headline` is the most telling of their headlines,
    or empty.
    """

    offered: tuple[str, ...]
    headline: str

    def without_end(self, group: Group, corpus: Corpus) -> Iterator[str]:
        """These, and then others of the same `group`."""
        yield from self.offered
        yield from fallback_titles(group, corpus, self.headline)


def titles_of(
    group: Group, corpus: Corpus, phrases: Sequence[SharedPhrase], avoid: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Titles for a group, the best first, without end."""
    return own_titles(group, corpus, phrases, avoid).without_end(group, corpus)


def own_titles(
    group: Group, corpus: Corpus, phrases: Sequence[SharedPhrase], avoid: frozenset[str] = frozenset()
) -> Titles:
    """The titles that the messages of a group offer.

    An event has the headlines of its messages, which all tell the same. In a story, those that half of the messages
    carry go first, then phrases that half of them hold: the headline of one event is no title for several.
    """
    language = _language(group, corpus)
    ranked = [one for one in _ranked(group, corpus) if not avoid.issuperset(stems_of(one, language))]
    carried = ranked if group.level == "event" else [text for text in ranked if is_carried(text, group, corpus)]
    is_story = len(group.members) > 1 and group.level != "event"
    said = [raised(phrase.text) for phrase in phrases if _is_title(phrase, group, language)] if is_story else []
    others = [text for text in ranked if text not in carried]
    return Titles((*carried, *said, *others), next(iter(ranked), ""))


def is_carried(text: str, group: Group, corpus: Corpus) -> bool:
    """Whether at least half of the messages contain at least half of its words in some form."""
    rows = [member.row for member in group.members[:_COUNTED_MESSAGES]]
    own = set(stems_of(text, _language(group, corpus)))
    held = sum(2 * len(own.intersection(corpus.stems[row])) >= len(own) for row in rows)
    return 2 * held >= len(rows)


def _is_title(phrase: SharedPhrase, group: Group, language: str) -> bool:
    return (
        len(phrase.key) > 1
        and 2 * len(phrase.rows) >= len(group.members)
        and len(phrase.text) <= LONGEST
        and not any(is_genre(word, language) for word in words(phrase.text))
    )


def _language(group: Group, corpus: Corpus) -> str:
    return corpus.language_of(group.rows)


def _ranked(group: Group, corpus: Corpus) -> list[str]:
    """The headlines of the messages nearest the centre, the most telling first, each once."""
    rows = [member.row for member in group.members[:_COUNTED_MESSAGES]]
    shared = Counter(root for row in rows for root in set(corpus.stems[row]))
    worth: dict[str, float] = {}
    for place, row in enumerate(group.rows[:_READ_MESSAGES]):
        language = corpus.languages[row]
        for one in headlines(corpus.documents[row].text, language, LONGEST):
            value = _worth(one, language, shared, len(rows), corpus) / len(rows) * _FARTHER**place
            worth[one.text] = max(worth.get(one.text, 0.0), round(value, 6))
    return sorted(worth, key=lambda text: -worth[text])


def _worth(one: Headline, language: str, shared: Counter[str], messages: int, corpus: Corpus) -> float:
    own = sorted(set(stems_of(one.text, language)))
    total = corpus.total
    own_message = _OWN if messages >= _SEVERAL else 0
    central = sum((shared[root] - own_message) * log((1 + total) / (1 + corpus.frequency[root]) + 1) for root in own)
    factors = (
        (not one.whole, _CUT),
        (not has_verb(one.text, language), _VERBLESS),
        (is_genre(words(one.text)[0], language), _GENRE),
        (_addresses(one.text, language), _ADDRESSING),
        (points_back(one.text), _POINTING),
        (len(one.text) > _HANDY, _LONG),
    )
    value = central / (len(own) + 3) ** 0.85 * _LATER**one.rank
    for is_so, factor in factors:
        value *= factor if is_so else 1
    return float(value)


def _addresses(text: str, language: str) -> bool:
    """Whether it speaks to the reader or of the writer: by a pronoun, a question, or the form of a verb."""
    said = words(text)
    return _ADDRESS.search(text) is not None or (
        language == "ru" and (is_imperative(said[0]) or any(map(is_first_person, said)))
    )


def fallback_titles(group: Group, corpus: Corpus, best: str = "") -> Iterator[str]:
    """Titles for a group whose best ones are taken, or that has none: with the date, then the message, then counted."""
    first = corpus.documents[group.anchors[0].row]
    start = best if 0 < len(best) <= LONGEST - _DATED else opening(best or first.text, LONGEST - _DATED)
    start = start.removesuffix(".") or first.message_id
    yield start
    yield f"{start} ({first.date:%Y-%m-%d})"
    yield f"{start} ({first.message_id}, {first.channel_id})"
    yield from (f"{start} ({first.message_id}, {first.channel_id}, {number})" for number in count(2))


def opening(text: str, length: int) -> str:
    """The first words of `text` without links and marks, at most `length` characters, cut between words."""
    line = next((line for line in words_only(text).split("\n") if any(map(str.isalnum, line))), text)
    said = trimmed(line).split(" ")
    kept = said[0][:length]
    for word in said[1:]:
        if len(kept) + 2 + len(word) > length:
            return f"{kept}…"
        kept += f" {word}"
    return kept


def trimmed(text: str) -> str:
    """`text` with single spaces, without what begins or ends no sentence."""
    return _EDGES.sub("", " ".join(text.split()))
