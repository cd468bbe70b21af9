"""Snippets: the part of a text that shows why it was found (pure)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from tg_parser.nlp.terms import Term, terms

SNIPPET_CHARS = 240


class Snippet(NamedTuple):
    """A part of a text. `start` is where it begins in the text, `marks` are the matches within the part."""

    text: str
    start: int
    marks: tuple[tuple[int, int], ...]
    cut_before: bool
    cut_after: bool


def snippet(text: str, sought: AbstractSet[str], length: int = SNIPPET_CHARS) -> Snippet:
    """The `length` characters of `text` with the most different terms of `sought`, cut between words.

    Without a match, the beginning of the text.
    """
    found = [term for term in terms(text) if term.text in sought]
    start, end = _window(text, found, length)
    marks = tuple((term.start - start, term.end - start) for term in found if start <= term.start and term.end <= end)
    return Snippet(text[start:end], start, marks, start > 0, end < len(text))


def _window(text: str, found: list[Term], length: int) -> tuple[int, int]:
    if len(text) <= length:
        return 0, len(text)
    best = max(range(len(found)), key=lambda first: (_different(found, first, length), -first), default=None)
    if best is None:
        return 0, _word_end(text, length)
    last = _last_within(found, best, length)
    spare = max(0, length - (last.end - found[best].start))
    start = _word_start(text, max(0, min(found[best].start - spare // 2, len(text) - length)))
    return start, _word_end(text, min(len(text), max(start + length, last.end)))


def _different(found: list[Term], first: int, length: int) -> int:
    """How many different terms stand within `length` characters from the `first` one on."""
    end = found[first].start + length
    return len({term.text for term in found[first : bisect_left(found, end, key=lambda term: term.end)]})


def _last_within(found: list[Term], first: int, length: int) -> Term:
    end = found[first].start + length
    return found[max(first, bisect_left(found, end, key=lambda term: term.end) - 1)]


def _word_start(text: str, start: int) -> int:
    """The start of the word at `start`, or of the next one if the word begins too far before."""
    if start == 0 or text[start - 1].isspace():
        return start
    for place in range(start, min(start + 40, len(text))):
        if text[place].isspace():
            return place + 1
    return start


def _word_end(text: str, end: int) -> int:
    if end >= len(text) or text[end].isspace():
        return min(end, len(text))
    for place in range(end, max(end - 40, 0), -1):
        if text[place - 1].isspace():
            return place - 1
    return end
