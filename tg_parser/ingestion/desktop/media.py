"""Media of an exported message: kind and description. The files themselves stay in the export."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Literal

import orjson

from tg_parser.domain.messages import Media
from tg_parser.ingestion.desktop.fields import flat_text, objects, string, whole

_Kind = Literal["video", "animation", "audio", "voice", "video_message", "sticker", "document"]
_FILE_KINDS: dict[str, _Kind] = {
    "sticker": "sticker", "video_message": "video_message", "voice_message": "voice", "animation": "animation",
    "video_file": "video", "audio_file": "audio",
}  # fmt: skip
_FOLDERS: dict[str, _Kind] = {
    "stickers": "sticker", "voice_messages": "voice", "round_video_messages": "video_message", "video_files": "video",
}  # fmt: skip
_OF_PLACES = ("location_information", "place_name", "live_location_period_seconds")


def media(payload: dict[str, Any]) -> tuple[Media, ...]:
    """Everything attached to a message; empty if it has only text."""
    return tuple(_media(payload))


def photo_media(payload: dict[str, Any], name: str = "photo") -> Media:
    """The photo in the field `name` of `payload`."""
    return Media(kind="photo", size=whole(payload.get(f"{name}_file_size")), file_name=_kept_name(payload.get(name)))


def file_media(payload: dict[str, Any]) -> Media:
    """The file that `payload` describes."""
    performer, title = string(payload.get("performer")), string(payload.get("title"))
    return Media(
        kind=_file_kind(payload),
        mime_type=string(payload.get("mime_type")),
        size=whole(payload.get("file_size")),
        file_name=string(payload.get("file_name")) or _kept_name(payload.get("file")),
        duration_seconds=_seconds(payload.get("duration_seconds")),
        title=" - ".join(part for part in (performer, title) if part) or None,
    )


def _media(payload: dict[str, Any]) -> Iterator[Media]:
    if "photo" in payload:
        yield photo_media(payload)
    if "file" in payload or "media_type" in payload:
        yield file_media(payload)
    if isinstance(payload.get("poll"), dict):
        yield _poll(payload["poll"])
    if isinstance(payload.get("todo_list"), dict):
        yield _checklist(payload["todo_list"])
    if any(name in payload for name in _OF_PLACES):
        yield Media(
            kind="location", title=string(payload.get("place_name")), description=string(payload.get("address"))
        )
    if isinstance(payload.get("contact_information"), dict):
        yield Media(kind="contact", title=_full_name(payload["contact_information"]))
    if "game_title" in payload:
        described = string(payload.get("game_description"))
        yield Media(kind="game", title=string(payload["game_title"]), description=described)
    yield from _paid(payload)


def _poll(poll: dict[str, Any]) -> Media:
    explained = flat_text(poll.get("solution", poll.get("explanation"))) or None
    return _listing("poll", poll, "question", poll.get("answers")).model_copy(update={"explanation": explained})


def _checklist(todo: dict[str, Any]) -> Media:
    return _listing("checklist", todo, "title", todo.get("answers") or todo.get("items"))


def _paid(payload: dict[str, Any]) -> Iterator[Media]:
    """Media that must be paid for or can be won."""
    if (bill := _object(payload.get("invoice_information"))) is not None:
        yield Media(
            kind="invoice",
            title=string(bill.get("title")),
            description=string(bill.get("description")),
            amount=whole(bill.get("amount")),
            currency=string(bill.get("currency")),
        )
    if (stars := whole(payload.get("paid_stars_amount"))) is not None:
        yield Media(kind="paid_media", amount=stars, currency="XTR")
    if isinstance(payload.get("giveaway_information"), dict):
        yield _giveaway("giveaway", payload["giveaway_information"], "quantity")
    if isinstance(payload.get("giveaway_results"), dict):
        yield _giveaway("giveaway_results", payload["giveaway_results"], "winners_count")


def _giveaway(kind: Literal["giveaway", "giveaway_results"], given: dict[str, Any], counted: str) -> Media:
    stars = whole(given.get("stars")) or None
    return Media(
        kind=kind,
        description=string(given.get("additional_prize")),
        quantity=whole(given.get(counted)),
        months=whole(given.get("months")) or None,
        amount=stars,
        currency="XTR" if stars else None,
    )


def _object(value: Any) -> dict[str, Any] | None:
    """A JSON object, even if it is written as a string, as Telegram Desktop does with invoices."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, dict) else None


def _file_kind(payload: dict[str, Any]) -> _Kind:
    """The kind in `media_type`, or else the one implied by the folder of the file."""
    named = _FILE_KINDS.get(str(payload.get("media_type")))
    folder = str(payload.get("file")).split("/", 1)[0]
    return named or _FOLDERS.get(folder, "document")


def _kept_name(value: Any) -> str | None:
    """The name of a file that was saved. For other files the export has a note in parentheses instead."""
    path = string(value)
    return None if path is None or path.startswith("(") else PurePosixPath(path).name or None


def _listing(kind: Literal["poll", "checklist"], content: dict[str, Any], title: str, options: Any) -> Media:
    texts = tuple(flat_text(option.get("text")) for option in objects(options))
    return Media(kind=kind, title=flat_text(content.get(title)) or None, options=texts)


def _full_name(contact: dict[str, Any]) -> str | None:
    parts = (string(contact.get("first_name")), string(contact.get("last_name")))
    return " ".join(part for part in parts if part) or None


def _seconds(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not abs(value) < 1e9:
        return None
    return float(value) if math.isfinite(value) else None
