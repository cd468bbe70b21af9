"""Reads the media of a message on an exported page into the fields of a JSON export. Pure."""

from __future__ import annotations

import re
from typing import Any

from selectolax.lexbor import LexborNode

from tg_parser.ingestion.desktop.html.giveaway import giveaway_fields
from tg_parser.ingestion.desktop.html.text import attribute, classes, label

_NOT_SAVED = "(File not included.)"
_SIZE = re.compile(r"(\d+(?:\.\d+)?) (B|KB|MB|GB)\b")
_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_DURATION = re.compile(r"\b(?:(\d+):)?(\d{1,3}):(\d\d)\b")
_WRAPS = {
    "photo_wrap": "photo", "sticker_wrap": "sticker", "animated_wrap": "animation", "video_file_wrap": "video_file",
}  # fmt: skip
_TITLES = {
    "Photo": "photo", "Self-destructing photo": "photo", "Sticker": "sticker", "Animation": "animation",
    "Video file": "video_file", "Self-destructing video": "video_file", "Video message": "video_message",
}  # fmt: skip
_FILES = {
    "media_photo": "photo", "media_video": "video_file", "media_voice_message": "voice_message",
    "media_audio_file": "audio_file", "media_file": "document",
}  # fmt: skip
_STARS = re.compile(r"(\d{1,18}) XTR|(?:⭐️?|★) ?(\d{1,18})")
_GENERIC_TITLES = frozenset({"Audio file", "File", "Location", "Live location"})


def media_fields(message: LexborNode) -> dict[str, Any]:
    """The fields of a message's media; empty if it has only text."""
    fields: dict[str, Any] = {}
    for wrap in message.css(".media_wrap"):
        fields |= item_fields(wrap)
    return fields


def item_fields(wrap: LexborNode) -> dict[str, Any]:
    """The fields of one media item."""
    fields: dict[str, Any] = {}
    for item in wrap.iter():
        fields |= _fields(item)
    return fields


def _fields(item: LexborNode) -> dict[str, Any]:
    names, title = set(classes(item)), label(item.css_first(".title"))
    status, described = label(item.css_first(".status")), label(item.css_first(".description"))
    if "media_call" in names:
        return {"type": "service", "action": "phone_call", "call": status}
    if known := _listed(item, names) or _place(names, title, described) or _bill(names, title, described, status):
        return known
    kind = _file_kind(names, title)
    if kind is None and item.tag != "a":
        return {}
    shown = status or label(item.css_first(".video_duration")) or ""
    return _file(kind or "document", title, shown, attribute(item, "href"))


def _listed(item: LexborNode, names: set[str]) -> dict[str, Any]:
    """The fields of a poll, a to-do list (which looks like a poll) or a giveaway."""
    if "media_giveaway" in names:
        return giveaway_fields(item)
    if "media_poll" not in names:
        return {}
    is_list = label(item.css_first(".details")) == "To-do List"
    return {"todo_list": _listing(item, "title")} if is_list else {"poll": _listing(item, "question")}


def _place(names: set[str], title: str | None, described: str | None) -> dict[str, Any]:
    """The fields of media without a file: a location, a contact, a game."""
    shown = None if title in _GENERIC_TITLES else title
    if names & {"media_location", "media_live_location", "media_venue"}:
        return {"location_information": {}, "place_name": shown, "address": described}
    if "media_contact" in names:
        return {"contact_information": {"first_name": title}}
    return {"game_title": title, "game_description": described} if "media_game" in names else {}


def _bill(names: set[str], title: str | None, described: str | None, price: str | None) -> dict[str, Any]:
    """The fields of an invoice or of paid media, whose price is always in Stars.

    Prices in other currencies are written in the language of the export and are not read.
    """
    if "media_invoice" not in names:
        return {}
    stars = _STARS.fullmatch(price or "")
    if stars and not (title or described):
        return {"paid_stars_amount": stars[1] or stars[2]}
    shown = {"amount": stars[1] or stars[2], "currency": "XTR"} if stars else {}
    return {"invoice_information": {"title": title, "description": described, **shown}}


def _file_kind(names: set[str], title: str | None) -> str | None:
    wrapped = next((kind for name, kind in _WRAPS.items() if name in names), None)
    by_class = next((kind for name, kind in _FILES.items() if name in names), None)
    # The class for photos is also given to stickers, that for videos to four kinds of moving pictures: the title
    # decides.
    by_title = _TITLES.get(title or "") if by_class in ("photo", "video_file") else None
    return wrapped or by_title or by_class


def _file(kind: str, title: str | None, status: str, href: str) -> dict[str, Any]:
    path = href or _NOT_SAVED
    if kind == "photo":
        return {"photo": path, "photo_file_size": _size(status)}
    shown = None if title in _GENERIC_TITLES or kind not in ("document", "audio_file") else title
    fields: dict[str, Any] = {"file": path, "file_size": _size(status), "duration_seconds": _seconds(status)}
    performer, dash, song = (shown or "").partition(" – ")
    if kind == "audio_file" and dash:
        fields |= {"performer": performer, "title": song}
    else:
        fields["file_name"] = shown
    return fields if kind == "document" else fields | {"media_type": kind}


def _listing(shown: LexborNode, title: str) -> dict[str, Any]:
    for votes in shown.css(".answer .details"):
        votes.decompose()
    answers = [(label(answer) or "").removeprefix("- ") for answer in shown.css(".answer")]
    return {
        title: label(shown.css_first(".question")),
        "answers": [{"text": answer} for answer in answers],
        "total": label(shown.css_first(".total")),
    }


def _size(status: str) -> int | None:
    """The size in bytes, as rounded on the page to a tenth of its unit."""
    found = _SIZE.search(status)
    return round(float(found[1]) * _UNITS[found[2]]) if found and len(found[1]) < 16 else None


def _seconds(status: str) -> int | None:
    found = _DURATION.search(status)
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]) if found else None
