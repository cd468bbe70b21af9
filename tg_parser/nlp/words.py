"""Words: tokens, stems and stop words of many languages, the common ground of key phrases and similarity."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

import snowballstemmer

_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip


def words(text: str) -> list[str]:
    """The words of `text` in lower case, ё as е; hyphenated words stay one."""
    return _WORD.findall(text.lower().replace("ё", "е"))


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """The stem of a lower-case `word`; the word itself where no stemmer knows the language."""
    stemmer = _stemmer(language)
    return word if stemmer is None else str(stemmer.stemWord(word))


@cache
def stop_words(language: str) -> frozenset[str]:
    """Function words of `language` (ISO 639-1) in lower case; empty where none are known."""
    listing = files("yake").joinpath("core", "StopwordsList", f"stopwords_{language}.txt")
    if not listing.is_file():
        return frozenset()
    return frozenset(listing.read_text("utf-8", errors="ignore").lower().replace("ё", "е").split())


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer | None:
    algorithm = _STEMMERS.get(language)
    return snowballstemmer.stemmer(algorithm) if algorithm else None
