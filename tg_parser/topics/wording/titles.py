"""Names groups in the words of their messages; no two have the same title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from tg_parser.topics.grouping.groups import Grouping
from tg_parser.topics.grouping.texts import Corpus, stems_of
from tg_parser.topics.model import Group
from tg_parser.topics.wording.phrases import NOT_WORDS, SharedPhrase, shared_phrases, telling

MAX_PARTS = 3
_ENOUGH = 0.6
_ADDS = 0.12
_STRONG = 0.4
_COMPANION = 0.25
_LONGEST = 80
_OPENING_CHARS = 60
_EDGES = re.compile(r"^[^\w«\"“(]+|[^\w»\"”)!?.…%]+$")


@dataclass(frozen=True, slots=True)
class Named:
    """A group with its id, its title and the phrases its messages share."""

    id: str
    title: str
    group: Group
    phrases: Sequence[SharedPhrase]


def named_topics(grouping: Grouping) -> list[Named]:
    """Wanted and untouched topics keep their titles; the others are named by the phrases they share."""
    corpus, groups = grouping.prepared.corpus, grouping.groups
    language = corpus.language_of(range(len(corpus.documents)))
    avoid = frozenset(root for name in grouping.prepared.options.avoid for root in stems_of(name, language))
    given = {place: group.wanted.title for place, group in enumerate(groups) if group.wanted}
    given |= {place: topic.card.title for place, topic in grouping.matched.items() if place not in grouping.touched}
    touched = sorted(grouping.touched)
    phrases = {place: shared_phrases(groups[place], corpus, avoid) for place in touched}
    free = [place for place in touched if place not in given]
    taken = {title.casefold() for title in given.values()}
    found = title_groups([phrases[place] for place in free], [len(groups[place].members) for place in free])
    titles = {place: title for place, title in zip(free, found, strict=True) if title and title.casefold() not in taken}
    taken |= {title.casefold() for title in titles.values()}
    named = []
    for place, (id_, group) in enumerate(zip(grouping.ids, groups, strict=True)):
        title = given.get(place) or titles.get(place)
        unique = title or next(one for one in fallback_titles(group, corpus) if one.casefold() not in taken)
        taken.add(unique.casefold())
        named.append(Named(id_, unique, group, phrases.get(place, ())))
    return named


def title_groups(phrases_of_groups: Sequence[Sequence[SharedPhrase]], sizes: Sequence[int]) -> list[str | None]:
    """A title for every group, in order; earlier groups choose first. None if no title is left."""
    taken: set[frozenset[str]] = set()
    titles: list[str | None] = []
    for found, size in zip(phrases_of_groups, sizes, strict=True):
        parts = _free_parts(found, size, taken)
        titles.append(_joined(parts) if parts else None)
        taken.add(_stems(parts))
    return titles


def _free_parts(found: Sequence[SharedPhrase], size: int, taken: set[frozenset[str]]) -> list[SharedPhrase]:
    parts = title_parts(found, size)
    if parts and _stems(parts) not in taken:
        return parts
    for first in found:
        for more in [[], *([other] for other in found if set(other.key).isdisjoint(first.key))]:
            if _stems([first, *more]) not in taken:
                return [first, *more]
    return []


def title_parts(found: Sequence[SharedPhrase], size: int) -> list[SharedPhrase]:
    """The most telling phrase, then those that name messages the earlier ones do not, until most are named."""
    if not found:
        return []
    parts = [_fuller(found)]
    while len(parts) < MAX_PARTS:
        named = frozenset[int]().union(*(part.rows for part in parts))
        strong = [phrase for phrase in found if phrase.weight >= _STRONG * found[0].weight]
        rest = [phrase for phrase in telling(strong, len(found), _stems(parts)) if _adds(phrase, named, size)]
        if len(named) >= _ENOUGH * size or not rest:
            break
        best = max(rest, key=lambda phrase: phrase.weight * len(phrase.rows - named) / len(phrase.rows))
        if len(_joined([*parts, best])) > _LONGEST:
            break
        parts.append(best)
    return parts if len(parts) > 1 or not _is_thin(parts[0]) else [*parts, *_companion(found, parts[0], size)]


def _is_thin(phrase: SharedPhrase) -> bool:
    """Whether it is a single common noun: risk, course, photo."""
    return len(phrase.key) == 1 and phrase.text.islower()


def _fuller(found: Sequence[SharedPhrase]) -> SharedPhrase:
    """The first phrase, or a longer one around it if it is thin and half of its messages contain the longer one."""
    first = found[0]
    longer = (
        phrase
        for phrase in found
        if len(phrase.key) > 1 and first.key[0] in phrase.key and 2 * len(phrase.rows) >= len(first.rows)
    )
    return next(longer, first) if _is_thin(first) else first


def _companion(found: Sequence[SharedPhrase], thin: SharedPhrase, size: int) -> Sequence[SharedPhrase]:
    """The next phrase that is nearly as telling and occurs in enough messages to represent the group."""
    strong = [phrase for phrase in found if phrase.weight >= _COMPANION * found[0].weight]
    return telling((phrase for phrase in strong if len(phrase.rows) >= _ADDS * size), 1, thin.key)


def _adds(phrase: SharedPhrase, named: frozenset[int], size: int) -> bool:
    return len(phrase.rows - named) >= max(2, _ADDS * size)


def _stems(parts: Sequence[SharedPhrase]) -> frozenset[str]:
    return frozenset(root for part in parts for root in part.key)


def _joined(parts: Sequence[SharedPhrase]) -> str:
    return capitalised(", ".join(part.text for part in parts))


def capitalised(text: str) -> str:
    """`text` with a capital first letter; a word with capitals of its own, such as iPhone, stays."""
    first = text.split(" ", 1)[0]
    return text if any(char.isupper() for char in first) else text[:1].upper() + text[1:]


def fallback_titles(group: Group, corpus: Corpus) -> Iterator[str]:
    """Titles for a group whose messages share no phrase, best first, without end."""
    first = corpus.documents[group.anchors[0].row]
    start = opening(first.text, _OPENING_CHARS)
    yield start
    yield f"{start} ({first.date:%Y-%m-%d})"
    yield f"{start} ({first.message_id}, {first.channel_id})"
    yield from (f"{start} ({first.message_id}, {first.channel_id}, {number})" for number in count(2))


def opening(text: str, length: int) -> str:
    """The first words of `text` without links and marks, at most `length` characters, cut between words."""
    line = next((line for line in NOT_WORDS.sub(" ", text).split("\n") if any(map(str.isalnum, line))), text)
    words = trimmed(line).split(" ")
    kept = words[0][:length]
    for word in words[1:]:
        if len(kept) + 1 + len(word) > length:
            return f"{kept}…"
        kept += f" {word}"
    return kept


def trimmed(text: str) -> str:
    """`text` with single spaces, without what begins or ends no sentence."""
    return _EDGES.sub("", " ".join(text.split()))
