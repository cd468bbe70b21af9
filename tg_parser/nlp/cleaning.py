"""Cleaned text: what a reader sees, without formatting marks, invisible characters and click counters.

Words, code and emoji stay as they are. Cleaning a cleaned text changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from tg_parser.domain.messages import Link
from tg_parser.domain.storable import storable
from tg_parser.nlp.links import strip_tracking, without_tracking
from tg_parser.nlp.marks import without_marks

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
    # Joiners have a meaning in emoji and in some Asian and Arabic scripts; anywhere else they are garbage.
    "|(?<![\u0600-\u08ff\u0900-\u109f\u1780-\u18af\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"
)
_NEW_LINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_ACCENTED = re.compile("[^\\W\\d_][\u0300-\u036f]{1,8}(?![\u0300-\u036f])")
_COMBINING_BYTES = (b"\xcc", b"\xcd")
"""The first bytes of combining accents in UTF-8; searching for them is nearly free."""
_FANCY_LETTER = re.compile("[\U0001d400-\U0001d7ff]+")
_LINE_END = re.compile(r"[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_WIDE_GAP = re.compile(r"(?<=[^\s]) {2,}(?=[^\s])")
_ROUNDS = 6
"""Marks may nest, and removing some may bring others together; real texts need two rounds."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text, and the links that Markdown marks had attached to its words."""

    text: str
    links: tuple[Link, ...] = ()


def clean(text: str) -> Cleaned:
    """`text` as a reader sees it; a closing signature is kept (see footers)."""
    text = storable(text)
    links: list[Link] = []
    for _ in range(_ROUNDS):
        plain, found = without_marks(_tidy(_visible(text)))
        plain = _tidy(strip_tracking(plain))
        links += found
        if plain == text:
            break
        text = plain
    shown = (Link(text=link.text.strip(), url=without_tracking(link.url)) for link in links)
    return Cleaned(text, tuple(shown))


def _visible(text: str) -> str:
    text = _NEW_LINES.sub("\n", text)
    if text.isascii():
        return _INVISIBLE.sub("", text)
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text))
    text = _FANCY_LETTER.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    if not any(first in text.encode() for first in _COMBINING_BYTES):
        return text
    return _ACCENTED.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)


def _tidy(text: str) -> str:
    text = "\n".join(line if line[:1] in " \t" else _WIDE_GAP.sub(" ", line) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", _LINE_END.sub("", text)).strip("\n").rstrip()
