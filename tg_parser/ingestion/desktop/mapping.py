"""Maps a JSON message of an export to a RawMessage or to a reason for skipping it. Its only state is the threads."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.domain.refs import MessageType, source_ref
from tg_parser.ingestion.desktop.content import read_action, read_content
from tg_parser.ingestion.desktop.fields import (
    author,
    chat_id,
    chat_kind,
    forward,
    is_of_2021,
    peer_id,
    reactions,
    string,
    when,
    whole,
)
from tg_parser.ingestion.elements import SkippedElement
from tg_parser.ingestion.threads import ReplyThreads, ThreadPlace


class Mapped(NamedTuple):
    """A message, and notes on irregularities in it."""

    message: RawMessage
    notes: tuple[str, ...] = ()


def map_chat(fields: dict[str, Any], first: Any = None) -> Chat:
    """The chat described by the header of an export; `first` is its first message, which shows the export's format.

    Exports contain no usernames.
    """
    number = chat_id(fields, of_2021=isinstance(first, dict) and is_of_2021(first))
    return Chat(channel_id=number, title=string(fields.get("name")), kind=chat_kind(fields.get("type")))


class MessageMapper:
    """Maps the messages of one chat in order, because the threads of a group depend on earlier messages."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self._threads = ReplyThreads()

    def map(self, payload: Any) -> Mapped | SkippedElement:
        """The message in `payload`. Never raises; an unreadable one becomes a SkippedElement with the reason."""
        if not isinstance(payload, dict):
            return SkippedElement("not_an_object")
        message_id, sent = whole(payload.get("id")), when(payload, "date")
        if message_id is None:
            return SkippedElement("no_id")
        place = self._place(message_id, payload)
        if sent is None:
            return SkippedElement("no_date")
        notes = ("date_without_zone",) if sent.zoneless else ()
        message = self._message(message_id, sent.moment, place, payload)
        if not _of_unknown_type(payload):
            return Mapped(message, notes)
        worth_keeping = message.text or message.media
        return Mapped(message, (*notes, "unknown_type")) if worth_keeping else SkippedElement("unknown_type")

    def _place(self, message_id: int, payload: dict[str, Any]) -> ThreadPlace:
        if self.chat.kind != "group":
            return ThreadPlace(message_id)
        action = read_action(payload)
        if action == "topic_created":
            self._threads.open_topic(message_id, string(payload.get("title")) or str(message_id))
        return ThreadPlace(message_id) if action else self._threads.place(message_id, self._answered(payload))

    def _answered(self, payload: dict[str, Any]) -> int | None:
        """The message of this chat that it replies to; a reply to another chat belongs to no thread here."""
        elsewhere = peer_id(payload.get("reply_to_peer_id"), of_2021=is_of_2021(payload))
        return None if elsewhere not in (None, self.chat.channel_id) else whole(payload.get("reply_to_message_id"))

    def _message(self, message_id: int, date: datetime, place: ThreadPlace, payload: dict[str, Any]) -> RawMessage:
        message_type: MessageType = "post" if place.parent is None else "comment"
        answered = place.parent if self.chat.kind == "group" else self._answered(payload)
        edited, content = when(payload, "edited"), read_content(payload)
        return RawMessage(
            id=str(message_id),
            message_type=message_type,
            source_ref=source_ref(self.chat.channel_id, message_type, message_id),
            channel_id=self.chat.channel_id,
            date=date,
            text=content.text,
            parent_message_id=None if place.parent is None else str(place.parent),
            thread_id=str(place.root),
            reply_to_message_id=None if answered is None else str(answered),
            author=author(payload),
            reactions=reactions(payload),
            media=content.media,
            links=content.links,
            forward=forward(payload),
            forum_topic=place.topic,
            service_action=read_action(payload),
            edited_at=edited.moment if edited else None,
            via="export",
            raw_payload=payload,
        )


def _of_unknown_type(payload: dict[str, Any]) -> bool:
    return payload.get("type") not in (None, "message", "service")
