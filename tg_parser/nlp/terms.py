"""The terms under which a text is found: stems of words, hashtags, names, numbers and the hosts of links (pure).

Both backends index the same terms, so that the same query finds the same messages in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from tg_parser.nlp.links import LINK
from tg_parser.nlp.words import LETTER, folded, stem

LONGEST_TERM = 60
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_UKRAINIAN = re.compile("[іїєґ]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_PART = re.compile(rf"(?P<link>{LINK.pattern})|(?P<mark>[#@])?(?P<word>{LETTER}+(?:['_]{LETTER}+)*)", re.IGNORECASE)
_WWW = "www."
_NOT_OF_A_HOST = re.compile(r"[^\w.-]")


class Term(NamedTuple):
    """A term, and where in the text it stands."""

    text: str
    start: int
    end: int


def terms(text: str) -> Iterator[Term]:
    """The terms of `text` in order. A link gives the words of its host; what follows the host is not searched for."""
    lowered = folded(text)
    # Folding keeps every position, but for the few letters whose lower case is longer.
    source = lowered if len(lowered) == len(text) else text
    for part in _PART.finditer(source):
        if part["link"]:
            host = host_of(part["link"])
            if host:
                yield Term(host[:LONGEST_TERM], part.start(), part.end())
        else:
            yield Term(term_of(part["word"]), part.start("word"), part.end("word"))


def term_of(word: str) -> str:
    """The term of one word. Its letters tell which stemmer it wants, as a query is too short to tell its language."""
    lowered = folded(word)
    if _UKRAINIAN.search(lowered):
        return stem(lowered, "uk")[:LONGEST_TERM]
    if _CYRILLIC.search(lowered):
        return stem(lowered, "ru")[:LONGEST_TERM]
    if _LATIN.search(lowered):
        return stem(lowered, "en")[:LONGEST_TERM]
    return lowered[:LONGEST_TERM]


def host_of(link: str) -> str | None:
    """The host of a link without `www.`, by which its messages are found."""
    try:
        host = urlsplit(link if "://" in link else f"//{link}").hostname
    except ValueError:
        return None
    return _NOT_OF_A_HOST.sub("", host.removeprefix(_WWW)) if host else None
