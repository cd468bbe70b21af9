"""One chat through the API: its history in the order of ids, its comments, and second looks at both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tg_parser.domain.errors import AccountError, RateLimitedError, SourceError, SourceUnavailableError
from tg_parser.domain.messages import Adapter, Chat, RawMessage
from tg_parser.ingestion.source import Batch, Shown, Window
from tg_parser.ingestion.telegram.fields import kind_of
from tg_parser.ingestion.telegram.mapping import comment_count, map_comment, map_message
from tg_parser.ingestion.telegram.pages import A_PAGE, MessagePage, in_pages

if TYPE_CHECKING:
    from tg_parser.ingestion.telegram.finding import FoundChat
    from tg_parser.ingestion.telegram.requests import Target, TelegramRequests

BATCH_SIZE = 500
"""Default number of messages in a batch: five requests, so a stop costs seconds."""


class TelegramChat:
    """A channel or group that the account may read."""

    newest_first = False
    follows_cursor = True
    via: Adapter = "api"

    def __init__(self, requests: TelegramRequests, found: FoundChat) -> None:
        self._requests = requests
        self._target = found.target
        self._is_forum = found.is_forum
        self._discussion: Target | None = None
        self._discussion_known = False
        self.chat: Chat = found.chat

    async def batches(self, window: Window) -> AsyncGenerator[Batch, None]:
        """Yield the messages in `window`, oldest first. Raises SourceError; messages yielded before it are valid."""
        size = window.batch_size or BATCH_SIZE
        held: list[RawMessage] = []
        counts: dict[int, int] = {}
        topics = await self._requests.topics(self._target) if self._is_forum else {}
        try:
            async with aclosing(self._history(window)) as pages:
                async for page in pages:
                    held += [map_message(each, self.chat, page.people, topics) for each in page.messages]
                    counts |= {each.id: count for each in page.messages if (count := comment_count(each)) is not None}
                    while len(held) >= size:
                        yield _batch(held[:size], counts)
                        held = held[size:]
        except SourceError:
            # Messages received before the error are complete: return them first.
            if held:
                yield _batch(held, counts)
            raise
        if held:
            yield _batch(held, counts)

    async def shown(self, ids: Sequence[int]) -> AsyncIterator[Shown]:
        """Yield the current state of the posts `ids`, a hundred per request. Raises SourceError."""
        topics = await self._requests.topics(self._target) if self._is_forum else {}
        for part in in_pages(ids):
            page = await self._requests.messages(self._target, part)
            there, gone = _there_and_gone(page)
            yield Shown([map_message(each, self.chat, page.people, topics) for each in there], gone, len(part))

    async def discussion_group(self) -> str | None:
        """The bare id of the group where posts are commented now; None without one that the account may read."""
        group = await self._discussion_group()
        return None if group is None else str(group.peer.channel_id)

    async def reply_counts(self, ids: Sequence[int]) -> dict[int, int]:
        """Return the number of comments under the posts `ids`, a hundred per request, without their texts."""
        counts: dict[int, int] = {}
        for part in in_pages(ids):
            counts |= await self._requests.reply_counts(self._target, part)
        return counts

    async def comments(self, post_id: int, after_id: int, first_group: str) -> AsyncIterator[Batch]:
        """The comments under a post after the comment `after_id`, oldest first. Raises SourceError.

        `first_group` is the channel's first discussion group, whose comments are known by their number alone.
        """
        while True:
            page = await self._requests.replies(self._target, post_id, after_id=after_id)
            there, _ = _there_and_gone(page)
            if there:
                yield Batch([map_comment(each, self.chat, page.people, post_id, first_group) for each in there])
            if page.is_last:
                return
            after_id = page.messages[-1].id

    async def comments_shown(self, thread_of: Mapping[int, int], first_group: str) -> AsyncIterator[Shown]:
        """Yield the current state of the group's comments in `thread_of`, mapped to posts. Raises SourceError."""
        group = await self._discussion_group() if thread_of else None
        if group is None:
            return
        for part in in_pages(sorted(thread_of)):
            page = await self._requests.messages(group, part)
            there, gone = _there_and_gone(page)
            yield Shown(
                [map_comment(each, self.chat, page.people, thread_of[each.id], first_group) for each in there],
                gone,
                len(part),
            )

    async def _history(self, window: Window) -> AsyncGenerator[MessagePage, None]:
        """Pages cut to what `window` wants; the next one is asked for while the last is still being looked at."""
        left = window.limit
        after_id = window.after_id or 0
        coming = self._coming(window, after_id, left, None if after_id else window.date_from)
        try:
            while True:
                page = await coming
                wanted = [each for each in _there_and_gone(page)[0] if _is_wanted(each, window)][:left]
                left = None if left is None else left - len(wanted)
                more = left != 0 and not page.is_last and not _is_past(page.messages[-1], window)
                if more:
                    coming = self._coming(window, page.messages[-1].id, left, None)
                yield MessagePage(wanted, page.people)
                if not more:
                    return
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    def _coming(
        self, window: Window, after_id: int, left: int | None, since: datetime | None
    ) -> asyncio.Future[MessagePage]:
        asked = self._requests.history(
            self._target,
            after_id=after_id,
            before_id=window.before_id,
            since=since,
            limit=A_PAGE if left is None else min(A_PAGE, left),
        )
        return asyncio.ensure_future(asked)

    async def _discussion_group(self) -> Target | None:
        if not self._discussion_known:
            self._discussion = await self._find_discussion_group()
            self._discussion_known = True
        return self._discussion

    async def _find_discussion_group(self) -> Target | None:
        if self.chat.kind != "channel":
            return None
        try:
            return await self._requests.discussion_group(self._target)
        except (AccountError, RateLimitedError, SourceUnavailableError):
            raise
        except SourceError:
            # The channel was opened a moment ago, so it is the group that is closed to the account.
            return None


def _batch(messages: list[RawMessage], counts: Mapping[int, int]) -> Batch:
    mine = {number: counts[number] for each in messages if (number := int(each.id)) in counts}
    return Batch(messages, reply_counts=mine)


def _there_and_gone(page: MessagePage) -> tuple[list[Any], list[int]]:
    gone = [each.id for each in page.messages if kind_of(each) == "MessageEmpty"]
    return [each for each in page.messages if kind_of(each) != "MessageEmpty"], gone


def _is_wanted(message: Any, window: Window) -> bool:
    early = window.date_from is not None and message.date < window.date_from
    late = window.date_to is not None and message.date >= window.date_to
    return not (early or late or _is_beyond(message, window))


def _is_past(message: Any, window: Window) -> bool:
    """Return whether no message after `message` can be in the window."""
    date = getattr(message, "date", None)
    return _is_beyond(message, window) or (window.date_to is not None and date is not None and date >= window.date_to)


def _is_beyond(message: Any, window: Window) -> bool:
    return window.before_id is not None and message.id >= window.before_id
