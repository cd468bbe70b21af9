"""Clauses of a sentence, and whether they have a verb."""

from __future__ import annotations

import re
from functools import lru_cache

from tg_parser.nlp import grammar_uk
from tg_parser.nlp.morphology_ru import is_predicate
from tg_parser.nlp.words import words

SUBORDINATE = re.compile(
    r"(?:котор\w+|что|чтобы|когда|если|пока|хотя|где|куда|откуда|как|так как|потому что|поскольку|чем|кто|чей|чья|чьи"
    r"|які|який|яка|яке|яку|якої|якого|якому|яким|якими|яких|що|щоб|коли|якщо|поки|хоча|де|куди|звідки|як|тому що|бо"
    r"|хто|that|which|who|whose|when|if|while|although|because|where|as)\b",
    re.IGNORECASE,
)
GRAMMARS = frozenset({"ru", "uk", "be"})
_IS = re.compile(r"^[^,:;—–]+\s[—–]\s(?:это|одн[аио]|один|самы\w+|сам\w+)\s")
"""A dash in the place of “is”."""
CLAUSE = re.compile(r"[,;:—–(]\s*")


@lru_cache(maxsize=2_000)
def has_verb(text: str, language: str) -> bool:
    """Whether a clause of it, other than a subordinate one, has a verb; in languages without a grammar always."""
    if language not in GRAMMARS:
        return True
    if _IS.search(text):
        return True
    clauses = [part for part in CLAUSE.split(text) if not SUBORDINATE.match(part)]
    return any(is_verb(word, language) for part in clauses for word in words(part))


def is_told(said: list[str], language: str) -> bool:
    """Whether one of the words is a verb, in a language whose verbs we know."""
    return language in GRAMMARS and any(is_verb(word, language) for word in said)


def is_verb(word: str, language: str) -> bool:
    """Whether a lower-case `word` of a language whose grammar we know is a finite verb or the like."""
    return is_predicate(word) if language == "ru" else grammar_uk.kind(word) == "other"
