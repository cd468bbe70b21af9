"""Converts raw messages to rows and back (pure). Text goes through `storable`; the row says when that changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from tg_parser.domain.messages import Author, RawMessage
from tg_parser.domain.refs import split_comment_id
from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.tables.columns import JsonText, json_bytes

PAYLOAD_LIMIT = 256 * 1024
_PREVIEW_CHARS = 16 * 1024
_ESCAPED = b"\\u"
"""Appears in JSON where a NUL or a lone surrogate may be."""
_MOST_DIGITS = 18
_NOBODY = Author()
_JSON_LISTS = ("reactions", "media", "links")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as first seen, with its current text."""

    message: RawMessage
    current_text: str
    revision: int
    deleted_at: datetime | None
    text_sanitized: bool
    raw_payload_truncated: bool


@dataclass(frozen=True, slots=True)
class Revision:
    """An entry of the revision log."""

    source_ref: str
    revision: int
    observed_at: datetime
    reason: str
    text: str
    edited_at: datetime | None


def message_row(message: RawMessage, inserted_at: datetime) -> Row:
    """The row of a message that is new."""
    clean = _Cleaner()
    author = message.author or _NOBODY
    payload, truncated, size = clean.payload(message.raw_payload)
    row = {
        "source_ref": message.source_ref,
        "channel_id": message.channel_id,
        "message_type": message.message_type,
        "id": message.id,
        "id_number": _number(split_comment_id(message.id)[0]),
        "date": message.date,
        "revision": 0,
        "service_action": clean.text(message.service_action),
        "thread_id": message.thread_id,
        "parent_message_id": message.parent_message_id,
        "reply_to_message_id": message.reply_to_message_id,
        "language": message.language,
        "author_id": author.id,
        "author_name": clean.text(author.name),
        "views": message.views,
        "forwards": message.forwards,
        "album_id": message.album_id,
        "forum_topic": clean.text(message.forum_topic),
        "edited_at": message.edited_at,
        "via": message.via,
        "inserted_at": inserted_at,
        "text_sanitized": False,
        "raw_payload_truncated": truncated,
        "raw_payload_original_size_bytes": size,
        "reactions_json": clean.models(message.reactions),
        "media_json": clean.models(message.media),
        "links_json": clean.models(message.links),
        "forward_json": clean.model(message.forward),
        "text": clean.text(message.text),
        "raw_payload_json": payload,
    }
    row["text_sanitized"] = clean.changed
    return row


def row_message(row: Mapping[str, Any], text: str) -> RawMessage:
    """The message of a row, with the given text."""
    known = row["author_id"] is not None or row["author_name"] is not None
    plain = {name: row[name] for name in RawMessage.model_fields if name in row}
    lists = {name: row[f"{name}_json"] or () for name in _JSON_LISTS}
    author = Author(id=row["author_id"], name=row["author_name"]) if known else None
    payload = row.get("raw_payload_json")
    return RawMessage(
        **{**plain, **lists, "text": text, "author": author, "forward": row["forward_json"], "raw_payload": payload}
    )


def stored_message(row: Mapping[str, Any]) -> StoredMessage:
    """The message of a row that comes with its current text."""
    return StoredMessage(
        message=row_message(row, row["text"]),
        current_text=row["current_text"],
        revision=row["revision"],
        deleted_at=row["deleted_at"],
        text_sanitized=row["text_sanitized"],
        raw_payload_truncated=row["raw_payload_truncated"],
    )


class _Cleaner:
    """Makes the texts of one message storable and remembers whether that changed any."""

    def __init__(self) -> None:
        self.changed = False

    def text(self, text: str | None) -> str | None:
        """A text."""
        if text is None:
            return None
        clean = storable(text)
        if clean is not text:
            self.changed = True
        return clean

    def model(self, value: BaseModel | None) -> Any:
        """The JSON of a part of a message."""
        return None if value is None else self._json(value.model_dump(mode="json", exclude_none=True))

    def models(self, values: Sequence[BaseModel]) -> list[Any] | None:
        """The JSON of parts of a message; None where there are none."""
        return [self.model(value) for value in values] if values else None

    def payload(self, payload: Any) -> tuple[JsonText | None, bool, int | None]:
        """The payload to keep, whether it was truncated, and its full size in bytes."""
        if payload is None:
            return None, False, None
        data = json_bytes(payload)
        if _ESCAPED in data:
            data = json_bytes(self._json(payload))
        if len(data) > PAYLOAD_LIMIT:
            beginning = {"truncated": data.decode()[:_PREVIEW_CHARS]}
            return JsonText(json_bytes(beginning), "utf-8"), True, len(data)
        return JsonText(data, "utf-8"), False, len(data)

    def _json(self, value: Any) -> Any:
        clean = storable_json(value)
        if clean != value:
            self.changed = True
        return clean


def _number(message_id: str) -> int | None:
    """The id as a number, if a database column can hold it."""
    digits = message_id.removeprefix("-")
    return int(message_id) if digits.isdecimal() and len(digits) <= _MOST_DIGITS else None
