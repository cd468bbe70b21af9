"""Which of the messages found say the same: reposts, and texts that differ by a few words (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tg_parser.domain.search_entries import SearchEntry

_SAME = 0.8
"""The share of pairs of neighbouring words that two texts have in common if one is a copy of the other."""
_FEWEST_WORDS = 6
"""Shorter texts are copies only if they are equal."""


def copies_of(entries: Sequence[SearchEntry]) -> dict[str, str]:
    """For each message its group, named by the first message of it in the order given."""
    groups, firsts = dict[str, str](), list[tuple[SearchEntry, frozenset[tuple[str, str]]]]()
    for entry in entries:
        pairs = _pairs(entry)
        first = next((one for one, others in firsts if _same(entry, pairs, one, others)), None)
        groups[entry.source_ref] = entry.source_ref if first is None else first.source_ref
        if first is None:
            firsts.append((entry, pairs))
    return groups


def _pairs(entry: SearchEntry) -> frozenset[tuple[str, str]]:
    words = entry.terms.split(" ")[: entry.length]
    return frozenset(pairwise(words))


def _same(
    one: SearchEntry, pairs: frozenset[tuple[str, str]], other: SearchEntry, others: frozenset[tuple[str, str]]
) -> bool:
    if one.text_hash == other.text_hash:
        return True
    if min(one.length, other.length) < _FEWEST_WORDS:
        return False
    return len(pairs & others) >= _SAME * len(pairs | others)
