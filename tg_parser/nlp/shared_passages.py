"""Finds passages that two texts share and that are too long to be a coincidence."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from tg_parser.nlp.words import words

LENGTH = 9


def repeats(said: Iterable[str], secret: str, quoted: str) -> bool:
    """Whether one of the texts `said` repeats a passage of `secret` that is not in the text `quoted`."""
    ours = _kept_stretches(secret)
    return any(shared and not shared <= _stretches(quoted) for shared in (_stretches(text) & ours for text in said))


@lru_cache(maxsize=64)
def _kept_stretches(text: str) -> frozenset[tuple[str, ...]]:
    return _stretches(text)


def _stretches(text: str) -> frozenset[tuple[str, ...]]:
    said = words(text)
    return frozenset(zip(*(said[start:] for start in range(LENGTH)), strict=False))
