"""Reads the chat and its messages from a page of the preview. Pure.

Posts are in the order of their ids, the oldest first; a page shows about twenty of them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.ingestion.elements import SkippedElement
from tg_parser.ingestion.web.elements import attribute, count
from tg_parser.ingestion.web.fields import channel_number, post_id
from tg_parser.ingestion.web.post import read_post
from tg_parser.ingestion.web.text import line_of

_HEADER = ".tgme_channel_info, .tgme_channel_history"
_TITLES = ".tgme_channel_info_header_title, .tgme_header_title"
_COUNTED_IN_POSTS = ("photo", "video", "file", "link")
"""Counters in a channel's header that only posts increase; subscribers do not need posts."""
_BEFORE = re.compile(r"(?:^|\bbefore=)\d+")
_AT_NAME = re.compile(r"@(\w+)")


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """What a page shows. `lowest_id` counts every post on it, even those that could not be read."""

    chat: Chat
    messages: list[RawMessage] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    lowest_id: int | None = None
    is_preview: bool = False
    tells_of_older: bool = False
    tells_of_posts: bool = False
    says_no_posts: bool = False

    @property
    def is_unreadable(self) -> bool:
        """Whether it has posts but none of them could be read, because its layout is unknown."""
        return not self.messages and bool(self.skipped)


def read_page(html: str, name: str, chat: Chat | None = None) -> PreviewPage:
    """Read a page of the channel asked for as `name`; its messages belong to `chat` if that is already known."""
    tree = LexborHTMLParser(html)
    elements = tree.css(".tgme_widget_message")
    known = chat or _chat(tree, elements, name)
    messages: dict[str, RawMessage] = {}
    skipped, notes = Counter[str](), Counter[str]()
    for element in elements:
        read = read_post(element, known)
        if isinstance(read, SkippedElement):
            skipped[read.reason] += 1
            continue
        notes["date_without_zone"] += read.zoneless
        for message in read.messages:
            skipped["repeated"] += message.id in messages
            messages.setdefault(message.id, message)
    seen = [each.number for element in elements if (each := post_id(element))]
    return PreviewPage(
        chat=known,
        messages=sorted(messages.values(), key=lambda message: int(message.id)),
        skipped=+skipped,
        notes=+notes,
        lowest_id=min([*seen, *map(int, messages)], default=None),
        is_preview=bool(elements) or tree.css_first(_HEADER) is not None,
        tells_of_older=_tells_of_older(tree),
        tells_of_posts=_tells_of_posts(tree),
        says_no_posts=tree.css_first(".tme_no_messages_found") is not None,
    )


def says_post_is_gone(html: str) -> bool:
    """Whether the page of a single post says that it does not exist, as Telegram does for a deleted one."""
    said = line_of(LexborHTMLParser(html).css_first(".tgme_widget_message_error")) or ""
    return re.search(r"\bpost\b.*\bnot found\b", said, re.IGNORECASE) is not None


def _chat(tree: LexborHTMLParser, elements: list[LexborNode], name: str) -> Chat:
    username = _username(tree, elements) or name
    number = next((found for element in elements if (found := channel_number(element))), None)
    title = line_of(tree.css_first(_TITLES)) or attribute(tree.css_first('meta[property="og:title"]'), "content")
    return Chat(channel_id=number or username.lower(), title=title or None, username=username, kind="channel")


def _username(tree: LexborHTMLParser, elements: list[LexborNode]) -> str | None:
    header = line_of(tree.css_first(".tgme_channel_info_header_username"))
    if header and (match := _AT_NAME.fullmatch(header)):
        return match[1]
    return next((each.username for element in elements if (each := post_id(element))), None)


def _tells_of_older(tree: LexborHTMLParser) -> bool:
    links = tree.css('a.tme_messages_more[data-before], link[rel="prev"]')
    return any(_BEFORE.search(attribute(link, "data-before") or attribute(link, "href")) for link in links)


def _tells_of_posts(tree: LexborHTMLParser) -> bool:
    return any(
        (line_of(counter.css_first(".counter_type")) or "").lower().startswith(_COUNTED_IN_POSTS)
        and count(line_of(counter.css_first(".counter_value"))) != 0
        for counter in tree.css(".tgme_channel_info_counter")
    )
