"""Fetches the pages of one channel, follows redirects, and explains why there is no preview."""

from __future__ import annotations

from urllib.parse import urlsplit

from tg_parser.domain.errors import SourceError, SourceUnavailableError
from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.ingestion.web.client import WebClient
from tg_parser.ingestion.web.landing import no_telegram_page, why_no_preview
from tg_parser.ingestion.web.page import PreviewPage, read_page, says_post_is_gone

_MOST_REDIRECTS = 3
_A_PAGE = 20
"""How many posts a page shows."""


class PageReader:
    """Reads pages of the channel @`name`."""

    def __init__(self, client: WebClient, name: str) -> None:
        self._client = client
        self._name = name

    async def newest(self) -> PreviewPage:
        """The page with the newest posts. Raises SourceError with the reason if there is no preview."""
        page = await self._page("", None)
        if not page.messages and page.tells_of_posts:
            raise self._changed_layout("it counts posts but shows none")
        return page

    async def before(self, number: int, chat: Chat) -> PreviewPage:
        """The page with the newest posts below `number`; empty if there are none."""
        page = await self._page(f"?before={number}", chat)
        if page.lowest_id is None and not page.says_no_posts:
            raise self._changed_layout(f"asked for posts before {number}, it shows none without saying so")
        if page.lowest_id is not None and page.lowest_id >= number:
            raise self._changed_layout(f"asked for posts before {number}, it shows {page.lowest_id} and later ones")
        return page

    async def next_older(self, page: PreviewPage) -> PreviewPage | None:
        """The page before `page`; None if it is the oldest. Raises if older posts are mentioned but not shown."""
        if page.lowest_id is None or page.lowest_id <= 1:
            return None
        older = await self.before(page.lowest_id, page.chat)
        if older.lowest_id is None and page.tells_of_older:
            raise self._hidden(f"mentions posts of @{self._name} before {page.lowest_id} but does not show them")
        return older if older.lowest_id is not None else None

    async def below(self, number: int, newest: PreviewPage) -> PreviewPage | None:
        """The page with the newest posts below `number`, a post that was shown before; None if there are none.

        A page without posts is no proof, because a server that was asked too often shows such pages too: the oldest
        page with posts must say that it is the oldest. Raises SourceUnavailableError if that cannot be seen.
        """
        page = await self.before(number, newest.chat)
        if page.lowest_id is not None:
            return page
        if newest.lowest_id is None:
            raise self._hidden(f"shows no posts of @{self._name} any more")
        above = 1
        while page.lowest_id is None:
            asked = number + above
            page = newest if asked > newest.lowest_id else await self.before(asked, newest.chat)
            above += above + _A_PAGE
        found: PreviewPage | None = page
        while found is not None and (found.lowest_id or 0) >= number:
            found = await self.next_older(found)
        return found

    async def single(self, number: int, chat: Chat) -> RawMessage | bool:
        """The post as its own page shows it; else whether that page clearly says that it is gone."""
        answer = await self._client.fetch(f"{self._name}/{number}?embed=1&mode=tme")
        shown = read_page(answer.html, self._name, chat).messages
        found = next((message for message in shown if message.id == str(number)), None)
        return found or says_post_is_gone(answer.html)

    async def _page(self, query: str, chat: Chat | None) -> PreviewPage:
        html = await self._followed(f"s/{self._name}{query}")
        page = read_page(html, self._name, chat)
        if not page.is_preview:
            raise why_no_preview(html, self._name)
        if page.is_unreadable:
            reasons = ", ".join(f"{reason}: {number}" for reason, number in sorted(page.skipped.items()))
            raise self._changed_layout(f"not one of its posts could be read ({reasons})")
        return page

    async def _followed(self, path: str) -> str:
        """The page at `path`. If there is no preview, Telegram redirects to the landing page."""
        for _ in range(_MOST_REDIRECTS):
            answer = await self._client.fetch(path)
            if answer.redirected_to is None:
                return answer.html
            folder, last = _end_of(answer.redirected_to)
            if last.lower() != self._name.lower():
                break
            path = path if folder == "s" else last
        raise no_telegram_page(self._name)

    def _hidden(self, what: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"{self._client.host} {what}.",
            "There may have been too many requests: run the same command later; what was collected so far is kept.",
        )

    def _changed_layout(self, what: str) -> SourceError:
        return SourceError(
            f"The preview of @{self._name} has an unknown layout: {what}.",
            case="preview_has_changed",
            name=self._name,
        )


def _end_of(address: str) -> tuple[str, str]:
    """The last two segments of an address's path."""
    try:
        parts = urlsplit(address).path.rstrip("/").split("/")
    except ValueError:
        return "", ""
    return (parts[-2] if len(parts) > 1 else ""), parts[-1]
