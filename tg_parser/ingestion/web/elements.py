"""The elements of a post by their class, and the small values in them. Pure, and never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from tg_parser.domain.errors import InvalidPeerError
from tg_parser.domain.peers import parse_peer
from tg_parser.ingestion.elements import ReadDate

_COUNT = re.compile(r"(\d[\d\s.,]*)\s*([KMB]?)", re.IGNORECASE)
_SCALE = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([KMGT]?B)\b", re.IGNORECASE)
_SIZES = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})")


class Parts:
    """Every element inside a post, by its classes."""

    def __init__(self, element: LexborNode) -> None:
        self.element = element
        self._by_class: dict[str, list[LexborNode]] = {}
        for node in element.css("[class]"):
            for name in (node.attributes.get("class") or "").split():
                self._by_class.setdefault(name, []).append(node)

    def all(self, *names: str) -> list[LexborNode]:
        """The elements that have one of the classes, by class."""
        return [node for name in names for node in self._by_class.get(name, ())]

    def first(self, *names: str) -> LexborNode | None:
        """The first element of the first of the classes that occurs."""
        return next(iter(self.all(*names)), None)

    def inside(self, outer: LexborNode, *names: str) -> LexborNode | None:
        """The first element with one of the classes within `outer`."""
        return next((found for name in names if (found := outer.css_first(f".{name}")) is not None), None)

    def __contains__(self, name: str) -> bool:
        return name in self._by_class


class PostLink(NamedTuple):
    """The target of a link to a post or a chat: the chat's canonical id, and the post."""

    peer_id: str
    message_id: str | None


def attribute(node: LexborNode | None, name: str) -> str:
    """The attribute of `node`; empty if there is none."""
    return (node.attributes.get(name) or "").strip() if node is not None else ""


def classes(node: LexborNode) -> list[str]:
    """The classes of `node` itself."""
    return attribute(node, "class").split()


def texts_within(node: LexborNode) -> Iterator[str]:
    """The text directly in `node`, without the text of elements inside it."""
    return (child.text_content or "" for child in node.iter(include_text=True) if child.is_text_node)


def count(text: str | None) -> int | None:
    """A number as pages abbreviate it: 980, 1.2K, 3M, 1 204."""
    match = _COUNT.fullmatch((text or "").strip())
    if match is None:
        return None
    digits = "".join(match[1].split())
    if match[2]:
        return _scaled(digits.replace(",", "."), _SCALE[match[2].upper()])
    return int(plain) if (plain := re.sub(r"[.,]", "", digits)).isdecimal() and len(plain) < 19 else None


def size(text: str | None) -> int | None:
    """A file size in bytes: 113.9 KB."""
    match = _SIZE.search(text or "")
    return _scaled(match[1].replace(",", "."), _SIZES[match[2].upper()]) if match else None


def seconds(text: str | None) -> float | None:
    """A duration: 0:27, 1:02:03."""
    match = _CLOCK.fullmatch((text or "").strip())
    return float(int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])) if match else None


def when(node: LexborNode | None) -> ReadDate | None:
    """The time in a <time> element. The epoch counts as missing."""
    try:
        moment = datetime.fromisoformat(attribute(node, "datetime"))
        zoneless = moment.tzinfo is None
        moment = moment.replace(tzinfo=UTC) if zoneless else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return ReadDate(moment, zoneless) if moment.year > 1970 else None


def post_link(href: str) -> PostLink | None:
    """Read t.me/name/5, t.me/s/name/5, t.me/c/123/5, t.me/name; None if it does not lead to a chat."""
    try:
        peer, path = parse_peer(href), urlsplit(href).path
    except (InvalidPeerError, ValueError):
        return None
    numbers = [part for part in path.split("/") if part.isascii() and part.isdecimal()]
    if "/c/" in path:
        numbers = numbers[1:]
    return PostLink(peer.canonical, numbers[-1] if numbers else None)


def _scaled(number: str, scale: int) -> int | None:
    try:
        value = round(float(number) * scale)
    except (ValueError, OverflowError):
        return None
    return value if value < 2**63 else None
