"""Candidate phrases of a text: runs of words that could name something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal

from tg_parser.nlp import grammar_ru, grammar_uk
from tg_parser.nlp.links import LINK
from tg_parser.nlp.morphology_ru import forms, is_place
from tg_parser.nlp.words import LETTER, common_words, folded, phrase_boundaries, stem, stop_words

LONGEST = 3
_LONGEST_NAME = 4
_LONGEST_WORD = 40
_TOKEN = re.compile(
    rf"(?P<skip>{LINK.pattern}|[@#]\w+|[\w.+-]+@[\w-]+\.[\w.]+|`[^`]*`)"
    rf"|(?P<word>(?-i:[A-ZА-ЯЁ]\.(?=[A-ZА-ЯЁ]{LETTER}{{2}}))?{LETTER}+(?:[-‑’'‘ʼ&]{LETTER}+|\.(?=[a-z0-9]){LETTER}+"
    rf"|(?<=\d),(?=\d)\d+)*(?:\+\+|\#(?!\w))?)"
    r"|(?P<end>[^\w\s]|_)",
    re.IGNORECASE,
)
_SENTENCE_START = frozenset('.!?…:•—–«"“„▪️🔹-')
_GRAMMARS = {"ru": grammar_ru, "uk": grammar_uk, "be": grammar_uk}
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_EUROPEAN = re.compile(r"[\dA-Za-z\u00c0-\u052f\u1e00-\u1fff]")
_EUROPEAN_LANGUAGES = frozenset(("en", "de", "fr", "es", "it", "pt", "pl", "nl", "tr", *_GRAMMARS))
_ENGLISH_ADJECTIVE = re.compile(r".{3,}(?:ed|ous|ful|less|able|ible|ish|est)")

WordRole = Literal["noun", "adjective", "name", "number", "link"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word that may stand in a phrase. `common` ones never name a subject alone."""

    surface: str
    folded: str
    stem: str
    role: WordRole
    common: bool


def runs(text: str, language: str) -> Iterator[list[Word]]:
    """Words that follow each other with no punctuation, function word or verb between them, line by line."""
    for line in text.split("\n"):
        titled = _is_titled(line)
        run: list[Word] = []
        starts = True
        for match in _TOKEN.finditer(line):
            surface = match["word"]
            word = _word(surface, language, named=not (starts or titled)) if surface else None
            starts = not surface and (starts or match[0] in _SENTENCE_START)
            if word:
                run.append(word)
            elif run:
                yield _with_proper_adjectives(run, language)
                run = []
        if run:
            yield _with_proper_adjectives(run, language)


def phrases(run: Sequence[Word], language: str) -> Iterator[tuple[Word, ...]]:
    """Every part of `run` that has the form of a phrase; proper names are not cut."""
    for start in range(len(run)):
        for end in range(start + 1, min(start + _LONGEST_NAME, len(run)) + 1):
            phrase = tuple(run[start:end])
            if _is_whole(run, start, end) and _has_form(phrase, language):
                yield phrase


def _is_titled(line: str) -> bool:
    """Whether capitals mean nothing in `line`, as in a headline that capitalises every word."""
    long_words = [word for word in re.findall(r"[^\W\d_]{4,}", line[:400]) if word[0].upper() != word[0].lower()]
    return len(long_words) >= 3 and sum(word[0].isupper() for word in long_words) > 0.7 * len(long_words)


@lru_cache(maxsize=50_000)
def _word(surface: str, language: str, *, named: bool) -> Word | None:
    """The word, or None if it ends a run."""
    low = folded(surface)
    if low == "of":
        return Word(surface, low, low, "link", common=True)
    if len(surface) > _LONGEST_WORD or _is_function_word(low, language):
        return None
    role = _role(surface, low, language, named=named)
    if role is None:
        return None
    root = stem(low, language)
    if role == "adjective":
        surface = surface[0].lower() + surface[1:]
    return Word(surface, low, root, role, role != "name" and root in _common_stems(language))


def _is_function_word(low: str, language: str) -> bool:
    """By the language's list; without one, short words count. English function words count in every language."""
    known = stop_words(language)
    return low in known or (not known and len(low) <= 3) or (low.isascii() and low in stop_words("en"))


def _role(surface: str, low: str, language: str, *, named: bool) -> WordRole | None:
    if not any(char.isalpha() for char in surface):
        return "number"
    if language in _EUROPEAN_LANGUAGES and not _EUROPEAN.match(surface):
        return None
    if any(char.isupper() for char in surface[1:]) or (named and surface[0].isupper()):
        return "name"
    grammar = _GRAMMARS.get(language)
    if grammar is None:
        return _plain_role(low, language)
    if _CYRILLIC.match(surface):
        guess = grammar.kind(low)
        return None if guess == "other" else guess
    return None if low in phrase_boundaries("en") else "name"


def _plain_role(low: str, language: str) -> WordRole | None:
    """The role of a word of a language whose grammar we do not know; in English at least adverbs and adjectives."""
    if low in phrase_boundaries(language) or (language == "en" and low.endswith("ly")):
        return None
    return "adjective" if language == "en" and _ENGLISH_ADJECTIVE.fullmatch(low) else "noun"


def _with_proper_adjectives(run: list[Word], language: str) -> list[Word]:
    """`run` with capitalised words made adjectives if they agree with the next noun: Kharkiv oblast, Red planet."""
    grammar = _GRAMMARS.get(language)
    if grammar is None:
        return run
    for i in range(len(run) - 2, -1, -1):
        word, following = run[i], run[i + 1]
        if word.role == "name" and following.role in ("noun", "name") and grammar.kind(word.folded) == "adjective":
            pair = [(word.folded, "adjective"), (following.folded, "noun")]
            if word.surface[1:].islower() and grammar.belong(pair):
                run[i] = replace(word, role="adjective")
    return run


def _is_whole(run: Sequence[Word], start: int, end: int) -> bool:
    """Whether the part neither begins nor ends inside a proper name, and has no number cut off."""
    cut_before = start > 0 and run[start - 1].role == run[start].role == "name"
    cut_after = end < len(run) and run[end - 1].role == "name" and run[end].role in ("name", "number")
    return not cut_before and not cut_after


def _has_form(phrase: Sequence[Word], language: str) -> bool:
    roles = [word.role for word in phrase]
    if len(phrase) > LONGEST and not set(roles) <= {"name", "link", "number"}:
        return False
    if roles[0] in ("number", "link") or roles[-1] in ("adjective", "link") or all(word.common for word in phrase):
        return False
    if any(role == "number" and roles[i - 1] != "name" for i, role in enumerate(roles) if i):
        return False
    if len(phrase) == 1:
        lone = phrase[0].folded
        return len(lone) >= (2 if roles[0] == "name" else 3) and not (language == "en" and lone.endswith("ing"))
    if any(_is_broken(word, following, language) for word, following in pairwise(phrase)):
        return False
    grammar = _GRAMMARS.get(language)
    return grammar is None or grammar.belong([(word.folded, word.role) for word in phrase])


def _is_broken(word: Word, following: Word, language: str) -> bool:
    """Whether a Cyrillic name, maybe in a case of its own, stands before a noun that does not belong to it, or an
    institution before a person who only follows it: “(глава) МЧС Куренков”.
    """
    if word.role != "name" or _CYRILLIC.match(word.surface) is None:
        return False
    if following.role != "name":
        return following.role == "noun" or (following.role == "adjective" and language in ("uk", "be"))
    is_body = language == "ru" and (word.surface.isupper() or is_place(word.surface))
    return is_body and any(form.is_person for form in forms(following.surface))


@cache
def _common_stems(language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in common_words(language))
