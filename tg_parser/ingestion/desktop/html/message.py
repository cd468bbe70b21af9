"""Turns a message on an exported page into an object as in a JSON export, so that one mapper serves both."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from selectolax.lexbor import LexborNode

from tg_parser.domain.messages import Chat
from tg_parser.ingestion.desktop.html.media import media_fields
from tg_parser.ingestion.desktop.html.page import Element
from tg_parser.ingestion.desktop.html.rich import rich_message
from tg_parser.ingestion.desktop.html.service import service_fields
from tg_parser.ingestion.desktop.html.text import attribute, classes, hidden_links, label, parsed, plain_text
from tg_parser.ingestion.unknown import UNKNOWN_CLASSES, outermost

_WHEN = re.compile(
    r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d)(?P<utc> UTC(?P<zone>[+-]\d\d:\d\d)?)?",
)
_REWRITTEN_DATE = "%b %d, %Y, %I:%M %p"
"""The date format of tools that rewrite exports."""
_VIA = re.compile(r"(?P<name>.*?) via (?P<bot>@\w+)", re.DOTALL)
_ANSWERED = re.compile(r"go_to_message(-?\d{1,18})")
_ENVELOPE = frozenset({
    "id", "type", "exported_as", "date", "from", "via_bot", "author", "forwarded_from", "forwarded_date",
    "reply_to_message_id", "text", "reactions",
})  # fmt: skip
_KNOWN_CLASSES = re.compile(
    r"message|default|service|joined|clearfix|body|details|date|from_name|text|bold|signature|forwarded|reply_to|active"
    r"|pull_(?:left|right)|userpic\w*|initials|reactions?|paid|emoji|count|bot_button\w*|media_wrap|fill|block_link|media"
)
_NOBODY = frozenset({"Deleted Account", "Deleted"})


class Byline(NamedTuple):
    """The names above a message; they also apply to the messages joined to it."""

    name: str | None = None
    bot: str | None = None
    forwarded_from: str | None = None
    forwarded_date: str | None = None


class HtmlMessageReader:
    """Reads the messages of one chat in order: what a message omits is taken from the one before."""

    def __init__(self, chat: Chat) -> None:
        self._channel = chat.title if chat.kind == "channel" else None
        self._byline = Byline()
        self._moment = ""

    def payload(self, element: Element) -> dict[str, Any]:
        """The fields of a message on the page, named as in a JSON export."""
        tree = parsed(element.html)
        fields: dict[str, Any] = {"id": element.id, "type": "message", "exported_as": "html"}
        if "service" in element.classes:
            fields |= self._service(tree, self._time_of(element))
        else:
            fields |= self._written(tree, joined="joined" in element.classes)
        present = {name: value for name, value in fields.items() if value is not None}
        return (
            present
            if present.get("text") or present.keys() - _ENVELOPE
            else {**present, UNKNOWN_CLASSES: _unknown(tree)}
        )

    def _service(self, tree: LexborNode, moment: str | None) -> dict[str, Any]:
        sentence = label(tree.css_first(".body")) or ""
        fields = {"actor": self._channel, **service_fields(sentence)}
        if fields.get("actor") in _NOBODY:
            del fields["actor"]
        if fields.get("action") in ("edit_group_photo", "suggest_profile_photo"):
            fields["photo"] = attribute(tree.css_first("a.userpic_link"), "href") or "(File not included.)"
        return {**fields, "date": moment, "sentence": sentence}

    def _time_of(self, element: Element) -> str | None:
        """The time of a service message, which pages do not show: the previous message's, or the start of the day."""
        if element.day is None or self._moment.startswith(element.day.isoformat()):
            return self._moment or None
        return f"{element.day.isoformat()}T00:00:00{self._moment[19:] or element.zone}"

    def _written(self, tree: LexborNode, *, joined: bool) -> dict[str, Any]:
        sent = _date(next((node for node in tree.css(".date") if not _is_name(node.parent)), None))
        self._moment = sent or self._moment
        forwarded = tree.css_first(".forwarded.body")
        self._byline = byline = self._names(tree, joined=joined)
        origin = {"forwarded_from": byline.forwarded_from or "", "forwarded_date": byline.forwarded_date}
        said = _said(tree)
        return {
            "date": sent,
            "from": byline.name,
            "via_bot": byline.bot,
            "author": label(tree.css_first(".signature")),
            **(origin if forwarded else {}),
            "reply_to_message_id": _answered(tree.css_first(".reply_to a")),
            "reactions": _reactions(tree) or None,
            **said,
            **media_fields(tree),
        }

    def _names(self, tree: LexborNode, *, joined: bool) -> Byline:
        byline = self._byline if joined else Byline()
        for node in tree.css(".from_name"):
            shown = node.css_first(".date")
            moment = _date(shown)
            if shown is not None:
                shown.decompose()
            name, bot = _name(label(node))
            if "forwarded" in classes(node.parent):
                byline = byline._replace(bot=bot or byline.bot, forwarded_from=name, forwarded_date=moment)
            else:
                byline = byline._replace(name=name, bot=bot)
        return byline


def _said(tree: LexborNode) -> dict[str, Any]:
    """The text of a message. A rich message is removed from the page, so that its media do not count as attachments."""
    text = tree.css_first(".text")
    if text is None or "rich_message" not in classes(text):
        return {"text": plain_text(text), "text_entities": (hidden_links(text) if text else []) or None}
    rich = rich_message(text)
    text.decompose()
    return {"text": "", "rich_message": rich}


def _unknown(tree: LexborNode) -> list[str]:
    """The unknown classes of a message in which nothing was recognised."""
    names = {name for node in tree.css("[class]") for name in classes(node)}
    return outermost(name for name in names if not _KNOWN_CLASSES.fullmatch(name))


def _is_name(node: LexborNode | None) -> bool:
    return "from_name" in classes(node)


def _name(shown: str | None) -> tuple[str | None, str | None]:
    """A name, and the bot through which the message was sent."""
    via = _VIA.fullmatch(shown or "")
    name, bot = (via["name"], via["bot"]) if via else (shown, None)
    return (None if name in _NOBODY else name), bot


def _date(node: LexborNode | None) -> str | None:
    """The time that an element shows, in ISO 8601; without a zone if it shows none."""
    shown = attribute(node, "title") or label(node) or ""
    if found := _WHEN.search(shown):
        zone = found["zone"] or ("+00:00" if found["utc"] else "")
        return f"{found[3]}-{found[2]}-{found[1]}T{found[4]}{zone}"
    try:
        return datetime.strptime(shown, _REWRITTEN_DATE).isoformat() if shown else None  # noqa: DTZ007 - it has no zone
    except ValueError:
        return None


def _answered(link: LexborNode | None) -> int | None:
    found = _ANSWERED.search(attribute(link, "href"))
    return int(found[1]) if found else None


def _reactions(tree: LexborNode) -> list[dict[str, Any]]:
    return [_reaction(node) for node in tree.css(".reactions .reaction")]


def _reaction(node: LexborNode) -> dict[str, Any]:
    """A reaction; if the page shows the people who gave it instead of a count, they are counted."""
    emoji, count = node.css_first(".emoji"), label(node.css_first(".count"))
    custom = attribute(emoji.css_first("a") if emoji else None, "href")
    kind = "paid" if "paid" in classes(node) else "custom_emoji" if custom else "emoji"
    people = len(node.css(".userpics .userpic"))
    shown = label(emoji) if kind == "emoji" else None
    return {"type": kind, "count": count or people, "document_id": custom, "emoji": shown}
