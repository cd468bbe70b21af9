"""Names groups by the headline that most of their messages tell, or by a phrase that they share; each differently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import log

from tg_parser.nlp.headlines import Headline, has_verb, headlines, is_genre
from tg_parser.nlp.standing import points_back, raised
from tg_parser.nlp.words import words
from tg_parser.topics.grouping.groups import Grouping
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import Group
from tg_parser.topics.wording.phrases import NOT_WORDS, SharedPhrase, shared_phrases

LONGEST = 80
_READ_MESSAGES = 12
_COUNTED_MESSAGES = 200
_DATED = len(" (2024-11-27)")
_CUT, _VERBLESS, _GENRE, _ADDRESSING, _POINTING, _LATER, _FARTHER = 0.65, 0.85, 0.7, 0.6, 0.75, 0.6, 0.97
"""What a headline's worth is multiplied by: if cut in a clause, without a verb, beginning with a genre, speaking to the
reader, pointing at something said before, for every sentence before it, and for every message nearer to the centre.
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


def named_topics(grouping: Grouping) -> list[Named]:
    """Wanted and untouched topics keep their titles; of the others, earlier ones choose theirs first."""
    corpus, groups = grouping.prepared.corpus, grouping.groups
    language = corpus.language_of(range(len(corpus.documents)))
    avoid = frozenset(root for name in grouping.prepared.options.avoid for root in stems_of(name, language))
    given = {place: group.wanted.title for place, group in enumerate(groups) if group.wanted}
    given |= {place: topic.card.title for place, topic in grouping.matched.items() if place not in grouping.touched}
    taken = {title.casefold() for title in given.values()}
    named = []
    for place, (id_, group) in enumerate(zip(grouping.ids, groups, strict=True)):
        phrases = shared_phrases(group, corpus, avoid) if place in grouping.touched else []
        title = given.get(place)
        if title is None:
            title = next(one for one in titles_of(group, corpus, phrases, avoid) if one.casefold() not in taken)
        taken.add(title.casefold())
        named.append(Named(id_, title, group, phrases))
    return named


def titles_of(
    group: Group, corpus: Corpus, phrases: Sequence[SharedPhrase], avoid: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Titles for a group, the best first, without end.

    Headlines that half of the messages carry go before phrases that half of them hold, and those before other
    headlines: the headline of one event is no title for a story of several.
    """
    ranked = [one for one in _ranked(group, corpus) if not avoid.issuperset(stems_of(one, _language(group, corpus)))]
    carried = [text for text in ranked if is_carried(text, group, corpus)]
    yield from carried
    if len(group.members) > 1:
        yield from (raised(phrase.text) for phrase in phrases if _is_title(phrase, group))
    yield from (text for text in ranked if text not in carried)
    yield from fallback_titles(group, corpus, ranked)


def is_carried(text: str, group: Group, corpus: Corpus) -> bool:
    """Whether at least half of the messages contain at least half of its words in some form."""
    rows = [member.row for member in group.members[:_COUNTED_MESSAGES]]
    own = set(stems_of(text, _language(group, corpus)))
    held = sum(2 * len(own.intersection(corpus.stems[row])) >= len(own) for row in rows)
    return 2 * held >= len(rows)


def _is_title(phrase: SharedPhrase, group: Group) -> bool:
    return len(phrase.key) > 1 and 2 * len(phrase.rows) >= len(group.members) and len(phrase.text) <= LONGEST


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
            value = _worth(one, language, shared, corpus) / len(rows) * _FARTHER**place
            worth[one.text] = max(worth.get(one.text, 0.0), round(value, 6))
    return sorted(worth, key=lambda text: -worth[text])


def _worth(one: Headline, language: str, shared: Counter[str], corpus: Corpus) -> float:
    own = sorted(set(stems_of(one.text, language)))
    total = len(corpus.documents)
    central = sum(shared[root] * log((1 + total) / (1 + corpus.frequency[root]) + 1) for root in own)
    factors = (
        (not one.whole, _CUT),
        (not has_verb(one.text, language), _VERBLESS),
        (is_genre(words(one.text)[0], language), _GENRE),
        (_ADDRESS.search(one.text) is not None, _ADDRESSING),
        (points_back(one.text), _POINTING),
    )
    value = central / (len(own) + 3) ** 0.75 * _LATER**one.rank
    for is_so, factor in factors:
        value *= factor if is_so else 1
    return float(value)


def fallback_titles(group: Group, corpus: Corpus, ranked: Iterable[str] = ()) -> Iterator[str]:
    """Titles for a group whose best ones are taken, or that has none: with the date, then the message, then counted."""
    first = corpus.documents[group.anchors[0].row]
    best = next(iter(ranked), "")
    start = best if 0 < len(best) <= LONGEST - _DATED else opening(best or first.text, LONGEST - _DATED)
    start = start.removesuffix(".") or first.message_id
    yield start
    yield f"{start} ({first.date:%Y-%m-%d})"
    yield f"{start} ({first.message_id}, {first.channel_id})"
    yield from (f"{start} ({first.message_id}, {first.channel_id}, {number})" for number in count(2))


def opening(text: str, length: int) -> str:
    """The first words of `text` without links and marks, at most `length` characters, cut between words."""
    line = next((line for line in NOT_WORDS.sub(" ", text).split("\n") if any(map(str.isalnum, line))), text)
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
