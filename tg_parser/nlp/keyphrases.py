"""Key phrases: what a text is about, in its own words.

Phrases rank higher the more often and the earlier their words occur, and the less common they are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tg_parser.nlp.boilerplate import without_boilerplate
from tg_parser.nlp.grammar_uk import is_oblique
from tg_parser.nlp.inflection_ru import is_reversible, nominative_of
from tg_parser.nlp.phrases import Word, phrases, runs
from tg_parser.nlp.words import stop_words

_LOOKED_AT = 20_000
_UNSEGMENTED = frozenset({"zh", "ja", "th", "km", "lo", "my"})
"""Languages without spaces between words: a run of letters is not a word there."""
_LENGTH_BONUS = {1: 0.7, 2: 1.1, 3: 1.1, 4: 1.1}

Key = tuple[str, ...]


@dataclass(slots=True)
class _Candidate:
    words: tuple[Word, ...]
    first_run: int
    surfaces: Counter[str] = field(default_factory=Counter)


def key_phrases(text: str, language: str | None, most: int = 6) -> list[str]:
    """Up to `most` phrases of `text`, the most telling first; none repeats another."""
    if language in _UNSEGMENTED:
        return []
    found = list(runs(without_boilerplate(text[:_LOOKED_AT], language), language or ""))
    candidates = _whole(_collect(found, language or ""))
    counts = Counter(word.stem for run in found for word in run)
    scores = {key: _score(one, counts, len(found)) for key, one in candidates.items()}
    ranked = sorted(candidates, key=lambda key: (-scores[key], candidates[key].first_run, key))
    wanted = min(most, 3 + counts.total() // 25)
    surfaces = (_surface(candidates[key], language) for key in _distinct(ranked, wanted))
    return list(dict.fromkeys(_without_stop_edges(surface, language or "") for surface in surfaces))


def _collect(found: Sequence[list[Word]], language: str) -> dict[Key, _Candidate]:
    candidates: dict[Key, _Candidate] = {}
    for place, run in enumerate(found):
        for phrase in phrases(run, language):
            surface = " ".join(word.surface for word in phrase)
            if not _can_be_named(surface, language):
                continue
            key = tuple(word.stem for word in phrase)
            candidate = candidates.setdefault(key, _Candidate(phrase, place))
            candidate.surfaces[surface] += 1
    return candidates


def _can_be_named(surface: str, language: str) -> bool:
    """Whether the phrase has a nominative that is certain: we inflect Russian, and nothing else."""
    if language == "ru":
        return not is_reversible(surface)
    return language not in ("uk", "be") or not is_oblique(surface.split(maxsplit=1)[0])


def _whole(candidates: dict[Key, _Candidate]) -> dict[Key, _Candidate]:
    """The candidates without those that recur only inside one longer phrase."""
    inside = {
        (part, one.surfaces.total())
        for key, one in candidates.items()
        if one.surfaces.total() > 1
        for size in range(1, len(key))
        for part in (key[i : i + size] for i in range(len(key) - size + 1))
    }
    return {key: one for key, one in candidates.items() if (key, one.surfaces.total()) not in inside}


def _score(candidate: _Candidate, counts: Mapping[str, int], run_count: int) -> float:
    weight = sum(_weight(word, counts[word.stem]) for word in candidate.words) / len(candidate.words)
    often = 1 + 0.5 * math.log(candidate.surfaces.total()) if len(candidate.words) > 1 else 1.0
    early = 1 / (0.8 + candidate.first_run / max(run_count, 8))
    return weight * _LENGTH_BONUS[len(candidate.words)] * often * early


def _weight(word: Word, count: int) -> float:
    rarity = 0.35 if word.common or word.role == "number" else 1.3 if word.role == "name" else 1.0
    return rarity * (1 + math.log(count)) * min(1.15, 0.75 + len(word.folded) / 25)


def _distinct(ranked: Iterable[Key], wanted: int) -> list[Key]:
    """The first `wanted` phrases that share at most half of their stems with any before them."""
    chosen: list[Key] = []
    for key in ranked:
        if len(chosen) == wanted:
            break
        if all(2 * len(set(key) & set(other)) <= min(len(key), len(other)) for other in chosen):
            chosen.append(key)
    return chosen


def _surface(candidate: _Candidate, language: str | None) -> str:
    """In Russian the nominative; otherwise the form that the text uses most, the shortest if there are several."""
    if language == "ru":
        return nominative_of(candidate.surfaces)
    return min(candidate.surfaces, key=lambda surface: (-candidate.surfaces[surface], len(surface), surface))


def _without_stop_edges(phrase: str, language: str) -> str:
    """`phrase` without stop words at its edges, which inflection may have put there; never empty."""
    words, stop = phrase.split(), stop_words(language)
    while len(words) > 1 and words[0].lower() in stop:
        del words[0]
    while len(words) > 1 and words[-1].lower() in stop:
        del words[-1]
    return " ".join(words)
