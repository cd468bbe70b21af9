"""The content of a message in one form: every adapter fills it, and one function turns it into text. Pure.

A rich message is a list of blocks: text, code, lists, tables, and media between them. Quotes and captions become text.
The same blocks give the same text, whichever adapter they come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from tg_parser.domain.media_words import with_media_words
from tg_parser.domain.messages import Link, Media

_TARGET = re.compile(r"(?:https?|tg|mailto|tel|ton):", re.IGNORECASE)
_UNSEEN = re.compile(r"^(?:mailto:|tel:|(?:https?://)?(?:www\.)?)")
_INDENT = "  "
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MOST_ROMAN = 4000


class Words(NamedTuple):
    """A run of text and the links behind parts of it."""

    text: str = ""
    links: tuple[Link, ...] = ()


class Code(NamedTuple):
    """Text whose white space must be kept."""

    text: str


class ListItem(NamedTuple):
    """A list item. `done` is set for a task; `number` and `value` are set if the item does not continue the count."""

    blocks: tuple[Block, ...]
    done: bool | None = None
    number: str = ""
    value: int | None = None
    style: str = ""


class Listing(NamedTuple):
    """A list. Ordered ones count from `start`, in `style` 1, a, A, i or I."""

    items: tuple[ListItem, ...]
    ordered: bool = False
    start: int | None = None
    backwards: bool = False
    style: str = ""


class TableBlock(NamedTuple):
    """A table's title and the text of its cells."""

    title: Words
    rows: tuple[tuple[Words, ...], ...]


Block = Words | Code | Listing | TableBlock | Media


@dataclass(frozen=True, slots=True)
class Content:
    """A message's own text, the links behind words, and the attachments. `text` also includes the text of the media."""

    own: str = ""
    links: tuple[Link, ...] = ()
    media: tuple[Media, ...] = ()

    @property
    def text(self) -> str:
        """All text of the message, including that of its media."""
        return with_media_words(self.own, self.media)


def joined(parts: Iterable[Words]) -> Words:
    """The parts concatenated, with all their links."""
    every = tuple(parts)
    return Words("".join(part.text for part in every), tuple(link for part in every for link in part.links))


def linked(words: Words, url: str | None) -> Words:
    """`words` linked to `url`. Links inside are dropped, and the whole link if the words show its address."""
    if not url or not _TARGET.match(url) or not words.text.strip() or _is_shown(words.text, url):
        return Words(words.text)
    return Words(words.text, (Link(text=words.text, url=url),))


def content_of(blocks: Iterable[Block]) -> Content:
    """The text, links and media of a rich message."""
    writer = _BlockWriter()
    text = "\n\n".join(writer.texts(blocks))
    return Content(text, tuple(writer.links), tuple(writer.media))


@dataclass(slots=True)
class _BlockWriter:
    """Writes blocks as text and collects links and media in the order of the message."""

    links: list[Link] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)

    def texts(self, blocks: Iterable[Block]) -> Iterator[str]:
        """The text of each block that is not empty."""
        for block in blocks:
            if text := self._text(block):
                yield text

    def _text(self, block: Block) -> str:
        match block:
            case Media():
                self.media.append(block)
                return ""
            case Words():
                return self._words(block)
            case Code():
                return block.text.strip("\n").rstrip()
            case Listing():
                return "\n".join(self._items(block))
            case TableBlock():
                return "\n".join(filter(None, (self._words(block.title), *map(self._row, block.rows))))

    def _words(self, words: Words) -> str:
        self.links += words.links
        return words.text.strip()

    def _items(self, listing: Listing) -> Iterator[str]:
        count = listing.start if listing.start is not None else len(listing.items) if listing.backwards else 1
        for item in listing.items:
            count = count if item.value is None else item.value
            lines = "\n".join(self.texts(item.blocks))
            yield f"{_mark(listing, item, count)} {lines}".rstrip().replace("\n", f"\n{_INDENT}")
            count += -1 if listing.backwards else 1

    def _row(self, cells: tuple[Words, ...]) -> str:
        return " | ".join(" ".join(self._words(cell).split()) for cell in cells).strip(" |")


def _mark(listing: Listing, item: ListItem, count: int) -> str:
    if item.done is not None:
        return "☑" if item.done else "☐"
    if not listing.ordered:
        return "-"
    number = item.number or _number(count, item.style or listing.style)
    return f"{number}." if number[-1].isalnum() else number


def _number(count: int, style: str) -> str:
    if style.lower() == "i" and 0 < count < _MOST_ROMAN:
        roman = "".join(_roman(count))
        return roman if style == "i" else roman.upper()
    if style.lower() == "a" and count > 0:
        letters = ""
        while count:
            count, place = divmod(count - 1, 26)
            letters = chr(ord(style) + place) + letters
        return letters
    return str(count)


def _roman(count: int) -> Iterator[str]:
    for value, digits in _ROMAN:
        times, count = divmod(count, value)
        yield digits * times


def _is_shown(words: str, url: str) -> bool:
    seen, target = _bare(words), _bare(url)
    return seen == target or (words.startswith("@") and target == f"t.me/{seen[1:]}")


def _bare(url: str) -> str:
    return unquote(_UNSEEN.sub("", url.strip().lower()).rstrip("/"))
