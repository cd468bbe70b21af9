"""A message as the reference for checking answers: which words, figures and names it really contains."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from itertools import takewhile

from tg_parser.nlp.words import folded, stem, words

_DIGITS = re.compile(r"\d+")
_JOINED = re.compile(r"(?<=\d)[\s.,'’_](?=\d{3}(?!\d))")
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff]")
_LARGEST_COUNT = 12
_PART = 5
"""A word of at least this length also counts as found inside another: a compound, a hashtag, an address."""
_SAME_BEGINNING = 0.7
"""Forms of one word share most of their beginning, in languages without a stemmer too."""


class SourceText:
    """The text of a message, and its language if that is known."""

    def __init__(self, text: str, language: str | None) -> None:
        self.text = text
        self.language = language

    def share_of(self, said: Iterable[str]) -> float:
        """The share of the words `said` that occur in the message in some form; 1 if there are none."""
        found = [self.holds(word) for word in said]
        return sum(found) / len(found) if found else 1.0

    def holds(self, word: str) -> bool:
        """Whether `word`, folded, occurs in the message in some form. A figure must occur as it is."""
        if word in self.words:
            return True
        if word.isdecimal():
            return normal_figure(word) in self.figures
        return self._holds_part(word) or self._holds_form(word)

    def names(self, value: str) -> bool:
        """Whether the message names `value`: each of its words in some form."""
        said = words(value)
        return all(map(self.holds, said)) if said else value.strip() in self.text

    def missing_figures(self, text: str) -> list[str]:
        """The figures of `text` that are not in the message, however it writes them."""
        if not _DIGITS.search(text):
            return []
        return [run for run in _DIGITS.findall(text) if normal_figure(run) not in self.figures]

    def invented_figures(self, text: str) -> list[str]:
        """The missing figures of a paraphrase, except small ones, which may count what the message lists."""
        return [run for run in self.missing_figures(text) if len(run) > 2 or int(run) > _LARGEST_COUNT]

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the message."""
        return frozenset(words(self.text))

    @cached_property
    def figures(self) -> frozenset[str]:
        """The figures of the message, as written and without thousands separators."""
        written = _DIGITS.findall(self.text)
        return frozenset(map(normal_figure, written + _DIGITS.findall(_JOINED.sub("", self.text))))

    @cached_property
    def _folded(self) -> str:
        return folded(self.text)

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(stem(word, self.language or "") for word in self.words)

    @cached_property
    def _ordered(self) -> list[str]:
        return sorted(self.words)

    def _holds_part(self, word: str) -> bool:
        return (len(word) >= _PART or _WITHOUT_SPACES.search(word) is not None) and word in self._folded

    def _holds_form(self, word: str) -> bool:
        if stem(word, self.language or "") in self._stems:
            return True
        place = bisect_left(self._ordered, word)
        return any(_is_form(word, near) for near in self._ordered[max(place - 1, 0) : place + 1])


def normal_figure(run: str) -> str:
    """A run of digits in any script as plain digits without leading zeros."""
    plain = run if run.isascii() else "".join(str(unicodedata.decimal(digit)) for digit in run)
    return plain.lstrip("0") or "0"


def _is_form(word: str, other: str) -> bool:
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False)))
    return shared >= 4 and shared >= _SAME_BEGINNING * max(len(word), len(other))
