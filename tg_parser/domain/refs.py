"""Builds, parses and validates the ids of messages, documents, topics and entries.

source_ref   tg:<channel_id>:<post|comment>:<message_id>, where the id of a comment may name its discussion group
document id  doc:<source_ref>
topic id     topic:<source_ref of its first anchor when first found>, followed by ~2, ~3, … for a later topic all of
whose messages already gave their name to other topics
entry id     kb:msg:<source_ref>  or  kb:topic:<topic id>
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, cast

from tg_parser.domain.errors import InvalidRefError

MessageType = Literal["post", "comment"]

_TURN = "~"
_GROUP = "@"
_PART = r"[^:\s]+"
SOURCE_REF_PATTERN = r"tg:[!-$&-9;-~]+:(?:post|comment):[!-$&-9;-~]+"
"""Pattern of a source_ref for API descriptions. Without %, which is an escape in URLs."""
_SOURCE_REF = re.compile(rf"tg:(?P<channel>{_PART}):(?P<type>post|comment):(?P<id>{_PART})")


class SourceRef(NamedTuple):
    """The parts of a source_ref."""

    channel_id: str
    message_type: MessageType
    message_id: str

    def __str__(self) -> str:
        return f"tg:{self.channel_id}:{self.message_type}:{self.message_id}"


def source_ref(channel_id: str, message_type: MessageType, message_id: str | int) -> str:
    """Return the key of a message. Raises InvalidRefError for a part that is empty or contains a colon."""
    ref = f"tg:{channel_id}:{message_type}:{message_id}"
    if _SOURCE_REF.fullmatch(ref) is None:
        raise InvalidRefError(ref, "tg:<channel_id>:<post|comment>:<message_id>")
    return ref


def parse_source_ref(ref: str) -> SourceRef:
    """Parse `ref`. Raises InvalidRefError."""
    match = _SOURCE_REF.fullmatch(ref)
    if match is None:
        raise InvalidRefError(ref, "tg:<channel_id>:<post|comment>:<message_id>")
    return SourceRef(match["channel"], cast("MessageType", match["type"]), match["id"])


def comment_id(number: int, group: str, first_group: str) -> str:
    """Return the id of comment `number` in a discussion group (both are Telegram's bare ids).

    Each group numbers its own messages: a comment outside the channel's first group has its group appended after an @.
    """
    return str(number) if group == first_group else f"{number}{_GROUP}{group}"


def split_comment_id(message_id: str) -> tuple[str, str | None]:
    """Return the number of a comment, and its discussion group unless it is the channel's first one."""
    number, _, group = message_id.partition(_GROUP)
    return number, group or None


def document_id(ref: str) -> str:
    """Return the id of the document of message `ref`."""
    return f"doc:{ref}"


def topic_id(anchor_ref: str, turn: int = 1) -> str:
    """Return the id of the `turn`-th topic found with `anchor_ref` as its first anchor."""
    return f"topic:{anchor_ref}" if turn == 1 else f"topic:{anchor_ref}{_TURN}{turn}"


def naming_ref(topic: str) -> str:
    """Return the message that gave the topic id its name."""
    return topic.removeprefix("topic:").rpartition(":")[0] + ":" + topic.rpartition(":")[2].partition(_TURN)[0]


def message_entry_id(ref: str) -> str:
    """Return the id of the knowledge-base entry of a message."""
    return f"kb:msg:{ref}"


def topic_entry_id(topic: str) -> str:
    """Return the id of the knowledge-base entry of a topic."""
    return f"kb:topic:{topic}"
