"""The raw message as shown by Telegram, and the comparison of two observations of a message."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tg_parser.domain.peers import ChatKind
from tg_parser.domain.refs import MessageType, source_ref
from tg_parser.domain.utc_field import UtcTime

Adapter = Literal["web", "export", "api"]
ADAPTER_RANK: dict[Adapter, int] = {"web": 1, "export": 2, "api": 3}
"""The richer the adapter, the higher its rank; its fields take precedence."""


class Contract(BaseModel):
    """Base of the data contracts: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Chat(Contract):
    """The chat that messages come from, as far as its source identifies it.

    If several `usernames` lead to it, `username` is the one for links: the chat's own, if known, because the others can
    be sold.
    """

    channel_id: str
    title: str | None = None
    username: str | None = None
    usernames: tuple[str, ...] = ()
    kind: ChatKind = "channel"


class Author(Contract):
    """The author of a message: `id` is the marked peer id if known, `name` as displayed."""

    id: str | None = None
    name: str | None = None


class Reaction(Contract):
    """The count of one reaction; `emoji` is the character, or `custom:<id>`, or `paid`."""

    emoji: str
    count: int


class Media(Contract):
    """Metadata of attached media; the file itself is never downloaded.

    `options` are the answers of a poll or tasks of a checklist, `done` the completed tasks, if known. `quantity` counts
    the prizes or winners of a giveaway. `amount` is in the smallest unit of `currency`; XTR stands for Stars.
    """

    kind: Literal[
        "photo", "video", "animation", "audio", "voice", "video_message", "sticker", "document",
        "poll", "checklist", "location", "contact", "game", "invoice", "paid_media", "giveaway", "giveaway_results",
        "story", "webpage", "other",
    ]  # fmt: skip
    mime_type: str | None = None
    size: int | None = None
    file_name: str | None = None
    duration_seconds: float | None = None
    title: str | None = None
    options: tuple[str, ...] = ()
    done: tuple[bool, ...] | None = None
    description: str | None = None
    explanation: str | None = None
    amount: int | None = None
    currency: str | None = None
    quantity: int | None = None
    months: int | None = None


class Link(Contract):
    """A link hidden behind words of the text."""

    text: str
    url: str


class Forward(Contract):
    """The origin of a forwarded message."""

    name: str | None = None
    peer_id: str | None = None
    message_id: str | None = None
    date: UtcTime | None = None


class RawMessage(Contract):
    """One message of a chat as first seen. `text` contains all its words as plain text without formatting marks,
    including those of a rich message and of an attached poll or checklist.
    """

    id: str
    message_type: MessageType
    source_ref: str
    channel_id: str
    date: UtcTime
    text: str
    parent_message_id: str | None = None
    thread_id: str | None = None
    reply_to_message_id: str | None = None
    language: str | None = None
    author: Author | None = None
    views: int | None = None
    forwards: int | None = None
    reactions: tuple[Reaction, ...] = ()
    media: tuple[Media, ...] = ()
    links: tuple[Link, ...] = ()
    forward: Forward | None = None
    album_id: str | None = None
    forum_topic: str | None = None
    service_action: str | None = Field(default=None, description="Set on service messages, which get no document.")
    edited_at: UtcTime | None = None
    via: Adapter | None = None
    raw_payload: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        expected = source_ref(self.channel_id, self.message_type, self.id)
        if self.source_ref != expected:
            raise ValueError(f"source_ref must be {expected}")
        return self


_BEGINNINGS = frozenset({"create_channel", "create_group", "migrate_from_group"})


def begins_its_chat(message: RawMessage) -> bool:
    """Return whether no older message can exist: it has the first number, or reports the creation of the chat."""
    return int(message.id) <= 1 or message.service_action in _BEGINNINGS


class TextRevision(Contract):
    """An entry of the revision log: a later text of a message, and why it was recorded."""

    revision: int
    observed_at: UtcTime
    reason: str = Field(description="`edited`, `deleted`, or `richer_source`: the same text, more complete.")
    text: str
    edited_at: UtcTime | None = None


class ExportedMessage(Contract):
    """One line of a raw export: the message as first seen, its current text, and its revisions, oldest first."""

    message: RawMessage
    current_text: str
    deleted_at: UtcTime | None = None
    revisions: tuple[TextRevision, ...] = ()


class Observation(StrEnum):
    """How a newly seen text of a stored message compares to the stored one."""

    SAME = "same"
    EDITED = "edited"
    RICHER = "richer_source"


_INVISIBLE = re.compile(r"[\s*_~`|\[\]()\u200b-\u200f\u2060\ufeff\ufe0f]+")
_LIST_MARK = re.compile(r"^[ \t]*[-•☐☑][ \t]+", re.MULTILINE)
_CUT = re.compile(r"(…|\.\.\.)$")


def core(text: str) -> str:
    """Reduce a text to what every adapter shows: no white space, no marks of formatting and lists."""
    return _INVISIBLE.sub("", _LIST_MARK.sub("", text))


def compare_texts(stored: str, seen: str) -> Observation:
    """Tell an edit from differences between adapters: white space, formatting marks, a truncated preview."""
    if stored == seen:
        return Observation.SAME
    stored_core, seen_core = core(stored), core(seen)
    if stored_core == seen_core:
        return Observation.RICHER if len(seen) > len(stored) else Observation.SAME
    if _CUT.search(stored_core) and seen_core.startswith(_CUT.sub("", stored_core)):
        return Observation.RICHER
    if _CUT.search(seen_core) and stored_core.startswith(_CUT.sub("", seen_core)):
        return Observation.SAME
    return Observation.EDITED
