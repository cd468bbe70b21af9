"""Tokens, stems and stop words of many languages, shared by key phrases and similarity."""

from __future__ import annotations

import re
import threading
from functools import cache, lru_cache
from importlib.resources import files

import snowballstemmer

LETTER = (
    r"(?:[^\W_]|[\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    r"\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0b82\u0bbe-\u0bcd\u0e31\u0e34-\u0e4e])"
)
"""A letter, a digit, or a mark that is combined with a letter."""
_WORD = re.compile(rf"{LETTER}+(?:[-’'‘ʼ]{LETTER}+)*")
_VOWEL_SIGNS = re.compile("[\u0640\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc]")
_SIGN_BYTES = re.compile(rb"[\xd8-\xdb]")
"""The first bytes of Arabic letters and signs in UTF-8; searching for them is nearly free."""
_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
_EAST_SLAVIC_ENDING = re.compile(
    r"(?<=...)(?:ість|ості|істю|ення|енню|енням|ання|анню|анням|ами|ями|ові|еві|ого|ому|ими|их|ій|ий|им|ої|ою|ею|єю"
    r"|ем|ом|ам|ям|ах|ях|ів|їв"
    r"|ія|ії|ію|ією|[аяоеєіїиуюьы])$"
)
_LONGEST_WORD = 50
_of_thread = threading.local()


def words(text: str) -> list[str]:
    """The words of `text` in lower case, ё as е, Arabic without vowel signs; hyphenated words stay one."""
    return _WORD.findall(folded(text))


def folded(text: str) -> str:
    """`text` in the form in which words are compared."""
    lowered = text.lower().replace("ё", "е").replace("’", "'").replace("‘", "'").replace("ʼ", "'")
    return without_vowel_signs(lowered)


def without_vowel_signs(text: str) -> str:
    """`text` without the signs that vocalise Arabic; most writers leave them out."""
    if text.isascii():
        return text
    encoded = text.encode("utf-8", "surrogatepass")
    return _VOWEL_SIGNS.sub("", text) if _SIGN_BYTES.search(encoded) else text


def stem(word: str, language: str) -> str:
    """The stem of a lower-case `word`; the word itself if the language has no stemmer."""
    return word if len(word) > _LONGEST_WORD else _stem(word, language)


@lru_cache(maxsize=200_000)
def _stem(word: str, language: str) -> str:
    if language in ("uk", "be"):
        return _EAST_SLAVIC_ENDING.sub("", word)
    stemmer = _stemmer(language)
    return word if stemmer is None else str(stemmer.stemWord(word))


@cache
def stop_words(language: str) -> frozenset[str]:
    """Function words of `language` (ISO 639-1) in lower case; empty if there is no list."""
    return _listing(f"stopwords/{language}.txt")


@cache
def common_words(language: str) -> frozenset[str]:
    """Content words of `language` that are too common to name a subject; empty if there is no list."""
    return _listing(f"common/{language}.txt")


@cache
def phrase_boundaries(language: str) -> frozenset[str]:
    """Words of `language` that no key phrase contains, mostly verbs and adverbs; empty if there is no list."""
    return _listing(f"breakers/{language}.txt")


def _listing(name: str) -> frozenset[str]:
    listing = files("tg_parser.nlp").joinpath("data", *name.split("/"))
    return frozenset(folded(listing.read_text("utf-8")).split()) if listing.is_file() else frozenset()


def _stemmer(language: str) -> snowballstemmer.stemmer | None:
    """One per thread, because a stemmer stores the word that it is working on."""
    stemmers: dict[str, snowballstemmer.stemmer] = _of_thread.__dict__
    if language in _STEMMERS and language not in stemmers:
        stemmers[language] = snowballstemmer.stemmer(_STEMMERS[language])
    return stemmers.get(language)
