"""Answers queries: what is found, with links, snippets and topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import islice

from tg_parser.domain.errors import InvalidQueryError, NotFoundError
from tg_parser.domain.utc_time import utc_now
from tg_parser.search.query import HAS, SearchFilter, SearchQuery, one_of, parse_query
from tg_parser.search.searcher import Found, Searcher, Sort
from tg_parser.services.reading.access import Access
from tg_parser.services.reading.messages import MessageReader
from tg_parser.services.searching.filters import bounds_of, with_one_filter_less
from tg_parser.services.searching.hits import hit_views
from tg_parser.services.searching.index import IndexService
from tg_parser.services.views.search import FoundTopic, SearchResult
from tg_parser.storage.stores.search_index import SearchIndex

__all__ = ["HAS", "SearchFilter", "SearchRequest", "SearchService", "one_of"]

MOST = 100
_TOPICS = 5
_TRIED = 6
"""Filters that are left out in turn when nothing is found."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A query as typed, and filters given beside it."""

    written: str
    given: SearchFilter = field(default_factory=SearchFilter)
    limit: int = 10
    sort: Sort = "relevance"


class SearchService:
    """Searches what the caller may see."""

    def __init__(self, access: Access, index: SearchIndex, searcher: Searcher) -> None:
        self._access = access
        self._index = index
        self._searcher = searcher
        self._messages = MessageReader(access)
        self.index = IndexService(index)

    def restricted_to(self, channel_ids: Collection[str]) -> SearchService:
        """Return the same service for a caller limited to these channels."""
        allowed = frozenset(self._access.narrowed(tuple(channel_ids)) or ())
        return SearchService(replace(self._access, allowed=allowed), self._index, self._searcher)

    async def search(self, request: SearchRequest) -> SearchResult:
        """Return what is found. Raises InvalidQueryError, NotFoundError; UsageError for a wrong date."""
        if _is_link(request.written):
            return await self._linked(request.written.strip())
        query = parse_query(request.written, utc_now(), request.given)
        _require_something(query)
        limit = min(request.limit, MOST)
        found = await self._find(query, limit, request.sort)
        drop = () if found.hits else await self._hindering(query)
        return await self._result(request.written, found, drop)

    async def similar(self, written: str, limit: int = 10) -> SearchResult:
        """Return the messages most like one. Raises InvalidRefError, NotFoundError."""
        view = await self._messages.one(written)
        ref = view.message.source_ref
        entries = await self._index.entries_of([ref])
        if view.document is None or not entries:
            raise NotFoundError(f"{ref} has no document that is indexed.", case="not_indexed", asked=written)
        channels = self._access.narrowed(None)
        found = await self._searcher.like(entries[0], view.document.text_clean, min(limit, MOST), channels)
        return await self._result(ref, replace(found, terms=frozenset()))

    async def _find(self, query: SearchQuery, limit: int, sort: Sort = "relevance") -> Found:
        bounds = await bounds_of(query.filter, self._access)
        return await self._searcher.find(query, limit, channel_ids=bounds.channel_ids, refs=bounds.refs, sort=sort)

    async def _hindering(self, query: SearchQuery) -> tuple[str, ...]:
        """The filters without which something would be found."""
        tried = islice(with_one_filter_less(query), _TRIED)
        return tuple([name for name, less in tried if (await self._find(less, 1)).hits])

    async def _linked(self, link: str) -> SearchResult:
        view = await self._messages.one(link)
        return await self._result(link, Found.of_one(view.message.source_ref))

    async def _result(self, query: str, found: Found, drop: tuple[str, ...] = ()) -> SearchResult:
        hits = await hit_views(self._access, found)
        counted = Counter(topic for hit in hits for topic in hit.topics)
        titles = await self._access.topics.titles(counted.keys(), self._access.allowed)
        topics = (FoundTopic(topic_id=id_, title=titles[id_], messages=counted[id_]) for id_ in titles)
        first = sorted(topics, key=lambda topic: (-topic.messages, topic.topic_id))[:_TOPICS]
        indexed, documents = await self.index.state()
        return SearchResult(
            query=query, hits=hits, topics=tuple(first), drop=drop, indexed=indexed, documents=documents
        )


def _is_link(written: str) -> bool:
    text = written.strip().lower()
    return " " not in text and text.startswith(("https://t.me/", "http://t.me/", "t.me/", "tg://"))


def _require_something(query: SearchQuery) -> None:
    if query == SearchQuery():
        raise InvalidQueryError("The query has neither a word nor a filter.", "Say what to look for.")
