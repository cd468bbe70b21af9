"""Raw messages as rows and back, pure. Text goes through `storable`, and the row says when that changed it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tg_parser.domain.messages import Author, RawMessage
from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.columns import json_text

PAYLOAD_LIMIT = 256 * 1024
_PREVIEW_CHARS = 16 * 1024
_JSON_LISTS = ("reactions", "media", "links")

Row = dict[str, Any]


def message_row(message: RawMessage, inserted_at: datetime) -> Row:
    """The row of a message that nobody has seen before."""
    text = storable(message.text)
    author = message.author or Author()
    payload, truncated, size = _payload(message.raw_payload)
    return {
        "source_ref": message.source_ref,
        "channel_id": message.channel_id,
        "message_type": message.message_type,
        "id": message.id,
        "id_number": int(message.id) if message.id.lstrip("-").isdigit() else None,
        "date": message.date,
        "revision": 0,
        "service_action": message.service_action,
        "thread_id": message.thread_id,
        "parent_message_id": message.parent_message_id,
        "reply_to_message_id": message.reply_to_message_id,
        "language": message.language,
        "author_id": author.id,
        "author_name": _clean(author.name),
        "views": message.views,
        "forwards": message.forwards,
        "album_id": message.album_id,
        "forum_topic": _clean(message.forum_topic),
        "edited_at": message.edited_at,
        "via": message.via,
        "inserted_at": inserted_at,
        "text_sanitized": text is not message.text,
        "raw_payload_truncated": truncated,
        "raw_payload_original_size_bytes": size,
        **{f"{name}_json": _models(getattr(message, name)) for name in _JSON_LISTS},
        "forward_json": storable_json(message.forward.model_dump(mode="json")) if message.forward else None,
        "text": text,
        "raw_payload_json": payload,
    }


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


def _payload(payload: Any) -> tuple[Any, bool, int | None]:
    """The payload to keep, whether it was cut (M7), and its whole size in bytes."""
    if payload is None:
        return None, False, None
    clean = storable_json(payload)
    text = json_text(clean)
    size = len(text.encode())
    if size <= PAYLOAD_LIMIT:
        return clean, False, size
    return {"truncated": text[:_PREVIEW_CHARS]}, True, size


def _models(values: tuple[Any, ...]) -> list[Any] | None:
    return [storable_json(value.model_dump(mode="json", exclude_none=True)) for value in values] or None


def _clean(text: str | None) -> str | None:
    return None if text is None else storable(text)
