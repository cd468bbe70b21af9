"""Media of an exported message: what it is and what is told of it; the file itself stays where it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Literal

from tg_parser.domain.messages import Media
from tg_parser.ingestion.desktop_fields import flat_text, objects, string, whole

_Kind = Literal["video", "animation", "audio", "voice", "video_message", "sticker", "document"]
_FILE_KINDS: dict[str, _Kind] = {
    "sticker": "sticker", "video_message": "video_message", "voice_message": "voice", "animation": "animation",
    "video_file": "video", "audio_file": "audio",
}  # fmt: skip
_FOLDERS: dict[str, _Kind] = {
    "stickers": "sticker", "voice_messages": "voice", "round_video_messages": "video_message", "video_files": "video",
}  # fmt: skip


def media(payload: dict[str, Any]) -> tuple[Media, ...]:
    """All that is attached to a message; empty for a text alone."""
    return tuple(_media(payload))


def _media(payload: dict[str, Any]) -> Iterator[Media]:
    if "photo" in payload:
        yield Media(kind="photo", size=whole(payload.get("photo_file_size")), file_name=_kept_name(payload["photo"]))
    if "file" in payload or "media_type" in payload:
        yield _file(payload)
    if isinstance(payload.get("poll"), dict):
        yield _listing("poll", payload["poll"], "question", "answers")
    if isinstance(payload.get("todo_list"), dict):
        yield _listing("other", payload["todo_list"], "title", "items")
    if "location_information" in payload:
        yield Media(kind="location", title=string(payload.get("place_name")))
    if isinstance(payload.get("contact_information"), dict):
        yield Media(kind="contact", title=_full_name(payload["contact_information"]))
    if "game_title" in payload:
        yield Media(kind="game", title=string(payload["game_title"]))
    if isinstance(payload.get("invoice_information"), dict):
        yield Media(kind="invoice", title=string(payload["invoice_information"].get("title")))
    if "giveaway_information" in payload:
        yield Media(kind="other", title="giveaway")


def _file(payload: dict[str, Any]) -> Media:
    performer, title = string(payload.get("performer")), string(payload.get("title"))
    return Media(
        kind=_file_kind(payload),
        mime_type=string(payload.get("mime_type")),
        size=whole(payload.get("file_size")),
        file_name=string(payload.get("file_name")) or _kept_name(payload.get("file")),
        duration_seconds=_seconds(payload.get("duration_seconds")),
        title=" - ".join(part for part in (performer, title) if part) or None,
    )


def _file_kind(payload: dict[str, Any]) -> _Kind:
    """The kind that is named, else that of the folder the file was saved in."""
    named = _FILE_KINDS.get(str(payload.get("media_type")))
    folder = str(payload.get("file")).split("/", 1)[0]
    return named or _FOLDERS.get(folder, "document")


def _kept_name(value: Any) -> str | None:
    """The name of a file that was saved; in place of others the export has a remark in parentheses."""
    path = string(value)
    return None if path is None or path.startswith("(") else PurePosixPath(path).name or None


def _listing(kind: Literal["poll", "other"], content: dict[str, Any], title: str, options: str) -> Media:
    texts = tuple(flat_text(option.get("text")) for option in objects(content.get(options)))
    return Media(kind=kind, title=flat_text(content.get(title)) or None, options=texts)


def _full_name(contact: dict[str, Any]) -> str | None:
    parts = (string(contact.get("first_name")), string(contact.get("last_name")))
    return " ".join(part for part in parts if part) or None


def _seconds(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not abs(value) < 1e9:
        return None
    return float(value) if math.isfinite(value) else None
