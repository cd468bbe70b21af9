"""Ukrainian parts of speech, guessed by endings, for key phrases. Rougher than the Russian ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from tg_parser.nlp.words import phrase_boundaries

_ADJECTIVE = re.compile(
    r".{2,}(?:ий|ого|ому|ими|их|ої|ською|цькою|ське|ська|ську|ські|ані|цька|цьку|цьке|цькі|ова|ове|ову|на?ьна|льне|льні"
    r"|льну)"
)
_NOT_ADJECTIVE = re.compile(r".*(?:ості|нього)|місцеве")
_VERB = re.compile(
    r".*(?:ти|тися|тись|ться|вся|лася|лося|лися|вши|ючи|ачи|ують|юють|ають|яють|іють|ує|ює|ає|яє|іє|увала?|ували?"
    r"|ував|ювала?|ювали|ював"
    r"|[аиіуя]в|[аиіяу]л[аои]|[юу]ть|нув|нула|нули|ано|ено|ито|уто|ємо|емо|ймо|йте|еш|иш|[бвгдзклмнпрстчшщь]но"
    r"|[сцнл]ько|идко|(?:з|до|по|пере)*міг|.{3}[ую]й|[иї]ть)"
)
_OBLIQUE = re.compile(
    r".*(?:[оє]ї|ого|його|ому|йому|[оеіє]й|ою|ею|єю|их|ими|[ая]ми|[ая]х|[ая]м|[оеіи]м|[оеіє]в|[уюі])|.*[аеиоуыэюя]и"
)
_NOUN = re.compile(
    r".*(?:рав|лав|рів|ків|нів|тів|дів|зів|лів|мів|сів|вів|гів|хів|пів|бів|ців|чів|шів|їв|ості|сила|силу|сили|хвиля"
    r"|активів?|архів|залив|вплив|напій|кіно|вікно|діти|мати|рукав|устав|склав|зброя|школа|влада|скала|начала|мова"
    r"|суть|лють|ртуть|вікно|зерно|пятно|кіно|волокно|дно)"
)


@lru_cache(maxsize=100_000)
def kind(word: str) -> Literal["noun", "adjective", "other"]:
    """The most probable kind of `word` (lower case)."""
    if word in phrase_boundaries("uk"):
        return "other"
    if _ADJECTIVE.fullmatch(word) and not _NOT_ADJECTIVE.fullmatch(word):
        return "adjective"
    return "other" if _VERB.fullmatch(word) and not _NOUN.fullmatch(word) else "noun"


def is_oblique(word: str) -> bool:
    """Whether `word` is probably in another case than the nominative, by its ending."""
    low = word.lower()
    is_plural = low.endswith("і") and kind(low) == "adjective"
    return not is_plural and _OBLIQUE.fullmatch(low) is not None


def belong(phrase: Sequence[tuple[str, str]]) -> bool:
    """Whether the (word, role) pairs may form one phrase: a noun after a noun must not be in a case of its own."""
    for (_, role), (word, next_role) in pairwise(phrase):
        if role == next_role == "noun" and re.search(r"(?:ом|ем|єм|ам|ям|ами|ями|ах|ях|ою|ею|ю|ові|еві|у|о|е)$", word):
            return False
        if role == "noun" and next_role == "adjective" and not re.search(r"(?:ого|ої|их)$", word):
            return False
    return True
