"""Turns the markup of a post into plain text and the links behind its words. Pure, and never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from tg_parser.domain.messages import Link

_BLOCKS = frozenset({
    "blockquote", "pre", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "tr", "caption", "details",
    "summary", "figure", "figcaption", "cite", "footer", "aside", "section",
})  # fmt: skip
_LISTS = frozenset({"ul", "ol", "table", "tbody", "tr"})
"""White space between the parts of these is only layout."""
_CELLS = frozenset({"td", "th"})
_NO_TEXT = frozenset({"script", "style", "svg"})
_MARKUP_SPACE = "\x00"
"""Replaces a line end of the page's source, which is not one of the text; never occurs in HTML text."""
_SOURCE_LINE_END = re.compile(r"[ \t\r]*\n[ \t\r\n]*")
_AROUND_LINE_END = re.compile("\x00*\n\x00*")
_EMOJI_NAME = re.compile(r"/emoji/[^'\")]*?((?:[0-9A-F]{2})+)\.png")
_UNSEEN_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?")
_NOT_LINKS = ("?", "#", "/", "mailto:", "tel:", "javascript:", "tg://user", "tg://search_hashtag", "tg://bot_command")


class Text(NamedTuple):
    """A text as its readers see it, and the links behind its words."""

    plain: str = ""
    links: tuple[Link, ...] = ()


class _Open(NamedTuple):
    """An element that is being read: what is left of it, and where its text begins."""

    node: LexborNode
    children: Iterator[LexborNode]
    start: int
    verbatim: bool


def text_of(node: LexborNode | None) -> Text:
    """The text inside `node`; nothing for None."""
    return _MarkupReader().read(node) if node is not None else Text()


def line_of(node: LexborNode | None) -> str | None:
    """The text inside `node` on one line: a title or a name; None if there is none."""
    return " ".join(text_of(node).plain.split()) or None


class _MarkupReader:
    """Walks the markup with its own stack, because broken pages may nest deeper than Python can recurse."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._links: list[Link] = []
        self._after_block = False

    def read(self, root: LexborNode) -> Text:
        stack = [self._opened(root, verbatim=False)]
        while stack:
            top = stack[-1]
            child = next(top.children, None)
            if child is None:
                self._close(stack.pop())
            elif child.is_text_node and not (top.node.tag in _LISTS and not (child.text_content or "").strip()):
                self._add(child.text_content or "", verbatim=top.verbatim)
            elif child.tag == "br":
                self._put("\n")
            elif child.is_element_node and child.tag not in _NO_TEXT:
                self._begin(child)
                stack.append(self._opened(child, verbatim=top.verbatim or child.tag == "pre"))
        return Text(_clean("".join(self._pieces)).strip(), tuple(self._links))

    def _begin(self, node: LexborNode) -> None:
        """Blocks begin a line, items of a list with a dash; cells of a table are separated by a bar."""
        if node.tag in _BLOCKS:
            self._begin_line()
        mark = "- " if node.tag == "li" else " | " if node.tag in _CELLS and _follows_one(node) else None
        if mark is not None:
            self._pieces.append(mark)
            self._after_block = False

    def _opened(self, node: LexborNode, *, verbatim: bool) -> _Open:
        return _Open(node, iter(list(node.iter(include_text=True))), len(self._pieces), verbatim)

    def _close(self, done: _Open) -> None:
        tag = done.node.tag
        if tag in _BLOCKS:
            self._after_block = True
        elif tag == "a":
            self._note_link(done)
        elif tag == "i" and len(self._pieces) == done.start:
            self._put(_drawn_emoji(done.node))

    def _note_link(self, done: _Open) -> None:
        url = (done.node.attributes.get("href") or "").strip()
        words = _clean("".join(self._pieces[done.start :]))
        if _is_hidden(words.strip(), url):
            self._links.append(Link(text=words, url=url))

    def _add(self, text: str, *, verbatim: bool) -> None:
        self._put(text if verbatim or "\n" not in text else _SOURCE_LINE_END.sub(_MARKUP_SPACE, text))

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._after_block and text != _MARKUP_SPACE:
            if text[0] != "\n":
                self._begin_line()
            self._after_block = False
        self._pieces.append(text)

    def _begin_line(self) -> None:
        """Quotes and code are on lines of their own, without line ends in the markup."""
        written = next((piece for piece in reversed(self._pieces) if piece != _MARKUP_SPACE), "\n")
        if not written.endswith("\n"):
            self._pieces.append("\n")


def _follows_one(cell: LexborNode) -> bool:
    before = cell.prev
    while before is not None and before.is_text_node:
        before = before.prev
    return before is not None


def _clean(text: str) -> str:
    if _MARKUP_SPACE not in text:
        return text
    return _AROUND_LINE_END.sub("\n", text).strip(_MARKUP_SPACE).replace(_MARKUP_SPACE, " ")


def _is_hidden(words: str, url: str) -> bool:
    """Whether the words do not show where the link leads."""
    if not words or not url or url.lower().startswith(_NOT_LINKS):
        return False
    seen, target = _bare(words), _bare(url)
    return seen != target and not (words.startswith("@") and target == f"t.me/{seen[1:]}")


def _bare(url: str) -> str:
    return unquote(_UNSEEN_SCHEME.sub("", url.strip().lower()).rstrip("/"))


def _drawn_emoji(node: LexborNode) -> str:
    """The character of an emoji that is only an image: the file name is its UTF-8 in hex."""
    match = _EMOJI_NAME.search(node.attributes.get("style") or "")
    return bytes.fromhex(match[1]).decode("utf-8", "ignore") if match else ""
