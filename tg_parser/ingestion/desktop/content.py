"""The content of an exported message: its text, links, media and service action. Pure.

Needs only the stored payload, so that a message that an earlier version read wrongly can be read again.
"""

from __future__ import annotations

from typing import Any

from tg_parser.ingestion.content import Content, content_of
from tg_parser.ingestion.desktop.fields import hidden_links, message_text, string
from tg_parser.ingestion.desktop.media import media
from tg_parser.ingestion.desktop.rich import rich_blocks


def read_content(payload: dict[str, Any]) -> Content:
    """The content of a message. The plain text that may come with a rich message only repeats it, so it is ignored."""
    attached, rich = media(payload), payload.get("rich_message")
    if isinstance(rich, dict):
        found = content_of(rich_blocks(rich))
        if found.own:
            return Content(found.own, found.links, (*attached, *found.media))
        attached = (*attached, *found.media)
    return Content(message_text(payload), hidden_links(payload), attached)


def read_action(payload: dict[str, Any]) -> str | None:
    """The action of a service message; None for an ordinary message."""
    kind, action = payload.get("type"), string(payload.get("action"))
    if kind == "service":
        return action or "unknown"
    return action if kind is None else None
