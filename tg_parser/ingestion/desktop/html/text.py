"""Extracts plain text from elements of an exported page, the same text as in the JSON of the chat. Pure."""

from __future__ import annotations

import re
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

_LINE_END = "\x00"
"""Stands for a line end of the file; the message's own line ends are <br>. Parsed text never contains NUL."""
_FRAME_END = re.compile(rf"(?:{_LINE_END}[ \t]*)+\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def plain_text(node: LexborNode | None) -> str:
    """The text of an element without the lines that are only layout; empty if there is no element."""
    if node is None:
        return ""
    pieces = []
    for part in node.traverse(include_text=True):
        if part.tag == "-text":
            pieces.append((part.text(deep=False) or "").replace("\n", _LINE_END))
        elif part.tag == "br":
            pieces.append("\n")
    framed = "".join(pieces).removeprefix(_LINE_END)
    return _FRAME_END.sub("", framed).replace(_LINE_END, "\n")


def label(node: LexborNode | None) -> str | None:
    """The text of an element that is not a message, such as a name, a title or a status, on one line."""
    return " ".join(plain_text(node).split()) or None


def hidden_links(node: LexborNode) -> list[dict[str, Any]]:
    """The links behind words, as entities of a JSON export."""
    return [
        {"type": "text_link", "text": words, "href": url}
        for link in node.css("a[href]")
        if _is_hidden(words := plain_text(link), url := attribute(link, "href"))
    ]


def attribute(node: LexborNode | None, name: str) -> str:
    """Return the value of an attribute; empty if it or the element is missing."""
    return (node.attributes.get(name) or "") if node is not None else ""


def classes(node: LexborNode | None) -> list[str]:
    """The class names of an element."""
    return attribute(node, "class").split()


def parsed(fragment: str) -> LexborNode:
    """The root of the parsed tree of a fragment."""
    tree = LexborHTMLParser(fragment)
    return tree.body or LexborHTMLParser("<body>").css("body")[0]


def _is_hidden(words: str, url: str) -> bool:
    """Whether the words do not show `url` themselves, as addresses and mentions do. False for a custom emoji's file."""
    if _SCHEME.match(url) is None or words in (url, url.removeprefix("mailto:"), url.removeprefix("tel:")):
        return False
    return not (words.startswith("@") and url.endswith(f"/{words[1:]}"))
