"""Puts Russian phrases into the nominative: the head noun and what agrees with it are inflected, the rest stays."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod

from tg_parser.nlp.morphology_ru import (
    ADJECTIVES,
    NOUNS,
    RUSSIAN_WORD,
    Form,
    WordReading,
    agreeing,
    is_known,
    nouns,
    readings,
)

_BARE = re.compile(r"[А-ЯЁ][а-яё]*[бвгджзклмнпрстфхцчшщ]")
_ALIKE = frozenset({"gent", "accs"})
"""Cases that a person and whose person it is share."""
_LIKELY = 2
"""How much likelier a nominative is in key phrases than in running text."""
_SURER = 10
"""How much likelier a case is if the names after the head are in it too."""


@lru_cache(maxsize=50_000)
def nominatives(phrase: str) -> tuple[tuple[str, float], ...]:
    """Every nominative that `phrase` may be a form of, with its probability, the most probable first.

    The number stays: a plural does not become a singular. A phrase without a Russian head noun stays as it is.
    """
    words = phrase.split()
    brand = _brand(words)
    found: dict[str, float] = defaultdict(float)
    for score, forms in _readings(words[brand:]):
        found[" ".join([*words[:brand], *forms, *words[brand + len(forms) :]])] += score
    total = sum(found.values())
    if not total:
        return ((phrase, 1.0),)
    ranked = sorted(found, key=lambda text: (-round(found[text], 6), len(text), text))
    return tuple((text, found[text] / total) for text in ranked)


def nominative_of(surfaces: Mapping[str, int]) -> str:
    """The nominative that most uses of a phrase are probably forms of; `surfaces` counts the forms."""
    expected: dict[str, float] = defaultdict(float)
    for surface, count in surfaces.items():
        for text, share in nominatives(surface):
            expected[text] += count * share
    return min(expected, key=lambda text: (-round(expected[text], 6), len(text), text))


@lru_cache(maxsize=50_000)
def is_reversible(phrase: str) -> bool:
    """Whether a person and a name in one oblique case may be read both ways: “сына Хантера” is Hunter, who is a son, or
    the son of Hunter; the nominative would decide for one.
    """
    words = phrase.split()
    head = _head(words)
    if head is None or head + 1 == len(words) or words[head][0].isupper() or not _is_called(words[head + 1]):
        return False
    found = [noun for noun in nouns(words[head]) if noun.form.animacy == "anim"]
    if not found or any(noun.form.case == "nomn" for noun in found):
        return False
    unclear = all(noun.form.case in _ALIKE for noun in found)
    return unclear or not any([*_names_after(words[head + 1 :], noun.form)] for noun in found)


def _is_called(word: str) -> bool:
    """Whether `word` may be what a person is called: a name of people, or one that the dictionary does not know."""
    return word[0].isupper() and (not is_known(word) or any(reading.form.is_person for reading in readings(word)))


def _readings(words: Sequence[str]) -> Iterator[tuple[float, list[str]]]:
    """For every reading of the head noun: its probability, and the words up to it and its names in the nominative."""
    head = _head(words)
    if head is None:
        return
    for noun in nouns(words[head]):
        before = [reading for word in words[:head] if (reading := agreeing(word, noun.form))]
        if len(before) < head:
            continue
        names = [*_names_after(words[head + 1 :], noun.form)]
        likelier = _LIKELY if noun.form.case == "nomn" else 1
        score = prod(reading.score for reading in (*before, noun)) * likelier * _SURER ** len(names)
        found = zip((*before, noun, *names), words, strict=False)
        yield score, [_nominative_of(reading, word, noun.form.gender) for reading, word in found]


def _brand(words: Sequence[str]) -> int:
    """1 if the phrase begins with a brand that is not in the dictionary and is never inflected, else 0."""
    if len(words) < 2 or not (_BARE.fullmatch(words[0]) and words[1][0].isupper()):
        return 0
    return 0 if is_known(words[0]) else 1


def _head(words: Sequence[str]) -> int | None:
    """The index of the last noun with only adjectives before it that agree with it."""
    head = None
    for place, word in enumerate(words):
        if not RUSSIAN_WORD.fullmatch(word):
            break
        if any(all(agreeing(other, noun.form) for other in words[:place]) for noun in nouns(word)):
            head = place
        if not any(reading.form.part in ADJECTIVES for reading in readings(word)):
            break
    return head


def _names_after(words: Sequence[str], noun: Form) -> Iterator[WordReading]:
    """The name of a person right after the head, in the same case; only a person is called by one.

    “Команды Байдена” stays “команда Байдена”, however its cases look.
    """
    if noun.animacy != "anim":
        return
    for word in words:
        reading = agreeing(word, noun, NOUNS) if word[0].isupper() else None
        if reading is None or not reading.form.is_person:
            return
        yield reading


@lru_cache(maxsize=30_000)
def _nominative_of(reading: WordReading, word: str, gender: str | None) -> str:
    """`word` in the nominative, an adjective in the `gender` of its noun."""
    form = reading.form
    if form.case == "nomn" or form.number is None:
        return word
    wanted = {"nomn", form.number}
    if form.number == "sing" and form.part in ADJECTIVES and gender:
        wanted.add(gender)
    inflected = reading.parse.inflect(wanted)
    return written_like(word, inflected.word) if inflected else word


def written_like(word: str, form: str) -> str:
    """`form` with the capitals of `word`, and with ё only if `word` is written with it."""
    plain = form if "ё" in word.lower() else form.replace("ё", "е")
    return "".join(
        char.upper() if place < len(word) and word[place].isupper() else char for place, char in enumerate(plain)
    )
