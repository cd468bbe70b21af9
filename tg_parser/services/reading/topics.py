"""Topics: lists in several orders, and one topic in full."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tg_parser.domain.errors import InvalidCursorError, NotFoundError
from tg_parser.domain.folding import contains
from tg_parser.domain.pages import PageRequest, cursor_of, id_in, place
from tg_parser.domain.refs import naming_ref, parse_source_ref
from tg_parser.domain.topics import TopicCard, TopicChange, TopicLevel, TopicType
from tg_parser.export.entries import resolved_sources, with_texts
from tg_parser.services.reading.access import AT_ONCE, Access
from tg_parser.services.views.pages import Page
from tg_parser.services.views.reading import TopicFaultLine, TopicLine, TopicMember, TopicView
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.topic_changes import ChangeFilter
from tg_parser.storage.stores.topics import TopicOutline

TopicOrder = Literal["messages", "newest", "updated", "title", "id"]
_LIST, _CHANGES = "topics", "topic changes"
_PLACES: Mapping[TopicOrder, list[type]] = {
    "messages": [int, int, str],
    "newest": [int, float, str],
    "updated": [int, float, str],
    "title": [int, str, str],
    "id": [str],
}
"""The sort key of each order: pinned topics come first, except by id."""


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """Which topics to list; `contains` searches title and summary, ignoring case."""

    channel_ids: tuple[str, ...] | None = None
    type: TopicType | None = None
    contains: str | None = None
    include_retired: bool = False
    level: TopicLevel | None = None
    include_hidden: bool = False


class TopicReader:
    """Reads one topic with its members, or topics by filter."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def one(self, topic_id: str) -> TopicView:
        """Return a topic in full. Raises NotFoundError."""
        access = self._access
        cards = await access.topics.cards(topic_id=topic_id, include_retired=True, allowed=access.allowed)
        if not cards:
            raise NotFoundError(f"There is no topic {topic_id!r}.", case="no_topic", topic_id=topic_id)
        card, bundle = await self._without_hidden(cards[0]), await access.topics.bundle(topic_id)
        refs = {anchor.anchor_ref for anchor in card.anchors}
        refs |= {item.source_ref for item in (bundle.items if bundle else ())}
        wanted = DocumentFilter(source_refs=tuple(sorted(refs)))
        documents = {row["source_ref"]: row async for page in access.documents.pages(wanted, AT_ONCE) for row in page}
        channels = {anchor.channel_id for anchor in card.anchors} | {
            item.channel_id for item in (bundle.items if bundle else ())
        }
        sources = resolved_sources(card, bundle, documents, await access.addresses(channels))
        members = with_texts(sources, documents)
        return TopicView(card=card, members=tuple(TopicMember(**member) for member in members))

    async def history(self, topic_id: str) -> list[TopicChange]:
        """Return what happened to a topic, oldest first. Raises NotFoundError."""
        await self.require(topic_id)
        return [self._own(one) for _, one in await self._access.topics.changes(self._changes(topic_id))]

    async def history_page(self, topic_id: str, page: PageRequest) -> Page[TopicChange]:
        """Return a page of what happened to a topic, oldest first. Raises NotFoundError, InvalidCursorError."""
        await self.require(topic_id)
        return await self._changes_page(self._changes(topic_id), page)

    async def changes(self, channel_ids: Sequence[str] | None, since: datetime | None) -> list[TopicChange]:
        """Return what happened to the topics of channels, of all if None, since a time; oldest first."""
        wanted = self._changes(None, channel_ids, since)
        return [self._own(one) for _, one in await self._access.topics.changes(wanted)]

    async def changes_page(
        self, channel_ids: Sequence[str] | None, since: datetime | None, page: PageRequest
    ) -> Page[TopicChange]:
        """Return a page of what happened to the topics of channels since a time. Raises InvalidCursorError."""
        return await self._changes_page(self._changes(None, channel_ids, since), page)

    async def faults(self) -> list[TopicFaultLine]:
        """Return what does not fit together among all topics and their messages."""
        return [TopicFaultLine(topic_id=one.topic_id, fault=one.fault) for one in await self._access.topics.faults()]

    async def require(self, topic_id: str) -> None:
        """Raise NotFoundError if the topic does not exist or may not be read."""
        await self._access.require_topic(topic_id)

    async def first(self, wanted: TopicFilter, order: TopicOrder = "messages", limit: int = 50) -> list[TopicLine]:
        """Return the first `limit` topics in the given order."""
        return [TopicLine.of(each) for each in await self._behind(None, wanted, order, limit)]

    async def page(self, wanted: TopicFilter, page: PageRequest, order: TopicOrder = "messages") -> Page[TopicLine]:
        """Return a page of topics. Raises InvalidCursorError.

        A topic that changes between two pages may change its position, except when ordered by id.
        """
        after = _place_of(page.cursor, wanted, order)
        found = await self._behind(after, wanted, order, page.limit + 1)
        shown = found[: page.limit]
        more = len(found) > page.limit
        return Page(
            items=tuple(TopicLine.of(each) for each in shown),
            next_cursor=cursor_of(_place(shown[-1], order), _LIST, wanted, order) if more else None,
        )

    async def each(self, wanted: TopicFilter) -> AsyncIterator[TopicLine]:
        """Yield all topics that match the filter, by id."""
        async for page in self._outlines(wanted):
            for each in _passing(page, wanted):
                yield TopicLine.of(each)

    def _changes(
        self, topic_id: str | None, channel_ids: Sequence[str] | None = None, since: datetime | None = None
    ) -> ChangeFilter:
        return ChangeFilter(topic_id, channel_ids, since, self._access.allowed)

    async def _changes_page(self, wanted: ChangeFilter, page: PageRequest) -> Page[TopicChange]:
        written = id_in(page.cursor, _CHANGES, wanted.topic_id)
        if written is not None and not written.isdecimal():
            raise InvalidCursorError
        found = await self._access.topics.changes(wanted, int(written or 0), page.limit + 1)
        shown = found[: page.limit]
        more = len(found) > page.limit
        return Page(
            items=tuple(self._own(one) for _, one in shown),
            next_cursor=cursor_of((str(shown[-1][0]),), _CHANGES, wanted.topic_id) if more else None,
        )

    def _own(self, change: TopicChange) -> TopicChange:
        """A step without what would reveal messages of other channels."""
        allowed = self._access.allowed
        if allowed is None:
            return change
        refs = tuple(ref for ref in change.messages if parse_source_ref(ref).channel_id in allowed)
        other = change.other_id
        if other is not None and parse_source_ref(naming_ref(other)).channel_id not in allowed:
            other = None
        return change.model_copy(update={"messages": refs, "other_id": other})

    async def _behind(
        self, after: tuple[Any, ...] | None, wanted: TopicFilter, order: TopicOrder, limit: int
    ) -> list[TopicOutline]:
        best: list[TopicOutline] = []
        async for page in self._outlines(wanted, after[0] if after and order == "id" else ""):
            found = (each for each in _passing(page, wanted) if after is None or _place(each, order) > after)
            best = heapq.nsmallest(limit, [*best, *found], key=lambda one: _place(one, order))
            if order == "id" and len(best) == limit:
                break
        return best

    def _outlines(self, wanted: TopicFilter, after: str = "") -> AsyncIterator[Sequence[TopicOutline]]:
        return self._access.topics.outlines(
            wanted.channel_ids,
            None if wanted.include_retired else "active",
            self._access.allowed,
            after=after,
            include_hidden=wanted.include_hidden,
        )

    async def _without_hidden(self, card: TopicCard) -> TopicCard:
        """Remove related topics whose ids would reveal other channels."""
        if self._access.allowed is None or not card.related_topics:
            return card
        shown = await self._access.topics.titles(card.related_topics, self._access.allowed)
        return card.model_copy(update={"related_topics": tuple(each for each in card.related_topics if each in shown)})


def _passing(page: Sequence[TopicOutline], wanted: TopicFilter) -> Iterator[TopicOutline]:
    sought = wanted.contains or ""
    for one in page:
        if wanted.type not in (None, one.type) or wanted.level not in (None, one.level):
            continue
        if not sought or contains(one.title, sought) or contains(one.summary, sought):
            yield one


def _place(one: TopicOutline, order: TopicOrder) -> tuple[Any, ...]:
    not_pinned = int(not one.pinned)
    newest = one.bundle_time_to.timestamp() if one.bundle_time_to else 0.0
    places: Mapping[TopicOrder, tuple[Any, ...]] = {
        "messages": (not_pinned, -one.messages),
        "newest": (not_pinned, -newest),
        "updated": (not_pinned, -one.updated_at.timestamp()),
        "title": (not_pinned, one.title.casefold()),
        "id": (),
    }
    return *places[order], one.id


def _place_of(written: str | None, wanted: TopicFilter, order: TopicOrder) -> tuple[Any, ...] | None:
    if written is None:
        return None
    found = place(written, _LIST, wanted, order)
    if [type(part) for part in found] != _PLACES[order]:
        raise InvalidCursorError
    return tuple(found)
