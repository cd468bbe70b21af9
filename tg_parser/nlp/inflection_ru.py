"""Puts Russian phrases into the nominative: the head noun and what agrees with it are inflected, the rest stays."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from math import prod
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer
    from pymorphy3.analyzer import Parse

_WORD = re.compile(r"[А-ЯЁа-яё][а-яё]*(?:-[А-ЯЁа-яё][а-яё]+)*")
_BARE = re.compile(r"[А-ЯЁ][а-яё]*[бвгджзклмнпрстфхцчшщ]")
_ADJECTIVES = frozenset({"ADJF", "PRTF"})
_PROPER = frozenset({"Name", "Surn", "Patr", "Geox"})
_PERSON = frozenset({"Name", "Surn", "Patr"})
_EMPTY = frozenset({"CONJ", "PRCL", "PREP", "ADVB", "INTJ", "NPRO"})
_APART = frozenset({"VERB", "INFN", "GRND", "PRTS", "ADVB", "COMP", "PRED"})
_LIKELY = 2
"""How much likelier than in running prose a nominative is among key phrases."""
_SURER = 10
"""How much likelier a case is that the names after the head have too."""
_loading = Lock()


@lru_cache(maxsize=50_000)
def nominatives(phrase: str) -> tuple[tuple[str, float], ...]:
    """Every nominative that `phrase` may be a case of, with its probability, the most probable first.

    The number stays: a plural is no case of a singular. A phrase with no Russian noun at its head is its own.
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
    """The nominative that most uses of one phrase are probably cases of; `surfaces` counts its forms."""
    expected: dict[str, float] = defaultdict(float)
    for surface, count in surfaces.items():
        for text, share in nominatives(surface):
            expected[text] += count * share
    return min(expected, key=lambda text: (-round(expected[text], 6), len(text), text))


@lru_cache(maxsize=100_000)
def noun_share(word: str) -> float:
    """How probable it is that `word` is a noun, and no verb, adjective or particle; 1 for what is not Russian."""
    if not _WORD.fullmatch(word):
        return 1.0
    shares: dict[str, float] = defaultdict(float)
    for parse in _parses(word):
        shares[parse.tag.POS or ""] += parse.score
    noun = shares["NOUN"]
    return 0.0 if sum(shares[part] for part in _EMPTY) > noun else noun / max(sum(shares.values()), 1e-9)


@lru_cache(maxsize=100_000)
def is_nominal(word: str) -> bool:
    """Whether `word` may be part of a noun phrase: verbs and adverbs may not."""
    return not _WORD.fullmatch(word) or any(parse.tag.POS not in _APART for parse in _parses(word))


def dictionary_form(word: str) -> str:
    """What all forms of a noun, also those whose stem differs, have in common: its singular nominative."""
    nouns = _nouns(word) if _WORD.fullmatch(word) else []
    return nouns[0].normal_form if nouns else word.lower()


def is_everyday(word: str) -> bool:
    """Whether the dictionary has `word`, in whatever letters, as a noun that is neither a name nor an abbreviation."""
    known = [parse for parse in _parses(word.lower()) if parse.is_known and parse.tag.POS == "NOUN"]
    return bool(known) and not any("Abbr" in parse.tag or _is_proper(parse) for parse in known)


def _readings(words: Sequence[str]) -> Iterator[tuple[float, list[str]]]:
    """For every reading of the head noun: how probable, and the nominatives of the words up to it and its names."""
    head = _head(words)
    if head is None:
        return
    for noun in _nouns(words[head]):
        before = [_agreeing(word, noun, _ADJECTIVES) for word in words[:head]]
        if any(parse is None for parse in before):
            continue
        phrase = [*(parse for parse in before if parse), noun]
        names = [*_names_after(words[head + 1 :], noun)]
        score = (
            prod(parse.score for parse in phrase) * (_LIKELY if noun.tag.case == "nomn" else 1) * _SURER ** len(names)
        )
        yield score, [_nominative_of(parse, noun, word) for parse, word in zip([*phrase, *names], words, strict=False)]


def _brand(words: Sequence[str]) -> int:
    """How many words a name begins with that the dictionary has not and that stand in every case as they are."""
    if len(words) < 2 or not (_BARE.fullmatch(words[0]) and words[1][0].isupper()):
        return 0
    return 0 if any(parse.is_known for parse in _parses(words[0])) else 1


def _head(words: Sequence[str]) -> int | None:
    """The place of the last noun with nothing but adjectives before it that agree with it."""
    head = None
    for place, word in enumerate(words):
        if not _WORD.fullmatch(word):
            break
        if any(all(_agreeing(other, noun, _ADJECTIVES) for other in words[:place]) for noun in _nouns(word)):
            head = place
        if not any(parse.tag.POS in _ADJECTIVES for parse in _parses(word)):
            break
    return head


def _nouns(word: str) -> list[Parse]:
    """The readings of `word` as a noun; of names only where it has a capital, of a guessed name none."""
    capital = word[0].isupper()
    nouns = [parse for parse in _parses(word) if parse.tag.POS == "NOUN" and "voct" not in parse.tag]
    if capital and not any(parse.is_known for parse in nouns):
        return []
    proper = [parse for parse in nouns if _is_proper(parse)]
    if capital and proper:
        return proper
    return [parse for parse in nouns if not _is_proper(parse)] or nouns


def _is_proper(parse: Parse) -> bool:
    return any(grammeme in parse.tag for grammeme in _PROPER)


def _names_after(words: Sequence[str], noun: Parse) -> Iterator[Parse]:
    """The name of a person right after the head, in the same case."""
    for word in words:
        parse = _agreeing(word, noun, frozenset({"NOUN"})) if word[0].isupper() and _WORD.fullmatch(word) else None
        if parse is None or not any(grammeme in parse.tag for grammeme in _PERSON):
            return
        yield parse


def _agreeing(word: str, noun: Parse, parts: frozenset[str]) -> Parse | None:
    """The most probable reading of `word` as one of `parts` of speech in the case, number and gender of `noun`."""
    if not _WORD.fullmatch(word):
        return None
    wanted = noun.tag
    for parse in _parses(word):
        tag = parse.tag
        if tag.POS in parts and (tag.case, tag.number) == (wanted.case, wanted.number):
            alike = tag.gender == wanted.gender or "ms-f" in tag or "ms-f" in wanted
            living = tag.animacy is None or "NOUN" in parts or tag.animacy == wanted.animacy
            if living and (alike or wanted.number == "plur"):
                return parse
    return None


def _nominative_of(parse: Parse, noun: Parse, word: str) -> str:
    if parse.tag.case == "nomn":
        return word
    wanted = {"nomn", parse.tag.number}
    if parse.tag.number == "sing" and parse.tag.POS in _ADJECTIVES and noun.tag.gender:
        wanted.add(noun.tag.gender)
    inflected = parse.inflect(wanted)
    return _written_like(word, inflected.word) if inflected else word


def _written_like(word: str, form: str) -> str:
    """`form` with the capitals of `word`, and with ё only where its writer uses it."""
    plain = form if "ё" in word.lower() else form.replace("ё", "е")
    return "".join(
        char.upper() if place < len(word) and word[place].isupper() else char for place, char in enumerate(plain)
    )


@lru_cache(maxsize=100_000)
def _parses(word: str) -> tuple[Parse, ...]:
    return tuple(_analyzer().parse(word))


def _analyzer() -> MorphAnalyzer:
    with _loading:  # two threads would otherwise load the dictionary twice
        return _loaded()


@cache
def _loaded() -> MorphAnalyzer:
    import pymorphy3  # noqa: PLC0415  - heavy: the dictionary takes a fifth of a second and 15 MB

    return pymorphy3.MorphAnalyzer()
