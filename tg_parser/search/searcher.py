"""Finds messages: by words, by meaning, and by both added up; the same for every interface and on both backends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from tg_parser.domain.search_entries import SearchEntry
from tg_parser.search.bm25 import Bm25
from tg_parser.search.candidates import candidate_numbers
from tg_parser.search.constraints import Constraints, constraints_of, sought_by
from tg_parser.search.copies import copies_of
from tg_parser.search.query import SearchQuery
from tg_parser.search.ranking import Ranked, folded_copies, fused
from tg_parser.search.vectors import Meanings, Nearness
from tg_parser.storage.stores.search_index import SearchIndex

Sort = Literal["relevance", "date"]
By = Literal["words", "meaning", "both"]
MOST_TERMS = 40
NEAREST = 200
"""Messages that meaning alone may bring in."""
LEAST_MEANING = 0.2
"""Below this cosine, two texts have nothing in common."""
_GOOD = 0.5
"""The share of the best score that a message needs to be listed by date."""
NARROW = 20_000
"""Of more entries than these, the ones that fulfil a filter are not listed for meaning."""
NEAREST_OF_MANY = 2_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, and the refs of others that say the same."""

    ranked: Ranked
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits, and the terms that were looked for."""

    hits: tuple[Hit, ...]
    terms: frozenset[str]

    @classmethod
    def of_one(cls, source_ref: str) -> Self:
        """A message that was asked for by its link."""
        return cls((Hit(Ranked(source_ref, 0.0, 0.0, 0.0)),), frozenset())


class Searcher:
    """Searches one index; without `meanings`, by words alone."""

    def __init__(self, index: SearchIndex, meanings: Meanings | None = None) -> None:
        self._index = index
        self._meanings = meanings

    async def find(
        self,
        query: SearchQuery,
        limit: int,
        *,
        channel_ids: Iterable[str] | None = None,
        refs: frozenset[str] | None = None,
        sort: Sort = "relevance",
        by: By = "both",
        but: str | None = None,
    ) -> Found:
        """The best hits for `query` in these channels, among the messages `refs` of a topic if given, without `but`."""
        demanded = constraints_of(query, channel_ids, refs)
        sought = sought_by(query)[:MOST_TERMS]
        if not query.said.strip():
            newest = await self._newest(demanded, limit)
            return Found(tuple(Hit(Ranked(one.source_ref, 0.0, 0.0, 0.0)) for one in newest), frozenset())
        nearness = Nearness() if by == "words" else await self._nearness(query.said, demanded)
        ranked, entries_by_ref = await self._ranked(sought if by != "meaning" else (), nearness, demanded)
        ranked = [one for one in ranked if one.source_ref != but]
        if sort == "date":
            ranked = _by_date(ranked, entries_by_ref)
        return Found(_folded(ranked, entries_by_ref, limit), frozenset(sought))

    async def like(self, entry: SearchEntry, text: str, limit: int, channel_ids: Iterable[str] | None) -> Found:
        """The messages most like one with this entry and text, without itself."""
        query = SearchQuery(tuple(text.split()))
        return await self.find(query, limit, channel_ids=channel_ids, but=entry.source_ref)

    async def _ranked(
        self, sought: Sequence[str], nearness: Nearness, demanded: Constraints
    ) -> tuple[list[Ranked], Mapping[str, SearchEntry]]:
        frequencies = await self._index.frequencies(sought)
        bm25 = Bm25(sought, frequencies, await self._index.usual_length())
        numbers = set(await candidate_numbers(self._index, sought, frequencies, demanded))
        numbers.update(nearness.nearest(NEAREST))
        entries = [one for one in await self._index.entries(numbers) if demanded.fulfilled_by(one)]
        cosines = nearness.of(one.number for one in entries)
        words = {one.source_ref: bm25.score(one.terms, one.length) for one in entries}
        meaning = {one.source_ref: cosines[one.number] for one in entries if one.number in cosines}
        ranked = [one for one in fused(words, meaning) if one.words > 0 or one.meaning >= LEAST_MEANING]
        return ranked, {one.source_ref: one for one in entries}

    async def _nearness(self, said: str, demanded: Constraints) -> Nearness:
        """How near the meanings of the entries are that fulfil what is demanded."""
        nearness = await self._meanings.near(said) if self._meanings else Nearness()
        if not demanded.demands or not len(nearness.numbers):
            return nearness
        if demanded.refs is not None:
            return nearness.among(
                one.number for one in await self._index.entries_of(demanded.refs) if demanded.met_by(one)
            )
        allowed = await self._index.numbers(demanded.wanted, demanded.within, NARROW + 1)
        if len(allowed) > NARROW:
            # So many fulfil it that enough of them are among the nearest of all.
            nearest = await self._index.entries(nearness.nearest(NEAREST_OF_MANY))
            allowed = [one.number for one in nearest if demanded.met_by(one)]
        return nearness.among(allowed)

    async def _newest(self, demanded: Constraints, limit: int) -> list[SearchEntry]:
        """The newest messages of a query that is all filters."""
        if demanded.refs is not None:
            return [one for one in await self._index.entries_of(demanded.refs) if demanded.met_by(one)][:limit]
        found = await self._index.entries(await self._index.numbers(demanded.wanted, demanded.within, 10 * limit))
        return [one for one in found if demanded.fulfilled_by(one)][:limit]


def _by_date(ranked: Sequence[Ranked], entries: Mapping[str, SearchEntry]) -> list[Ranked]:
    """The better half of what was found, newest first."""
    least = _GOOD * max((one.score for one in ranked), default=0.0)
    good = (one for one in ranked if one.score >= least)
    return sorted(good, key=lambda one: -entries[one.source_ref].number)


def _folded(ranked: Sequence[Ranked], entries: Mapping[str, SearchEntry], limit: int) -> tuple[Hit, ...]:
    shown = ranked[: 3 * limit]
    same = copies_of([entries[one.source_ref] for one in shown])
    by_ref = {one.source_ref: one for one in shown}
    groups = folded_copies(shown, same)
    return tuple(
        Hit(by_ref[first], tuple(one.source_ref for one in others)) for first, others in list(groups.items())[:limit]
    )
