"""Which entries are looked at for the words of a query: those with its rare words, and the newest with frequent ones.

A query of frequent words matches a large part of a big index, and reading that takes longer than anybody waits. What is
left out has only words that tell little, and fewer of them than what is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from tg_parser.search.constraints import Constraints
from tg_parser.storage.stores.search_index import SearchIndex

MOST = 1_500
"""Entries that are looked at for each of the two: rare words, and frequent ones together."""
_PAIRED = 5


async def candidate_numbers(
    index: SearchIndex, sought: Sequence[str], frequencies: Mapping[str, int], demanded: Constraints
) -> list[int]:
    """The numbers of entries that have some of the terms `sought` and may fulfil what is demanded."""
    ordered = sorted((term for term in sought if frequencies.get(term)), key=lambda term: (frequencies[term], term))
    rare = _rare(ordered, frequencies)
    frequent = ordered[len(rare) :]
    groups: list[list[tuple[str, ...]]] = [[(term,) for term in rare], list(combinations(frequent[:_PAIRED], 2))]
    if not rare:
        groups.append([(term,) for term in ordered[:1]])
    found = set[int]()
    for alternatives in groups:
        if alternatives:
            wanted = demanded.wanted.also(*alternatives)
            found.update(await index.numbers(wanted, demanded.within, MOST))
    return sorted(found)


def _rare(ordered: Sequence[str], frequencies: Mapping[str, int]) -> list[str]:
    """The rarest terms, as many as together have no more entries than are looked at."""
    rare, together = list[str](), 0
    for term in ordered:
        together += frequencies[term]
        if together > MOST:
            break
        rare.append(term)
    return rare
