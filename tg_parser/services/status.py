"""Status: what is stored of every source, what is missing and why."""

from __future__ import annotations

from collections.abc import Sequence

from tg_parser.domain.backlog import Backlog, OpenRange
from tg_parser.domain.pages import PageRequest, position_cursor, position_of
from tg_parser.domain.peers import ChatKind
from tg_parser.domain.refs import MessageType
from tg_parser.domain.sources import Source
from tg_parser.services.sources import SourceService
from tg_parser.services.views.pages import Page
from tg_parser.services.views.reading import SourceStatusReport
from tg_parser.storage.stores.documents import Failure, ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicStorage

__all__ = ["Failure", "StatusService"]

GAPS_SHOWN = 20
_FIRST = PageRequest(100)
_NUMBERED: dict[ChatKind, tuple[MessageType, ...]] = {
    # Comments of a channel are messages in another chat and have that chat's ids.
    "channel": ("post",),
    "group": ("post", "comment"),
    "private": ("post", "comment"),
}


class StatusService:
    """Reads the three databases and combines them."""

    def __init__(
        self, sources: SourceService, raw: RawStorage, documents: ProcessingStorage, topics: TopicStorage
    ) -> None:
        self._sources = sources
        self._raw = raw
        self._documents = documents
        self._topics = topics

    async def failures(self, channel_ids: Sequence[str] | None = None, page: PageRequest = _FIRST) -> Page[Failure]:
        """Return the failed messages of some channels or all, newest first. Raises InvalidCursorError."""
        after = position_of(page.cursor, "failures", channel_ids)
        found, end = await self._documents.failures(channel_ids, page.limit, after)
        return Page(items=tuple(found), next_cursor=end and position_cursor(end, "failures", channel_ids))

    async def all(self) -> list[SourceStatusReport]:
        """Return the status of every source, by id."""
        return [await self.of(source) for source in await self._sources.list()]

    async def of(self, source: Source) -> SourceStatusReport:
        """Return the status of one source."""
        channel = source.channel_id
        held, made = await self._raw.summary(channel), await self._documents.counts(channel)
        cards = await self._topics.cards(channel_ids=[channel])
        to_fetch = list(Backlog.of(source.newest_post_id, source.open_ranges, source.last_post_id).ranges)
        return SourceStatusReport(
            source=source,
            messages={
                "posts": held.posts,
                "comments": held.comments,
                "service": held.service,
                "deleted": held.deleted,
            },
            first_message=held.first_date,
            last_message=held.last_date,
            documents=made.documents,
            noise=made.noise,
            without_text=made.without_text,
            waiting=await self._documents.count_waiting(channel),
            failures=made.failures,
            topics=len(cards),
            gaps=tuple(await self._gaps(source, to_fetch)),
            to_fetch=tuple(to_fetch),
        )

    async def _gaps(self, source: Source, to_fetch: list[OpenRange]) -> list[tuple[int, int]]:
        held = await self._raw.gaps(source.channel_id, limit=GAPS_SHOWN, message_types=_NUMBERED[source.channel_kind])
        unread = {(each.after_id + 1, (each.before_id or 0) - 1) for each in to_fetch}
        return [gap for gap in held if gap not in unread]
