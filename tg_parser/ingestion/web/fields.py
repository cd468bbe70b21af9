"""The single fields of a post on a preview page: identity, text, author, reactions. Pure, and never raises."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, NamedTuple

import orjson
from selectolax.lexbor import LexborNode

from tg_parser.domain.marked_ids import marked_channel_id
from tg_parser.domain.messages import Author, Chat, Forward, Reaction
from tg_parser.ingestion.elements import ReadDate
from tg_parser.ingestion.unknown import outermost
from tg_parser.ingestion.web.elements import Parts, attribute, classes, count, post_link, texts_within, when
from tg_parser.ingestion.web.text import line_of, text_of

_DATA_POST = re.compile(r"(?P<name>[^/\s]+)/(?P<id>\d{1,18})\b.*")
_PEER = re.compile(r"c(\d{1,18})(?:_\S*)?")

_OF_CONTENT = re.compile(r"tgme_widget_message_|message_media_")
_OF_FRAME = re.compile(
    r"tgme_widget_message_(?:wrap|user\w*|owner\w*|bubble\w*|author\w*|from_author|meta|date|info|footer\w*|views"
    r"|reactions|forwarded_from\w*|reply|text|via_bot|edited|error|compact|link|widget\w*)"
)


class PostId(NamedTuple):
    """The chat and number of a post, as its element says."""

    username: str
    number: int


def post_id(element: LexborNode) -> PostId | None:
    """The name of the chat and the number of the post that `element` shows."""
    match = _DATA_POST.fullmatch(attribute(element, "data-post"))
    return PostId(match["name"], int(match["id"])) if match and int(match["id"]) else None


def channel_number(element: LexborNode) -> str | None:
    """The marked id of the channel, which is encoded in the element's attribute for counting views."""
    if match := _PEER.fullmatch(attribute(element, "data-peer")):
        return marked_channel_id(match[1])
    coded = attribute(element, "data-view").rstrip("=")
    try:
        fields = orjson.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
    except (binascii.Error, ValueError):
        return None
    number = fields.get("c") if isinstance(fields, dict) else None
    return marked_channel_id(-number) if isinstance(number, int) and -(2**53) < number < 0 else None


def sent(parts: Parts) -> ReadDate | None:
    """When it was sent; None if the page does not say."""
    named = parts.first("tgme_widget_message_date")
    inside = named.css_first("time[datetime]") if named is not None else None
    return when(inside) or when(parts.element.css_first("time[datetime]"))


def is_service(parts: Parts) -> bool:
    """Whether it is a service message."""
    own = classes(parts.element)
    return "service_message" in own or any(name.startswith("tgme_widget_message_service") for name in own)


def text_element(parts: Parts) -> LexborNode | None:
    """The text of the post itself, not its quotation from the post that it answers."""
    quoted = parts.first("tgme_widget_message_reply")
    within = {node.mem_id for node in quoted.css(".tgme_widget_message_text")} if quoted is not None else set()
    candidates = parts.all("js-message_text", "tgme_widget_message_text")
    return next((node for node in candidates if node.mem_id not in within), None)


def author(parts: Parts) -> Author | None:
    """Return the signature; None for a post without one, whose author is the channel."""
    name = line_of(parts.first("tgme_widget_message_from_author"))
    return Author(name=name) if name else None


def answered(parts: Parts, chat: Chat) -> str | None:
    """The post of this chat that it answers; an answer to another chat is kept in the payload."""
    link = post_link(attribute(parts.first("tgme_widget_message_reply"), "href"))
    return link.message_id if link and link.peer_id in _names(chat) else None


def _names(chat: Chat) -> set[str]:
    return {chat.channel_id, (chat.username or chat.channel_id).lower()}


def forward(parts: Parts) -> Forward | None:
    """Where it was forwarded from; of a hidden sender only the name is known."""
    named = parts.first("tgme_widget_message_forwarded_from_name")
    if named is None and "tgme_widget_message_forwarded_from" not in parts:
        return None
    link = post_link(attribute(named, "href"))
    return Forward(
        name=line_of(named), peer_id=link.peer_id if link else None, message_id=link.message_id if link else None
    )


def reactions(parts: Parts) -> tuple[Reaction, ...]:
    """The reactions with their counts, in the page's order."""
    return tuple(found for node in parts.all("tgme_reaction") if (found := _reaction(node)))


def _reaction(node: LexborNode) -> Reaction | None:
    times = count("".join(texts_within(node)))
    custom, image = node.css_first("tg-emoji"), node.css_first("i.emoji")
    if "tgme_reaction_paid" in classes(node):
        emoji: str | None = "paid"
    elif custom is not None and attribute(custom, "emoji-id"):
        emoji = f"custom:{attribute(custom, 'emoji-id')}"
    else:
        emoji = line_of(image)
    return Reaction(emoji=emoji, count=times) if emoji and times is not None else None


def payload(parts: Parts, chat: Chat, service_text: str | None) -> dict[str, Any] | None:
    """What the page shows but no field of a message stores."""
    reply = attribute(parts.first("tgme_widget_message_reply"), "href")
    fields = {
        "edited": _is_edited(parts) or None,
        "forward_author": line_of(parts.first("tgme_widget_message_forwarded_from_author")),
        "link_preview": _link_preview(parts),
        "location": attribute(parts.first("tgme_widget_message_location_wrap"), "href") or None,
        "poll_type": line_of(parts.first("tgme_widget_message_poll_type")),
        "poll_voters": count(line_of(parts.first("tgme_widget_message_voters"))),
        "reply": reply if reply and answered(parts, chat) is None else None,
        "service_text": service_text,
        "via_bot": line_of(parts.first("tgme_widget_message_via_bot")),
    }
    return {name: value for name, value in fields.items() if value is not None} or None


def unknown_classes(parts: Parts) -> list[str]:
    """The classes of a post that shows nothing known, without the classes of the frame that every post has."""
    names = {name for node in parts.element.css("[class]") for name in classes(node)}
    return outermost(name for name in names if _OF_CONTENT.match(name) and not _OF_FRAME.fullmatch(name))


def _is_edited(parts: Parts) -> bool:
    meta = parts.first("tgme_widget_message_meta")
    said = " ".join(texts_within(meta)).replace(",", " ").split() if meta is not None else []
    return "edited" in said or "tgme_widget_message_edited" in parts


def _link_preview(parts: Parts) -> dict[str, str] | None:
    preview = parts.first("tgme_widget_message_link_preview")
    if preview is None:
        return None
    fields = {
        "url": attribute(preview, "href"),
        "site": line_of(parts.inside(preview, "link_preview_site_name")),
        "title": line_of(parts.inside(preview, "link_preview_title")),
        "description": text_of(parts.inside(preview, "link_preview_description")).plain,
    }
    return {name: value for name, value in fields.items() if value} or None
