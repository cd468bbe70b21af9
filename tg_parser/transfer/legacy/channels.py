"""One id per channel: how the earlier version wrote channels, and their present ids (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from tg_parser.domain.errors import InvalidPeerError
from tg_parser.domain.peers import Peer, is_numeric, parse_peer
from tg_parser.domain.renumbering.numbers import certainly


class Channels:
    """The canonical id of every spelling. A name that sources give to only one number means that number."""

    def __init__(self, writings: Iterable[str] = (), sources: Iterable[tuple[str, str | None]] = ()) -> None:
        """`sources` are pairs of a channel as written and its username."""
        self._numbers = _numbers(sources)
        self._known = {writing: self._canonical(writing) for writing in writings}

    def canonical(self, writing: str) -> str:
        """The canonical id; a spelling that names no chat stays as it is."""
        known = self._known.get(writing)
        return known if known is not None else self._canonical(writing)

    def better_writings(self, writing: str) -> list[str]:
        """The other spellings of the same channel that take precedence: of two rows of a message, theirs counts."""
        group = self._groups[self.canonical(writing)]
        return group[: group.index(writing)] if writing in group else group

    def writings_of(self, canonical: str) -> list[str]:
        """Every spelling of a channel, the canonical one first."""
        return self._groups[canonical]

    @property
    def renamed(self) -> dict[str, str]:
        """Canonical ids by the spellings that differ from them."""
        return {writing: canonical for writing, canonical in sorted(self._known.items()) if writing != canonical}

    @cached_property
    def stable(self) -> frozenset[str]:
        """The spellings that are already canonical: their rows count, whatever other spellings exist."""
        return frozenset(writing for writing, canonical in self._known.items() if writing == canonical)

    @cached_property
    def _groups(self) -> dict[str, list[str]]:
        groups = defaultdict[str, list[str]](list)
        for writing, canonical in sorted(self._known.items(), key=lambda item: (item[0] != item[1], item[0])):
            groups[canonical].append(writing)
        return groups

    def _canonical(self, writing: str) -> str:
        peer = _peer(writing)
        return writing if peer is None else self._numbers.get(peer.canonical, peer.canonical)


def username_of(writing: str) -> str | None:
    """The username in a spelling, without @; None if it has none."""
    peer = _peer(writing)
    return peer.username if peer else None


def _peer(writing: str) -> Peer | None:
    try:
        return parse_peer(certainly(writing) or writing)
    except InvalidPeerError:
        return None


def _numbers(sources: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """The number behind each name; a name given to two numbers has moved, and means neither."""
    numbers = defaultdict[str, set[str]](set)
    for writing, username in sources:
        peer = _peer(writing)
        name = username_of(username) if username else None
        if peer and name and is_numeric(peer.canonical):
            numbers[name.lower()].add(peer.canonical)
    return {name: min(found) for name, found in numbers.items() if len(found) == 1}
