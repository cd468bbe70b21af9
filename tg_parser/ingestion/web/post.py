"""Reads the messages of one post on a preview page, or the reason why it is skipped. Pure, and never raises.

An album is one post on the page, but one message per item in Telegram: every item gets its message.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from selectolax.lexbor import LexborNode

from tg_parser.domain.media_words import with_media_words
from tg_parser.domain.messages import Chat, Media, RawMessage
from tg_parser.domain.refs import source_ref
from tg_parser.ingestion.elements import ReadDate, SkippedElement
from tg_parser.ingestion.unknown import UNKNOWN_CLASSES
from tg_parser.ingestion.web.elements import Parts, count
from tg_parser.ingestion.web.fields import (
    answered,
    author,
    forward,
    is_service,
    payload,
    post_id,
    reactions,
    sent,
    text_element,
    unknown_classes,
)
from tg_parser.ingestion.web.media import attached
from tg_parser.ingestion.web.service import service_action
from tg_parser.ingestion.web.text import Text, line_of, text_of

_ALBUM_ITEM = re.compile(r"\S*/(\d{1,18})\?(?:\S*&)?single\b\S*")


class Post(NamedTuple):
    """The messages of one element, in the order of their ids; `zoneless` if its date has no time zone."""

    messages: list[RawMessage]
    zoneless: bool = False


def read_post(element: LexborNode, chat: Chat) -> Post | SkippedElement:
    """The messages that `element` shows of `chat`."""
    known = post_id(element)
    if known is None:
        return SkippedElement("no_id")
    parts = Parts(element)
    when = sent(parts)
    if when is None:
        return SkippedElement("no_date")
    return Post(_messages(known.number, when, parts, chat), when.zoneless)


def _messages(number: int, when: ReadDate, parts: Parts, chat: Chat) -> list[RawMessage]:
    service = is_service(parts)
    shown = text_of(text_element(parts))
    text = Text() if service else shown
    media = {} if service else _media_by_message(number, parts)
    ids = sorted({number, *media})
    of_all: dict[str, Any] = {
        "message_type": "post",
        "channel_id": chat.channel_id,
        "date": when.moment,
        "reply_to_message_id": answered(parts, chat),
        "author": author(parts),
        "views": count(line_of(parts.first("tgme_widget_message_views"))),
        "forward": forward(parts),
        "album_id": str(ids[0]) if len(ids) > 1 else None,
        "service_action": service_action(shown.plain) if service else None,
        "via": "web",
    }
    fields = payload(parts, chat, shown.plain if service else None)
    if not (text.plain or service or _shows_something(media)):
        fields = {**(fields or {}), UNKNOWN_CLASSES: unknown_classes(parts)}
    of_first: dict[str, Any] = {"links": text.links, "reactions": reactions(parts), "raw_payload": fields}
    return [
        RawMessage(
            **of_all,
            **(of_first if each == ids[0] else {}),
            id=str(each),
            source_ref=source_ref(chat.channel_id, "post", each),
            thread_id=str(each),
            text=with_media_words(text.plain if each == ids[0] else "", media.get(each, ())),
            media=tuple(media.get(each, ())),
        )
        for each in ids
    ]


def _shows_something(media: dict[int, list[Media]]) -> bool:
    return any(each.kind != "other" for attached in media.values() for each in attached)


def _media_by_message(number: int, parts: Parts) -> dict[int, list[Media]]:
    """Media by the message they belong to: the items of an album link to posts of their own."""
    found: dict[int, list[Media]] = {}
    for media, href in attached(parts):
        item = _ALBUM_ITEM.fullmatch(href)
        found.setdefault(int(item[1]) if item and int(item[1]) else number, []).append(media)
    return found
