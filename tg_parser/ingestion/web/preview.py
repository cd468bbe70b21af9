"""Public channels from their web preview, the pages under /s/NAME: no account, no keys."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tg_parser.config.settings import RetrySettings, WebSettings
from tg_parser.domain.errors import SourceError
from tg_parser.domain.messages import Adapter, Chat, RawMessage
from tg_parser.domain.peers import Peer
from tg_parser.ingestion.source import Batch, Shown, Window
from tg_parser.ingestion.web.client import WebClient
from tg_parser.ingestion.web.page import PreviewPage
from tg_parser.ingestion.web.reader import PageReader
from tg_parser.ingestion.web.window import is_empty, is_last, wanted_of


class WebPreview:
    """Opens channels by their name. All of them are on one server, from which one page at a time is fetched."""

    def __init__(self, settings: WebSettings, retry: RetrySettings, max_wait: float) -> None:
        self._client = WebClient(settings, retry, max_wait)

    @asynccontextmanager
    async def open(self, peer: Peer) -> AsyncIterator[WebChannel]:
        """The channel with its newest page. Raises SourceError with the reason if there is no preview."""
        if peer.username is None:
            raise SourceError(
                f"The web preview needs the @username of a channel, and {peer.canonical} is a number.",
                case="preview_needs_name",
                channel_id=peer.canonical,
            )
        reader = PageReader(self._client, peer.username)
        yield WebChannel(reader, await reader.newest())

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class WebChannel:
    """A channel as its preview shows it, from the newest page backwards, one batch per page."""

    via: Adapter = "web"
    newest_first = True
    follows_cursor = False

    def __init__(self, reader: PageReader, newest: PreviewPage) -> None:
        self.chat: Chat = newest.chat
        self._reader = reader
        self._newest = newest

    async def batches(self, window: Window) -> AsyncGenerator[Batch, None]:
        """Pages back in time to the first wanted post. Raises SourceError; what was yielded before it is valid."""
        left = window.limit
        page = None if is_empty(window) else await self._first_page(window.before_id)
        while page is not None:
            messages = wanted_of(page, window, left)
            if messages or page.skipped:
                yield Batch(messages, page.skipped, page.notes)
            left = None if left is None else left - len(messages)
            if left == 0 or is_last(page, window):
                return
            page = await self._reader.next_older(page)

    async def shown(self, ids: Sequence[int]) -> AsyncIterator[Shown]:
        """Yield what is shown now of the posts `ids` (ascending), newest first, in one part per page."""
        asked = list(ids)
        while asked:
            page = await self._page_below(asked[-1] + 1)
            lowest = page.lowest_id or 0
            here = [number for number in asked if number >= lowest]
            asked = asked[: len(asked) - len(here)]
            yield await self._as_shown(page, here)

    async def _first_page(self, before_id: int | None) -> PreviewPage | None:
        """The page to begin with; None if there are certainly no posts below `before_id`."""
        lowest = self._newest.lowest_id
        if before_id is None or (lowest is not None and before_id > lowest):
            return self._newest
        return await self._reader.below(before_id, self._newest)

    async def _page_below(self, number: int | None) -> PreviewPage:
        """The page with the newest posts below `number`. The page that was fetched on opening is not fetched again."""
        lowest = self._newest.lowest_id
        if number is None or lowest is None or number > lowest:
            return self._newest
        return await self._reader.before(number, self.chat)

    async def _as_shown(self, page: PreviewPage, ids: list[int]) -> Shown:
        """What `page` and, for posts missing from it, their own pages show of `ids`."""
        on_page = {int(message.id): message for message in page.messages}
        messages, gone = [], []
        for number in ids:
            found = on_page.get(number) or await self._reader.single(number, self.chat)
            if isinstance(found, RawMessage):
                messages.append(found)
            elif found:
                gone.append(number)
        return Shown([message for message in messages if not _hides_its_text(message)], gone, len(ids))


def _hides_its_text(message: RawMessage) -> bool:
    """Whether the page only says that the post can be seen elsewhere: its text is then unknown, not empty."""
    return not message.text and any(media.kind == "other" for media in message.media)
