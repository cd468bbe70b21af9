"""Finds the phrases that a group of messages shares, in readable form, the most telling first."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from tg_parser.nlp.boilerplate import without_boilerplate
from tg_parser.nlp.grammar_uk import is_oblique
from tg_parser.nlp.inflection_ru import is_reversible, nominative_of
from tg_parser.nlp.links import NOT_WORDS, words_only
from tg_parser.nlp.morphology_ru import (
    RUSSIAN_WORD,
    dictionary_form,
    is_everyday,
    is_known,
    is_nominal,
    is_surname,
    noun_share,
)
from tg_parser.nlp.phrases import Word, phrases, runs
from tg_parser.topics.grouping.texts import LOOKED_AT, Corpus, stems_of
from tg_parser.topics.model import Group

_READ_MESSAGES = 25
_READ_CHARS = 2000
_EVERYWHERE = 0.3
"""A phrase in more than this share of the messages outside a group is a habit of the channel, not a subject."""
_MANY = 20
_LEAST_NOUN = 0.3
_KIN = frozenset({"uk", "be"})
_ORDINAL = re.compile(r"\d-?\w{1,2}$|[A-Za-z]-[а-яё]")
_MAY_BE_OBLIQUE = re.compile(r"(?:[ауыеюия]|ом|ем|ой|ей)$")
_INFLECTED = re.compile(r"([А-ЯЁ]{3,})(?:а|у|ом|е|ы|ов)")
"""An abbreviation with the ending of a case: “СИБУРа”."""
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedPhrase:
    """A phrase with its stems, the messages of the group (rows) that contain it, and how well it fits only them."""

    text: str
    key: Key
    rows: frozenset[int]
    weight: float
    is_name: bool = False


def shared_phrases(group: Group, corpus: Corpus, avoid: frozenset[str] = frozenset()) -> list[SharedPhrase]:
    """Phrases of the group's messages by weight, then by their order in its best message.

    Each occurs in at least two messages of a cluster. Phrases made only of `avoid`ed stems (the channel's own name) are
    left out.
    """
    rows = [member.row for member in group.members]
    language = corpus.language_of(rows)
    holders = _Holders(rows, corpus)
    surfaces, names = _candidates(rows[:_READ_MESSAGES], holders, corpus, language)
    found = []
    for key in sorted(surfaces):
        held = holders.of(key)
        if (
            len(held) >= min(2, len(rows))
            and not _is_habit(key, len(held), len(rows), corpus)
            and not avoid.issuperset(key)
        ):
            text = readable(surfaces[key], language)
            if key not in names:
                text = _without_chance_capital(text, language)
            elif len(key) == 1:
                text = _uninflected(text)
            if not _is_stuck(text, language):
                is_name = key in names and is_certain_name(surfaces[key], text, language)
                found.append(SharedPhrase(text, key, held, _weight(key, len(held), len(rows), corpus), is_name))
    place = {root: place for place, root in reversed(list(enumerate(corpus.stems[rows[0]])))}
    ranked = sorted(found, key=lambda phrase: (-phrase.weight, place.get(phrase.key[0], LOOKED_AT), phrase.key))
    return list(_different(ranked, language))


def _different(ranked: Iterable[SharedPhrase], language: str) -> Iterator[SharedPhrase]:
    """Without words that are another form of an earlier one with a different stem."""
    seen: set[str] = set()
    for phrase in ranked:
        form = dictionary_form(phrase.text) if language == "ru" and len(phrase.key) == 1 else phrase.text
        if form not in seen:
            seen.add(form)
            yield phrase


class _Holders:
    """Which rows hold a phrase: those that hold its rarest stem are searched."""

    def __init__(self, rows: Sequence[int], corpus: Corpus) -> None:
        self._least = min(2, len(rows))
        self._texts = {row: f" {' '.join(corpus.stems[row])} " for row in rows}
        self._rows: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            for root in set(corpus.stems[row]):
                self._rows[root].append(row)

    def may_share(self, key: Key) -> bool:
        """Whether enough rows hold each of its stems, which costs much less to see than `of`."""
        return all(len(self._rows.get(root, ())) >= self._least for root in key)

    def of(self, key: Key) -> frozenset[int]:
        wanted = f" {' '.join(key)} "
        likely = min((self._rows.get(root, []) for root in key), key=len)
        return frozenset(row for row in likely if wanted in self._texts[row])


def _candidates(
    rows: Sequence[int], holders: _Holders, corpus: Corpus, language: str
) -> tuple[dict[Key, Counter[str]], frozenset[Key]]:
    """Surface forms by stems, from the key phrases of messages and from their texts; and which of them are names."""
    counts: Counter[str] = Counter()
    written_as_names: set[str] = set()
    for document in (corpus.documents[row] for row in rows):
        found, named = _phrases_in(document.text[:_READ_CHARS], language)
        counts.update(found)
        counts.update(document.key_phrases)
        written_as_names |= named
    surfaces: dict[Key, Counter[str]] = defaultdict(Counter)
    for surface, count in counts.items():
        key = _key_of(surface, language)
        if key and holders.may_share(key) and _names_something(surface, key, corpus, language):
            surfaces[key][surface] = count
    return surfaces, frozenset(key for key, own in surfaces.items() if not written_as_names.isdisjoint(own))


@lru_cache(maxsize=5_000)
def _phrases_in(text: str, language: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Every phrase of a text without its boilerplate, and those of them that are written as names.

    Remembered, since a message of an event is one of its story too.
    """
    plain = without_boilerplate(text, language)
    found = [phrase for run in runs(words_only(plain, " . "), language) for phrase in phrases(run, language)]
    surfaces = tuple(" ".join(word.surface for word in phrase) for phrase in found)
    return surfaces, frozenset(one for one, phrase in zip(surfaces, found, strict=True) if _is_name(phrase))


@lru_cache(maxsize=50_000)
def _key_of(surface: str, language: str) -> Key:
    """The stems of a phrase; none if it cannot be read as one."""
    key = stems_of(surface, language)
    return key if _is_readable(surface, key) else ()


def _is_name(phrase: Sequence[Word]) -> bool:
    """Whether all its words have capitals of their own, or an adjective with one is bound to what it names; a first
    name has its own at the start of a sentence too.
    """
    first, *rest = phrase
    is_named = first.role == "name" or (bool(rest) and is_surname(first.surface))
    return (is_named and all(word.role == "name" for word in rest)) or (
        len(phrase) > 1 and phrase[0].role == "adjective" and phrase[0].surface[:1].isupper()
    )


def _is_stuck(text: str, language: str) -> bool:
    """Whether a phrase of a language that we cannot inflect is in another case than the nominative."""
    return language in _KIN and is_oblique(text.split(maxsplit=1)[0])


def is_certain_name(surfaces: Mapping[str, int], text: str, language: str) -> bool:
    """Whether `text` is a name in the nominative: one that the dictionary does not know is so only if nothing in its
    ending says otherwise, or other forms of it were seen.
    """
    last = text.rsplit(maxsplit=1)[-1]
    if not text[:1].isupper() or _ORDINAL.search(text):
        return False
    unknown = language == "ru" and RUSSIAN_WORD.fullmatch(last) is not None and not is_known(last)
    return not unknown or len(surfaces) > 1 or _MAY_BE_OBLIQUE.search(last) is None


def _is_readable(surface: str, key: Key) -> bool:
    words = surface.split()
    return (
        NOT_WORDS.search(surface) is None
        and len(key) == len(words) <= 4
        and len(surface) <= 60
        and any(char.isalpha() for char in surface)
    )


def _is_habit(key: Key, held: int, size: int, corpus: Corpus) -> bool:
    others = corpus.total - size
    outside = min(corpus.frequency[root] for root in key) - held
    return others >= _MANY and outside > _EVERYWHERE * others


def _weight(key: Key, held: int, size: int, corpus: Corpus) -> float:
    """Share of the group times how much rarer the phrase is elsewhere; longer phrases weigh more."""
    share = held / size
    outside = max(min(corpus.frequency[root] for root in key), held) / corpus.total
    return round(share * max(log(share / outside), 0.1) * (1 + 0.5 * (len(key) - 1)), 6)


def _names_something(surface: str, key: Key, corpus: Corpus, language: str) -> bool:
    """Whether a single word is a noun or a name, or no word of several is a verb."""
    if len(key) > 1:
        return language != "ru" or _is_noun_phrase(surface)
    return surface[1:] != surface[1:].lower() or is_noun(surface, corpus.forms[key[0]], language)


@lru_cache(maxsize=50_000)
def _is_noun_phrase(surface: str) -> bool:
    return all(map(is_nominal, surface.split())) and not is_reversible(surface)


def telling(found: Iterable[SharedPhrase], most: int, used: Iterable[str] = ()) -> list[SharedPhrase]:
    """The first `most` phrases that share no stem with each other or with `used`."""
    chosen: list[SharedPhrase] = []
    seen = set(used)
    for phrase in found:
        if len(chosen) == most:
            break
        if seen.isdisjoint(phrase.key):
            chosen.append(phrase)
            seen.update(phrase.key)
    return chosen


def is_noun(word: str, forms: Counter[str], language: str) -> bool:
    """Whether `word` may be a noun and its stem, in all its `forms`, mostly is; either test alone often misleads."""
    if language != "ru":
        return True
    nouns = sum(count * noun_share(form) for form, count in forms.items())
    return noun_share(word.lower()) > 0 and nouns >= _LEAST_NOUN * forms.total()


def readable(surfaces: Mapping[str, int], language: str) -> str:
    """The most frequent form of a phrase, in the nominative, without capitals from headlines or sentence starts."""

    def rank(surface: str) -> tuple[bool, int, int, str]:
        oblique = language in _KIN and is_oblique(surface.split(maxsplit=1)[0])
        return (oblique, -plain[surface], len(surface), surface)

    plain = _plain(surfaces, language)
    return nominative_of(plain) if language == "ru" else min(plain, key=rank)


def _plain(surfaces: Mapping[str, int], language: str) -> Counter[str]:
    """`surfaces` without capitals that other surfaces, or the dictionary, show to be unnecessary."""
    calm = {surface: count for surface, count in surfaces.items() if not _is_shouted(surface)}
    if not calm:
        return Counter({_calmed(surface, language): count for surface, count in surfaces.items()})
    has_lower = any(surface[0].islower() for surface in calm)
    plain: Counter[str] = Counter()
    for surface, count in calm.items():
        is_start = has_lower and surface.split(maxsplit=1)[0][1:].islower()
        plain[surface[0].lower() + surface[1:] if is_start else surface] += count
    return plain


def _uninflected(text: str) -> str:
    """An abbreviation without the ending of a case."""
    inflected = _INFLECTED.fullmatch(text)
    return inflected[1] if inflected else text


def _without_chance_capital(text: str, language: str) -> str:
    """`text`, never seen as a name, without the capital that its first word only has at the start of sentences."""
    first = text.split(maxsplit=1)[0]
    is_chance = language == "ru" and first[:1].isupper() and first[1:].islower() and is_everyday(first)
    return text[0].lower() + text[1:] if is_chance else text


def _is_shouted(surface: str) -> bool:
    return surface.isupper() and len(surface) > 1


def _calmed(surface: str, language: str) -> str:
    return surface.lower() if language == "ru" and is_everyday(surface) else surface
