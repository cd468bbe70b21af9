"""What a text states that can disagree with another text: the names, figures and days in it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date

from tg_parser.nlp.days import days_apart
from tg_parser.nlp.links import without_links
from tg_parser.nlp.words import folded, stem, stop_words

_CAPITALISED = re.compile(r"\b[A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐЎ][^\W\d_]*(?:[-’'][^\W\d_]+)*")
_CAPITALISED_OR_LATIN = re.compile(r"\b[A-Za-zÀ-ÖØ-ÞА-ЯЁІЇЄҐЎ][^\W\d_]*(?:[-’'][^\W\d_]+)*")
_FIGURE = re.compile(
    r"(?<![\w.,:/-])(?P<whole>\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)|\d{1,12})(?:[.,](?P<part>\d{1,4}))?(?![\d:])"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_INSIDE_SENTENCE = re.compile(r"[^\W_][,)»\"”%]{0,2}[ \u00a0][«\"“(]?$")
"""What stands before a word that does not begin a sentence."""
_BEFORE = 6
_CYRILLIC = frozenset(("ru", "uk", "be", "bg", "sr", "mk"))
_LONGEST_ACRONYM = 6


@dataclass(frozen=True, slots=True)
class Facts:
    """The stems of names, the figures and the days (ISO) of a text, sorted; a name stands as often as it is used."""

    names: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    days: tuple[str, ...] = ()


def facts_of(text: str, language: str, today: date) -> Facts:
    """The facts in `text`, written `today`."""
    shown = without_links(text)
    days, rest = days_apart(folded(shown), today)
    return Facts(
        tuple(sorted(_names(shown, language).elements())),
        tuple(sorted(_figures(rest))),
        tuple(sorted(day.isoformat() for day in days)),
    )


def _names(text: str, language: str) -> Counter[str]:
    """Words with a capital inside a sentence, acronyms, and Latin words in a Cyrillic text."""
    stop = stop_words(language) | stop_words("en")
    found, unsure = Counter[str](), Counter[str]()
    is_cyrillic = language in _CYRILLIC
    for match in (_CAPITALISED_OR_LATIN if is_cyrillic else _CAPITALISED).finditer(text):
        word, low = match[0], match[0].lower().replace("ё", "е")
        is_foreign = is_cyrillic and word[0].isascii()
        if len(word) < 2 or low in stop or (is_foreign and word[0].islower() and len(word) == 2):
            continue
        is_acronym = word.isupper() and len(word) <= _LONGEST_ACRONYM
        is_inside = _INSIDE_SENTENCE.search(text, max(0, match.start() - _BEFORE), match.start()) is not None
        (found if is_foreign or is_acronym or is_inside else unsure)[stem(low, language)] += 1
    return found + Counter({name: count for name, count in unsure.items() if name in found})


def _figures(text: str) -> set[str]:
    """Figures without years, written one way."""
    found = set[str]()
    for match in _FIGURE.finditer(text):
        whole = re.sub(r"\D", "", match["whole"]).lstrip("0") or "0"
        part = (match["part"] or "").rstrip("0")
        if part or not _YEAR.fullmatch(whole):
            found.add(f"{whole}.{part}" if part else whole)
    return found
