"""The messages of one chat of an HTML export, page by page, and what its pages tell about the chat."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from tg_parser.domain.errors import ExportTruncatedError, SourceError
from tg_parser.domain.messages import Chat
from tg_parser.domain.peers import ChatKind
from tg_parser.ingestion.desktop.html.files import ChatPages, named_chat
from tg_parser.ingestion.desktop.html.message import HtmlMessageReader
from tg_parser.ingestion.desktop.html.page import Element, ExportPage, read_page
from tg_parser.ingestion.desktop.html.service import tells_channel, tells_group
from tg_parser.ingestion.desktop.html.text import label, parsed
from tg_parser.ingestion.desktop.mapping import Mapped, MessageMapper
from tg_parser.ingestion.elements import SkippedElement

_EXPORT_AGAIN = "Everything else was read. Export the chat again to get the rest."


class ChatReading:
    """Returns the messages in order. Problems with pages are reported after all readable ones."""

    def __init__(self, pages: ChatPages, chat: Chat, encoding: str | None = None) -> None:
        self.chat = chat
        self._encoding = encoding
        self.taken = self.offset = 0
        self._pages = pages
        self._reader, self._mapper = HtmlMessageReader(chat), MessageMapper(chat)
        self._problems: list[SourceError] = []
        self._pushed_back: Element | None = None
        self._invalid = 0
        self._elements = self._all_elements()

    def next_element(self) -> Element | None:
        """The next message as it is in the file; None after the last."""
        element = self._pushed_back or next(self._elements, None)
        self._pushed_back = None
        return element

    def hold(self, element: Element) -> None:
        """Push `element` back, to be returned again."""
        self._pushed_back = element

    def mapped(self, element: Element) -> Mapped | SkippedElement:
        """The message in `element`."""
        outcome = self._mapper.map(self._reader.payload(element))
        if isinstance(outcome, Mapped) and "service" in element.classes:
            return outcome._replace(notes=(*outcome.notes, "service_time_unknown"))
        return outcome

    def new_notes(self) -> dict[str, int]:
        """Counts of repairs since the last call."""
        noted, self._invalid = self._invalid, 0
        return {"invalid_utf8": noted} if noted else {}

    def raise_problems(self) -> None:
        """Raise all problems with the pages in one error."""
        if len(self._problems) == 1:
            raise self._problems[0]
        if self._problems:
            raise ExportTruncatedError(" ".join(problem.message for problem in self._problems), _EXPORT_AGAIN)

    def _all_elements(self) -> Generator[Element, None, None]:
        if self._pages.namesake:
            self._problems.append(_namesake(self.chat))
            return
        expected, following = 1, None
        for number, path in self._pages.pages.items():
            if number > expected:
                self._problems.append(_missing(path.parent, expected, number - 1))
            expected, following = number + 1, None
            if page := self._page(path):
                following = page.following
                yield from page.elements
        if following:
            self._problems.append(_missing(path.parent, expected, expected))

    def _page(self, path: Path) -> ExportPage | None:
        try:
            page = read_page(path, self._encoding)
        except SourceError as error:
            self._problems.append(error)
            return None
        self.offset += page.size
        self._invalid += page.invalid_utf8
        if page.cut:
            self._problems.append(_cut_short(path, page))
        return page


def described(pages: ChatPages, encoding: str | None = None) -> Chat:
    """The chat as its first page shows it. Raises SourceError.

    No page says whether it belongs to a channel or a group. A service message that only one of them has decides;
    otherwise the authors do: in a channel only the channel writes. A private chat counts as a group.
    """
    page = read_page(next(iter(pages.pages.values())), encoding)
    return named_chat(page.title, _likely_kind(page))


def _likely_kind(page: ExportPage) -> ChatKind:
    sentences = [_shown(element, ".body") for element in page.elements if "service" in element.classes]
    if any(map(tells_channel, sentences)):
        return "channel"
    if any(map(tells_group, sentences)):
        return "group"
    names = {_shown(element, ".from_name") for element in page.elements if "service" not in element.classes}
    return "channel" if page.title in names and names <= {page.title, ""} else "group"


def _shown(element: Element, selector: str) -> str:
    return label(parsed(element.html).css_first(selector)) or ""


def _missing(folder: Path, first: int, last: int) -> SourceError:
    names = " to ".join(f"messages{number if number > 1 else ''}.html" for number in sorted({first, last}))
    return ExportTruncatedError(f"{folder} lacks {names} with their messages.", _EXPORT_AGAIN, path=str(folder))


def _cut_short(path: Path, page: ExportPage) -> SourceError:
    last = f"message {page.elements[-1].id} is the last complete one" if page.elements else "no message is complete"
    return ExportTruncatedError(f"{path} is truncated; {last}.", _EXPORT_AGAIN, path=str(path))


def _namesake(chat: Chat) -> SourceError:
    return SourceError(
        f"The export has several chats named {chat.title}, and HTML pages do not distinguish them.",
        "Export them one by one and import each with its --source, or export the account in JSON.",
    )
