"""Finds the files of an HTML export: the pages of one chat, or of every chat of an account."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tg_parser.domain.errors import ExportFormatError
from tg_parser.domain.messages import Chat
from tg_parser.domain.peers import ChatKind, nameless_channel_id
from tg_parser.ingestion.desktop.encoding import cannot_be_read, encoding_of
from tg_parser.ingestion.desktop.html.page import EXPORT_HINT
from tg_parser.ingestion.desktop.html.text import attribute, label, parsed

_PAGE = re.compile(r"messages(\d{0,9})\.html")
_SUMMARY, _LIST = "export_results.html", Path("lists", "chats.html")
_KINDS: dict[str, ChatKind] = {"private": "private", "bot": "private", "unknown": "private", "group": "group"}


@dataclass(frozen=True, slots=True)
class ChatPages:
    """The pages of one chat by number.

    `chat` is set if the account's list names it; `namesake` if the list has another chat of the same title and kind.
    """

    pages: dict[int, Path]
    chat: Chat | None = None
    namesake: bool = False


@dataclass(frozen=True, slots=True)
class HtmlExport:
    """The chats of an export; `alone` if it is the export of one chat. `encoding` is set if the user named one."""

    chats: list[ChatPages]
    alone: bool
    encoding: str | None = None

    @property
    def path(self) -> Path:
        """The first page of the export."""
        return next(iter(self.chats[0].pages.values()))

    @property
    def size(self) -> int:
        """The size of all pages in bytes."""
        return sum(page.stat().st_size for page in self.existing_pages)

    @property
    def existing_pages(self) -> Iterator[Path]:
        """All pages that exist."""
        return (page for chat in self.chats for page in chat.pages.values() if page.is_file())


def find_html_export(path: Path, encoding: str | None = None) -> HtmlExport | None:
    """The HTML export that `path` is or belongs to; None if there is none. Raises OSError, ExportFormatError."""
    found = _in_folder(path, encoding) if path.is_dir() else _around(path, encoding)
    return found and replace(found, encoding=encoding)


def _around(path: Path, encoding: str | None) -> HtmlExport | None:
    if path.suffix.lower() not in (".html", ".htm") or not path.exists():
        return None
    if path.name == _SUMMARY or path.parts[-2:] == _LIST.parts:
        return _account(path.parent if path.name == _SUMMARY else path.parent.parent, encoding)
    return (
        _in_folder(path.parent, encoding)
        if _PAGE.fullmatch(path.name)
        else HtmlExport([ChatPages({1: path})], alone=True)
    )


def named_chat(title: str | None, kind: ChatKind) -> Chat:
    """A chat of which only the title is known."""
    return Chat(channel_id=nameless_channel_id(title or "", kind), title=title, kind=kind)


def _in_folder(folder: Path, encoding: str | None) -> HtmlExport | None:
    if pages := _pages(folder):
        return HtmlExport([ChatPages(pages)], alone=True)
    is_account = (folder / _SUMMARY).is_file() or (folder / _LIST).is_file()
    return _account(folder, encoding) if is_account else None


def _pages(folder: Path) -> dict[int, Path]:
    """The pages of a chat in the order of their numbers; messages.html is number 1."""
    found = ((_PAGE.fullmatch(path.name), path) for path in folder.glob("messages*.html"))
    numbered = {int(match[1] or 1): path for match, path in found if match}
    return dict(sorted(numbered.items()))


def _account(folder: Path, encoding: str | None) -> HtmlExport:
    listed = _listed(folder / _LIST, encoding) if (folder / _LIST).is_file() else _unlisted(folder)
    if not listed:
        raise ExportFormatError(f"{folder} contains no chat with messages.", EXPORT_HINT)
    return HtmlExport(listed, alone=False)


def _listed(path: Path, encoding: str | None) -> list[ChatPages]:
    """The chats in the account's list, in its order. It has no ids, so chats with the same name look the same."""
    try:
        tree = parsed(path.read_text(encoding_of(path, encoding), "replace"))
    except OSError as error:
        raise cannot_be_read(path, error) from error
    found: list[tuple[Chat, dict[int, Path]]] = []
    for entry in tree.css("a.entry"):
        kind = _KINDS.get(label(entry.css_first(".info")) or "", "channel")
        first = path.parent / attribute(entry, "href").partition("#")[0]
        found.append((named_chat(label(entry.css_first(".name")), kind), _pages(first.parent) or {1: first}))
    times = Counter(chat.channel_id for chat, _ in found)
    return [ChatPages(pages, chat, namesake=times[chat.channel_id] > 1) for chat, pages in found]


def _unlisted(folder: Path) -> list[ChatPages]:
    return [ChatPages(pages) for chat in sorted(folder.glob("chats/*/")) if (pages := _pages(chat))]
