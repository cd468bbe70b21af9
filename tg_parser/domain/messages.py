"""The raw message: what Telegram showed, untouched, and how two observations of one message compare."""

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
"""The richer the adapter, the higher: fields of the richer one win."""


class Contract(BaseModel):
    """Base of the data contracts: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Chat(Contract):
    """The chat that messages come from, as far as its source says.

    When several `usernames` lead to it, `username` is the one for links: the chat's own, where that is known,
    because the others can be sold.
    """

    channel_id: str
    title: str | None = None
    username: str | None = None
    usernames: tuple[str, ...] = ()
    kind: ChatKind = "channel"


class Author(Contract):
    """Who wrote a message: `id` is the marked peer id where known, `name` as displayed."""

    id: str | None = None
    name: str | None = None


class Reaction(Contract):
    """How often one reaction was given; `emoji` is the character, or `custom:<id>`, or `paid`."""

    emoji: str
    count: int


class Media(Contract):
    """Metadata of attached media; the file itself is never downloaded.

    `options` are answers of a poll or tasks of a checklist, `done` the tasks that are done, where that is known.
    `quantity` counts the prizes or winners of a giveaway. `amount` is in the smallest unit of `currency`; XTR is Stars.
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
    """Where a forwarded message came from."""

    name: str | None = None
    peer_id: str | None = None
    message_id: str | None = None
    date: UtcTime | None = None


class RawMessage(Contract):
    """One message of a chat as it was first seen. `text` is all its words as plain text without formatting marks,
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
    """Whether no message of the chat can be older: it has the first number, or reports the creation of the chat."""
    return int(message.id) <= 1 or message.service_action in _BEGINNINGS


class TextRevision(Contract):
    """An entry of the revision log: what a message said later, and why that was recorded."""

    revision: int
    observed_at: UtcTime
    reason: str = Field(description="`edited`, `deleted`, or `richer_source`: the same text, more complete.")
    text: str
    edited_at: UtcTime | None = None


class ExportedMessage(Contract):
    """One line of an export of raw messages: as first seen, the present text, and the log, oldest entry first."""

    message: RawMessage
    current_text: str
    deleted_at: UtcTime | None = None
    revisions: tuple[TextRevision, ...] = ()


class Observation(StrEnum):
    """What a newly seen text of a stored message turns out to be."""

    SAME = "same"
    EDITED = "edited"
    RICHER = "richer_source"


_INVISIBLE = re.compile(r"[\s*_~`|\[\]()\u200b-\u200f\u2060\ufeff\ufe0f]+")
_LIST_MARK = re.compile(r"^[ \t]*[-•☐☑][ \t]+", re.MULTILINE)
_CUT = re.compile(r"(…|\.\.\.)$")


def core(text: str) -> str:
    """The part of a text that every adapter shows: no white space, no marks of formatting and lists."""
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
