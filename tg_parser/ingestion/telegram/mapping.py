"""A message as the API gives it → a RawMessage that equals what an export of the same chat tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.domain.refs import MessageType, comment_id, source_ref
from tg_parser.ingestion.telegram.content import read_action, read_content
from tg_parser.ingestion.telegram.fields import People, author, forward, kind_of, marked_id, reactions
from tg_parser.ingestion.telegram.payload import payload


class Standing(NamedTuple):
    """Where a message stands in its chat: what it answers and the root of its thread."""

    message_type: MessageType
    thread_id: int
    parent_id: int | None = None
    answered_id: int | None = None
    topic: str | None = None


def map_message(message: Any, chat: Chat, people: People, topics: Mapping[int, str]) -> RawMessage:
    """A message of the chat's own history. `topics` are the titles of a forum's topics by their ids."""
    return _mapped(message, chat, people, _standing(message, chat, topics))


def map_comment(message: Any, chat: Chat, people: People, post_id: int, first_group: str) -> RawMessage:
    """A message of a discussion group under the channel's post `post_id`; `first_group` is the channel's first one."""
    header = _answer(message, marked_id(message.peer_id))
    answered = None if header is None else header.reply_to_msg_id
    top = None if header is None else header.reply_to_top_id
    # Whoever answers the post itself answers its copy in the group: that is the top, and no other top is named.
    answers_post = top is None or answered in (None, top)
    parent = post_id if answers_post else answered
    mapped = _mapped(message, chat, people, Standing("comment", post_id, parent, parent))
    group = str(message.peer_id.channel_id)
    if group == first_group:
        return mapped
    own = comment_id(message.id, group, first_group)
    answered_id = str(post_id) if answered is None or answers_post else comment_id(answered, group, first_group)
    ref = source_ref(chat.channel_id, "comment", own)
    return mapped.model_copy(
        update={"id": own, "source_ref": ref, "parent_message_id": answered_id, "reply_to_message_id": answered_id}
    )


def comment_count(message: Any) -> int | None:
    """How many comments Telegram counts under a post; None where none can be written."""
    replies = getattr(message, "replies", None)
    return replies.replies if replies is not None and replies.comments else None


def _standing(message: Any, chat: Chat, topics: Mapping[int, str]) -> Standing:
    header = _answer(message, chat.channel_id)
    answered = None if header is None else header.reply_to_msg_id
    if chat.kind != "group" or getattr(message, "action", None) is not None:
        return Standing("post", message.id, None, answered)
    if header is None or answered is None:
        return Standing("post", message.id)
    if not header.forum_topic:
        return Standing("comment", header.reply_to_top_id or answered, answered, answered)
    topic = header.reply_to_top_id or answered
    if answered == topic:
        return Standing("post", message.id, topic=topics.get(topic))
    return Standing("comment", answered, answered, answered, topics.get(topic))


def _answer(message: Any, chat_id: str | None) -> Any:
    """The header of an answer within the chat; service messages and answers across chats have none here."""
    header = message.reply_to
    if kind_of(header) != "MessageReplyHeader" or getattr(message, "action", None) is not None:
        return None
    return header if marked_id(header.reply_to_peer_id) in (None, chat_id) else None


def _mapped(message: Any, chat: Chat, people: People, standing: Standing) -> RawMessage:
    hidden_edit, content = getattr(message, "edit_hide", None), read_content(message)
    return RawMessage(
        id=str(message.id),
        message_type=standing.message_type,
        source_ref=source_ref(chat.channel_id, standing.message_type, message.id),
        channel_id=chat.channel_id,
        date=message.date,
        text=content.text,
        parent_message_id=_text(standing.parent_id),
        thread_id=str(standing.thread_id),
        reply_to_message_id=_text(standing.answered_id),
        author=author(message, chat, people),
        views=getattr(message, "views", None),
        forwards=getattr(message, "forwards", None),
        reactions=reactions(message),
        media=content.media,
        links=content.links,
        forward=forward(message, people),
        album_id=_text(getattr(message, "grouped_id", None)),
        forum_topic=standing.topic,
        service_action=read_action(message),
        edited_at=None if hidden_edit else getattr(message, "edit_date", None),
        via="api",
        raw_payload=payload(message),
    )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
