"""Splits a text into sentences without changing them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import razdel

_CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "tg", "mn", "tt"})
_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'»”’)\]]*+\s+(?=[\"'«“‘(\[]*[^\W\d_a-z]|[\"'«“‘(\[]*\d)|[؟۔]\s*|[。！？]+[」』”）]*"
)
_NO_END = re.compile(
    r"(?:^|[\s(\"'«“‘])(?:(?:mr|mrs|ms|dr|drs|prof|st|sr|jr|rev|gen|col|sgt|capt|lt|gov|sen|rep|pres|hon|mt|ft|vs|etc"
    r"|e\.g|i\.e|cf|al|ca|approx"
    r"|no|nr|vol|pp?|fig|eq|sec|ch|ed|eds|inc|ltd|co|corp|dept|univ|est|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
    r"|u\.[sk](?=\.)|z\.b|bzw|usw|ca|bsp|str|nr|art|av|sra?|dra?|m|mme|mlle)|[^\W\d_])\.$",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(
    r"(?:\b|^)(?:свв?|им|ул|пл|просп|пер|наб|проф|акад|доц|см|ср|рис|напр|вул|просп)\.$", re.IGNORECASE
)


def sentences(text: str, language: str | None) -> list[str]:
    """The sentences of `text` in order, each a piece of it; a line break always ends one."""
    return list(each_sentence(text, language))


def each_sentence(text: str, language: str | None) -> Iterator[str]:
    """The same one by one, for those who need only the first."""
    split = _cyrillic if language in _CYRILLIC_LANGUAGES else _others
    return (piece for line in text.split("\n") if line.strip() for piece in split(line.strip()) if piece)


def _cyrillic(line: str) -> Iterator[str]:
    start = 0
    for piece in razdel.sentenize(line):
        if not _ABBREVIATED.search(line, max(start, piece.stop - 12), piece.stop):
            yield line[start : piece.stop].strip()
            start = piece.stop
    yield line[start:].strip()


def _others(line: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(line):
        if _NO_END.search(line[max(start, match.end() - 24) : match.end()].rstrip()):
            continue
        yield line[start : match.end()].strip()
        start = match.end()
    yield line[start:].strip()
