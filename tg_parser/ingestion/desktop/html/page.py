"""One page of an HTML export: its title and its messages, each cut from its opening tag to the next message.

The page is cut before anything is parsed, so that an unclosed tag damages only its own message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from tg_parser.domain.errors import ExportFormatError, SourceError
from tg_parser.ingestion.desktop.encoding import REPLACED, cannot_be_read, encoding_of
from tg_parser.ingestion.desktop.html.text import attribute, label, parsed

EXPORT_HINT = "Give the folder that Telegram Desktop exported, its result.json or its messages.html."
_START = re.compile(r"<div\b[^<>]*?\bid=[\"']?message(?P<id>-?\d{1,18})\b[^<>]*>")
_CLASSES = re.compile(r"\bclass=[\"']([^\"'<>]*)")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAY = re.compile(rf"<div class=\"body details\">\s*(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})\s*</div>")
_EMPTY = "No exported messages"
_PAGE_OF_CHAT = re.compile(r"class=\"(?:page_body chat_page|history)\"")
_ZONE = re.compile(r"title=\"[\d. :]+ UTC([+-]\d\d:\d\d)\"")
_DIV = re.compile(r"<(/?)div\b")


class Element(NamedTuple):
    """A message as it is in the file. `day` is the last date line before it; `zone` the first time zone on the page."""

    id: int
    classes: frozenset[str]
    html: str
    day: date | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class ExportPage:
    """The content of one file. `following` is the next page it links to; `cut` means that its end is missing."""

    title: str | None
    elements: list[Element]
    following: str | None
    cut: bool
    invalid_utf8: int
    size: int


def read_page(path: Path, encoding: str | None = None) -> ExportPage:
    """The page in the file `path`; `encoding` if a user named it. Raises SourceError, ExportFormatError."""
    try:
        written = path.read_bytes()
    except OSError as error:
        raise cannot_be_read(path, error) from error
    text = written.decode(encoding_of(path, encoding), "replace").removeprefix("\ufeff")
    starts = list(_START.finditer(text))
    if not starts and _PAGE_OF_CHAT.search(text) is None:
        raise _of_another_shape(path, text)
    cut = "</html>" not in text[-4096:].lower()
    elements = _elements(text, starts, cut=cut)
    invalid = text.count(REPLACED) - written.count(REPLACED.encode()) if not written.isascii() else 0
    head = text[: starts[0].start()] if starts else text
    return ExportPage(_title(head), elements, _following(text), cut, max(invalid, 0), len(written))


def _elements(text: str, starts: list[re.Match[str]], *, cut: bool) -> list[Element]:
    elements: list[Element] = []
    day: date | None = None
    zone = found[1] if (found := _ZONE.search(text)) else ""
    bounds = [start.start() for start in starts] + [len(text)]
    for start, end in zip(starts, bounds[1:], strict=True):
        html = text[start.start() : end]
        names = frozenset(word for value in _CLASSES.findall(start[0]) for word in value.split())
        line = _DAY.search(html) if "service" in names and start["id"].startswith("-") else None
        if line is not None:
            day = _date(line) or day
        elif not (cut and end == len(text) and _is_open(html)) and not _says_empty(start["id"], html):
            elements.append(Element(int(start["id"]), names, html, day, zone))
    return elements


def _date(line: re.Match[str]) -> date | None:
    try:
        return date(int(line[3]), _MONTHS.index(line[2]) + 1, int(line[1]))
    except ValueError:
        return None


def _is_open(html: str) -> bool:
    """Whether the message ends before its closing tag."""
    return sum(-1 if closing else 1 for closing in _DIV.findall(html)) > 0


def _says_empty(message_id: str, html: str) -> bool:
    return message_id.startswith("-") and _EMPTY in html[:400]


def _title(head: str) -> str | None:
    top = parsed(head)
    shown = label(top.css_first(".page_header .text")) or label(top.css_first("h1"))
    if shown is None and (found := re.search(r"<title>([^<]*)</title>", head)):
        shown = label(parsed(found[1]))
    return None if shown == "Exported Data" else shown


def _following(text: str) -> str | None:
    """The page that the link at the end leads to."""
    last = text.rfind('class="pagination')
    link = parsed(text[text.rfind("<", 0, last) :]).css_first("a") if last > 0 else None
    return attribute(link, "href") or None if label(link) == "Next messages" else None


def _of_another_shape(path: Path, text: str) -> SourceError:
    if not text.strip("\x00 \t\r\n"):
        return ExportFormatError(f"{path} is empty.", EXPORT_HINT)
    return ExportFormatError(
        f"{path} is not a page of a Telegram Desktop export: no message is found on it.", EXPORT_HINT
    )
