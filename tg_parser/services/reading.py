"""Reading what is held, without search: topics, messages and entries, by page and never by a query a row."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tg_parser.domain.errors import NotFoundError
from tg_parser.domain.message_links import LinkedMessage, parse_message_link
from tg_parser.domain.refs import comment_id, parse_source_ref, source_ref
from tg_parser.domain.topics import TopicType
from tg_parser.export.entries import message_entry, resolved_sources, with_texts
from tg_parser.export.links import ChatAddress, message_link
from tg_parser.services.sources import SourceService
from tg_parser.services.views.reading import MessageView, TopicLine, TopicMember, TopicView
from tg_parser.storage.stores.documents import DocumentFilter, ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.raw_rows import StoredMessage
from tg_parser.storage.stores.topics import TopicOutline, TopicStorage

__all__ = ["DocumentFilter", "ReadingService", "TopicFilter", "TopicOrder"]

PAGE = 500
TopicOrder = Literal["messages", "newest", "updated", "title", "id"]


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """Which topics to list; `contains` is looked for in title and summary, whatever the case of its letters."""

    channel_ids: tuple[str, ...] | None = None
    type: TopicType | None = None
    contains: str | None = None
    include_retired: bool = False


class ReadingService:
    """Shows topics, messages and entries one by one or by filter."""

    def __init__(
        self, sources: SourceService, raw: RawStorage, documents: ProcessingStorage, topics: TopicStorage
    ) -> None:
        self._sources = sources
        self._raw = raw
        self._documents = documents
        self._topics = topics

    async def topics(self, wanted: TopicFilter, order: TopicOrder = "messages", limit: int = 50) -> list[TopicLine]:
        """The first `limit` topics: most messages, newest message or last change first, or by title or id."""
        best: list[TopicOutline] = []
        async for page in self._topics.outlines(wanted.channel_ids, None if wanted.include_retired else "active"):
            best = heapq.nsmallest(limit, [*best, *_passing(page, wanted)], key=lambda one: _place(one, order))
        return [TopicLine.of(one) for one in best]

    async def topic(self, topic_id: str) -> TopicView:
        """One topic in full. Raises NotFoundError."""
        cards = await self._topics.cards(topic_id=topic_id, include_retired=True)
        if not cards:
            raise NotFoundError(f"There is no topic {topic_id!r}.", case="no_topic", topic_id=topic_id)
        bundle = await self._topics.bundle(topic_id)
        refs = {anchor.anchor_ref for anchor in cards[0].anchors}
        refs |= {item.source_ref for item in (bundle.items if bundle else ())}
        wanted = DocumentFilter(source_refs=tuple(sorted(refs)))
        documents = {row["source_ref"]: row async for page in self._documents.pages(wanted, PAGE) for row in page}
        addresses = await self._sources.addresses()
        members = with_texts(resolved_sources(cards[0], bundle, documents, addresses), documents)
        return TopicView(card=cards[0], members=tuple(TopicMember(**member) for member in members))

    async def message(self, written: str) -> MessageView:
        """A message by its ref or its link. Raises InvalidRefError, NotFoundError."""
        stored = await self._held(written)
        if stored is None:
            raise NotFoundError(f"No message {written} is held.", case="no_message", asked=written)
        message = stored.message
        ref = message.source_ref
        topic_ids = (await self._topics.topics_of([ref])).get(ref, [])
        address = (await self._sources.addresses()).get(message.channel_id, ChatAddress())
        link = message_link(message.channel_id, message.message_type, message.id, message.thread_id, address)
        return MessageView(
            message=message,
            current_text=stored.current_text,
            deleted=stored.deleted_at is not None,
            link=link,
            revisions=tuple(await self._raw.revisions(ref)),
            document=await self._documents.get(ref),
            topics=await self._topics.titles(topic_ids),
        )

    async def entries(
        self, wanted: DocumentFilter, contains: str | None = None, limit: int | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """The entries of messages by id, at most `limit`; `contains` is looked for in summary and text."""
        addresses, sought, left = await self._sources.addresses(), (contains or "").casefold(), limit
        wanted = replace(wanted, with_text=True, with_facts=True)
        async for page in self._documents.pages(wanted, PAGE):
            found = [row for row in page if sought in _words(row["summary"], row["text_clean"])]
            topics = await self._topics.topics_of([row["source_ref"] for row in found])
            for row in found if left is None else found[:left]:
                address = addresses.get(row["channel_id"], ChatAddress())
                yield message_entry(row, topics.get(row["source_ref"], ()), address)
            if left is not None and (left := left - len(found)) <= 0:
                return

    async def _held(self, written: str) -> StoredMessage | None:
        if written.startswith("tg:") and not written.startswith("tg://"):
            return await self._raw.get(str(parse_source_ref(written)))
        linked = parse_message_link(written)
        found = [await self._raw.get(ref) for ref in await self._meant(linked)]
        held = [each for each in found if each is not None]
        # Groups that followed one another repeat their numbers: then the post tells which comment is meant.
        under_post = [each for each in held if each.message.thread_id == linked.thread_id]
        return next(iter(under_post or held), None)

    async def _meant(self, linked: LinkedMessage) -> list[str]:
        """The refs that a link may lead to, a few at most."""
        source = await self._sources.find(linked.peer.canonical)
        channel_id = source.channel_id if source is not None else linked.peer.canonical
        groups = (source.discussion_groups or ()) if source is not None and linked.thread_id else ()
        later = [comment_id(int(linked.message_id), group, groups[0]) for group in groups[1:]]
        return [source_ref(channel_id, kind, linked.message_id) for kind in linked.types] + [
            source_ref(channel_id, "comment", each) for each in later
        ]


def _passing(page: Sequence[TopicOutline], wanted: TopicFilter) -> Iterator[TopicOutline]:
    sought = (wanted.contains or "").casefold()
    for one in page:
        if (wanted.type is None or one.type == wanted.type) and sought in _words(one.title, one.summary):
            yield one


def _words(*texts: str | None) -> str:
    return "\n".join(text for text in texts if text).casefold()


def _place(one: TopicOutline, order: TopicOrder) -> tuple[Any, ...]:
    newest = one.bundle_time_to.timestamp() if one.bundle_time_to else 0.0
    places: Mapping[TopicOrder, tuple[Any, ...]] = {
        "messages": (-one.messages,),
        "newest": (-newest,),
        "updated": (-one.updated_at.timestamp(),),
        "title": (one.title.casefold(),),
        "id": (),
    }
    return *places[order], one.id
