"""Messages with their original and current text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from tg_parser.domain.errors import NotFoundError, UsageError
from tg_parser.domain.message_links import LinkedMessage, parse_message_link
from tg_parser.domain.pages import Order, PageRequest, position_cursor, position_of
from tg_parser.domain.refs import comment_id, parse_source_ref, source_ref
from tg_parser.export.links import ChatAddress, message_link
from tg_parser.services.reading.access import AT_ONCE, Access
from tg_parser.services.views.pages import MessageLine, Page
from tg_parser.services.views.reading import MessageView
from tg_parser.storage.stores.message_reading import MessageFilter
from tg_parser.storage.stores.raw_rows import StoredMessage

__all__ = ["MessageFilter", "MessageReader"]

_LIST = "messages"


class MessageReader:
    """Reads one message in full, or messages by filter."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def one(self, written: str) -> MessageView:
        """Return a message by its ref or link. Raises InvalidRefError, NotFoundError."""
        stored, access = await self._get(written), self._access
        ref = stored.message.source_ref
        topic_ids = (await access.topics_of([ref])).get(ref, [])
        return MessageView(
            message=stored.message,
            current_text=stored.current_text,
            deleted=stored.deleted_at is not None,
            link=_link(stored, await access.addresses({stored.message.channel_id})),
            revisions=tuple(await access.raw.revisions(ref)),
            document=await access.documents.get(ref),
            topics=await access.topics.titles(topic_ids),
        )

    async def thread(self, written: str, page: PageRequest, order: Order = "oldest") -> Page[MessageLine]:
        """Return the thread of a message, including the post or root. Raises InvalidRefError, NotFoundError."""
        stored = await self._get(written)
        message = stored.message
        if message.thread_id is None:
            return Page(items=await self._lines([stored]))
        return await self.page(MessageFilter((message.channel_id,), thread_id=message.thread_id), page, order)

    async def page(self, wanted: MessageFilter, page: PageRequest, order: Order = "newest") -> Page[MessageLine]:
        """Return a page of messages. Raises InvalidCursorError, UsageError for a thread without a channel."""
        after = position_of(page.cursor, _LIST, wanted, order)
        found, end = await self._access.messages.page(self._narrowed(wanted), order, page.limit, after)
        return Page(items=await self._lines(found), next_cursor=end and position_cursor(end, _LIST, wanted, order))

    async def each(self, wanted: MessageFilter, order: Order = "newest") -> AsyncIterator[MessageLine]:
        """Yield all messages that match the filter."""
        cursor: str | None = None
        while True:
            page = await self.page(wanted, PageRequest(AT_ONCE, cursor), order)
            for line in page.items:
                yield line
            if (cursor := page.next_cursor) is None:
                return

    def _narrowed(self, wanted: MessageFilter) -> MessageFilter:
        if wanted.thread_id is not None and not wanted.channel_ids:
            raise UsageError("A thread belongs to a channel: give the channel too.")
        return replace(wanted, channel_ids=self._access.narrowed(wanted.channel_ids))

    async def _lines(self, found: Sequence[StoredMessage]) -> tuple[MessageLine, ...]:
        addresses = await self._access.addresses({each.message.channel_id for each in found})
        return tuple(
            MessageLine(
                message=each.message,
                current_text=each.current_text,
                revision=each.revision,
                deleted=each.deleted_at is not None,
                link=_link(each, addresses),
            )
            for each in found
        )

    async def _get(self, written: str) -> StoredMessage:
        stored = await self._held(written)
        if stored is None:
            raise NotFoundError(f"There is no message {written}.", case="no_message", asked=written)
        return stored

    async def _held(self, written: str) -> StoredMessage | None:
        if written.startswith("tg:") and not written.startswith("tg://"):
            return await self._seen(str(parse_source_ref(written)))
        linked = parse_message_link(written)
        found = [await self._seen(ref) for ref in await self._meant(linked)]
        held = [each for each in found if each is not None]
        # Successive discussion groups reuse numbers: the post then shows which comment is meant.
        under_post = [each for each in held if each.message.thread_id == linked.thread_id]
        return next(iter(under_post or held), None)

    async def _seen(self, ref: str) -> StoredMessage | None:
        return await self._access.raw.get(ref) if self._access.allows(parse_source_ref(ref).channel_id) else None

    async def _meant(self, linked: LinkedMessage) -> list[str]:
        """Return the refs that a link may point to, a few at most."""
        source = await self._access.sources.find(linked.peer.canonical)
        channel_id = source.channel_id if source is not None else linked.peer.canonical
        groups = (source.discussion_groups or ()) if source is not None and linked.thread_id else ()
        later = [comment_id(int(linked.message_id), group, groups[0]) for group in groups[1:]]
        return [source_ref(channel_id, kind, linked.message_id) for kind in linked.types] + [
            source_ref(channel_id, "comment", each) for each in later
        ]


def _link(stored: StoredMessage, addresses: Mapping[str, ChatAddress]) -> str | None:
    message = stored.message
    address = addresses.get(message.channel_id, ChatAddress())
    return message_link(message.channel_id, message.message_type, message.id, message.thread_id, address)
