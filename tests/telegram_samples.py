"""Objects of Telegram's scheme for tests: messages made in a line, and dumps of `to_dict` read back."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any

from telethon.tl import types
from telethon.tl.patched import Message, MessageService
from telethon.tl.types import (
    MessageMediaDocument,
    MessageReplyHeader,
)

CHANNEL_ID, GROUP_ID = 1000000001, 1000000002
SENT = datetime(2024, 9, 12, 9, 50, 11, tzinfo=UTC)


def post(number: int, text: str = "", **fields: Any) -> Message:
    """A post of the channel."""
    return _message(number, CHANNEL_ID, {"post": True, "message": text} | fields)


def said(number: int, text: str = "", **fields: Any) -> Message:
    """A message of the group, by user 7 where nobody else is named."""
    return _message(number, GROUP_ID, {"message": text, "from_id": types.PeerUser(7)} | fields)


def service(
    number: int,
    action: Any,
    **fields: Any,
) -> MessageService:
    """A service message of the channel."""
    made = {"id": number, "peer_id": types.PeerChannel(CHANNEL_ID), "date": SENT, "action": action}
    return types.MessageService(**made | fields)


def answer(to: int, top: int | None = None, **fields: Any) -> MessageReplyHeader:
    """The header of an answer."""
    return types.MessageReplyHeader(reply_to_msg_id=to, reply_to_top_id=top, **fields)


def file(*attributes: Any, mime_type: str = "application/pdf", size: int = 50_000) -> MessageMediaDocument:
    """A document with these attributes, attached."""
    document = types.Document(
        id=1, access_hash=2, file_reference=b"r", date=SENT, mime_type=mime_type, size=size, dc_id=2,
        attributes=list(attributes),
    )  # fmt: skip
    return types.MessageMediaDocument(document=document)


def undump(value: Any) -> Any:
    """The object that a dump by `to_dict` shows; what this version of the scheme has not is left out."""
    if isinstance(value, list):
        made = [each for each in map(undump, value) if each is not None]
        return bytes(made) if made and all(each in range(256) for each in made) else made
    if not isinstance(value, dict):
        return value
    made = getattr(types, value["_"], None)
    if made is None:
        return None
    known = {} if made.__init__ is object.__init__ else inspect.signature(made).parameters
    fields = {name: undump(each) for name, each in value.items() if name in known}
    for name, parameter in known.items():
        if parameter.default is inspect.Parameter.empty:
            fields.setdefault(name, None)
    if fields.get("date"):
        fields["date"] = datetime.fromisoformat(fields["date"])
    if fields.get("edit_date"):
        fields["edit_date"] = datetime.fromisoformat(fields["edit_date"])
    return made(**fields)


def _message(number: int, channel: int, fields: dict[str, Any]) -> Message:
    return types.Message(**{"id": number, "peer_id": types.PeerChannel(channel), "date": SENT} | fields)
