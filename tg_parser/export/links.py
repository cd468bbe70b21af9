"""Links back to the original message, pure."""

from __future__ import annotations

from dataclasses import dataclass

from tg_parser.domain.marked_ids import internal_channel_id
from tg_parser.domain.peers import ChatKind
from tg_parser.domain.refs import MessageType, split_comment_id

_NO_NUMBER = 2**31
"""Ids of messages are below it."""


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """What a link needs besides the id of the chat; `number` if its messages are stored under a name."""

    username: str | None = None
    title: str | None = None
    kind: ChatKind = "channel"
    number: str | None = None


def message_link(
    channel_id: str, message_type: MessageType, message_id: str, thread_id: str | None, address: ChatAddress
) -> str | None:
    """The t.me address of a message; None if Telegram has none (basic groups, private and unnamed chats)."""
    base, number = _chat_address(channel_id, address), split_comment_id(message_id)[0]
    # An upgraded group keeps its old messages under negative ids, which no link can open or name as a thread.
    if base is None or not _opens(number):
        return None
    if message_type == "comment" and thread_id:
        # A channel's comment is linked through its post; the group has its own numbering, so both numbers may be equal.
        # In a group it is a message of its own inside a thread.
        if not _opens(thread_id):
            return f"{base}/{number}"
        if address.kind == "group":
            return f"{base}/{number}?thread={thread_id}"
        return f"{base}/{thread_id}?comment={number}"
    return f"{base}/{message_id}"


def _opens(number: str) -> bool:
    """Whether it is a message number of Telegram's."""
    return number.isascii() and number.isdigit() and 0 < int(number) < _NO_NUMBER


def _chat_address(channel_id: str, address: ChatAddress) -> str | None:
    if address.username:
        return f"https://t.me/{address.username}"
    internal = internal_channel_id(address.number or channel_id)
    if internal is not None:
        return f"https://t.me/c/{internal}"
    named_by_username = channel_id[:1].isalpha() and "-" not in channel_id
    return f"https://t.me/{channel_id}" if named_by_username else None
