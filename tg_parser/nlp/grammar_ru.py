"""Russian grammar of key phrases: which words may be part of one, and which belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from tg_parser.nlp.morphology_ru import ADJECTIVES, Form, agree, forms, readings

WordKind = Literal["noun", "adjective", "other"]
Phrase = Sequence[tuple[str, str]]

_EXCEPTIONS: dict[str, WordKind] = dict.fromkeys(("данные", "данным", "данными", "промо", "суть"), "noun")
"""Words that posts use differently from the books that the probabilities come from."""


@lru_cache(maxsize=100_000)
def kind(word: str) -> WordKind:
    """The most probable kind of `word` (lower case, ё as е); never a surname, because surnames have a capital."""
    if word in _EXCEPTIONS:
        return _EXCEPTIONS[word]
    plain = [form for form in forms(word) if not form.is_proper]
    kinds = set(map(_kind_of, plain or forms(word)))
    if len(kinds) == 1:
        return kinds.pop()
    shares: dict[WordKind, float] = defaultdict(float)
    for form, score, _ in readings(word):
        if form in plain or not plain:
            shares[_kind_of(form)] += score
    return max(shares, key=lambda one: shares[one])


def _kind_of(form: Form) -> WordKind:
    """Active participles are verbs here: “запрещающий” is not a name for anything."""
    if form.part in ADJECTIVES and not form.is_pronoun and form.voice != "actv":
        return "adjective"
    return "noun" if form.part in ("NOUN", "") else "other"


def belong(phrase: Phrase) -> bool:
    """Whether the (word, role) pairs may form one phrase: adjectives agree with their noun, which is in the genitive
    after another noun.
    """
    return all(
        _agree(tuple(adjectives), head, is_name=role == "name", genitive=place > 0)
        for place, (adjectives, head, role) in enumerate(_parts(phrase))
    )


def _parts(phrase: Phrase) -> Iterator[tuple[list[str], str, str]]:
    """The phrase cut after every word that is not an adjective."""
    adjectives: list[str] = []
    for word, role in phrase:
        if role == "adjective":
            adjectives.append(word)
        else:
            yield adjectives, word, role
            adjectives = []


@lru_cache(maxsize=100_000)
def _agree(adjectives: tuple[str, ...], head: str, *, is_name: bool, genitive: bool) -> bool:
    if is_name and not adjectives:
        return True
    found = [form for form in forms(head) if form.part == "NOUN"]
    return not found or any(
        all(any(form.part in ADJECTIVES and agree(form, noun) for form in forms(word)) for word in adjectives)
        for noun in found
        if not genitive or noun.case == "gent"
    )
