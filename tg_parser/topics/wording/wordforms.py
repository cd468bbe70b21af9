"""Chooses the readable form of a phrase for a title, and decides whether a single word may be a title."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from tg_parser.nlp.inflection_ru import nominative_of
from tg_parser.nlp.morphology_ru import is_everyday, noun_share

_LEAST_NOUN = 0.3
_KIN = frozenset({"uk", "be"})
_OBLIQUE = re.compile(
    r".*(?:ого|його|ому|йому|[оеіє]й|ою|ею|єю|их|ими|[ая]ми|[ая]х|[ая]м|[оеіи]м|[оеіє]в|[уюі])|.*[аеиоуыэюя]и"
)


def is_noun(word: str, forms: Counter[str], language: str) -> bool:
    """Whether `word` may be a noun and its stem, in all its `forms`, mostly is; either test alone often misleads."""
    if language != "ru":
        return True
    nouns = sum(count * noun_share(form) for form, count in forms.items())
    return noun_share(word.lower()) > 0 and nouns >= _LEAST_NOUN * forms.total()


def readable(surfaces: Mapping[str, int], language: str) -> str:
    """The most frequent form of a phrase, in the nominative, without capitals from headlines or sentence starts."""

    def rank(surface: str) -> tuple[bool, int, int, str]:
        oblique = language in _KIN and _OBLIQUE.fullmatch(surface.split(maxsplit=1)[0].lower()) is not None
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


def _is_shouted(surface: str) -> bool:
    return surface.isupper() and len(surface) > 1


def _calmed(surface: str, language: str) -> str:
    return surface.lower() if language == "ru" and is_everyday(surface) else surface
