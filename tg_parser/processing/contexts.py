"""The context of a comment, pure: the refs of its post and of the comment it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tg_parser.domain.messages import RawMessage
from tg_parser.domain.refs import source_ref
from tg_parser.processing.analyzer import Task
from tg_parser.storage.stores.claims import WaitingMessage


def context_refs(messages: Iterable[RawMessage]) -> list[str]:
    """The refs of the context of all comments among `messages`, sorted, each once."""
    refs = (ref for message in messages for ref in (post_ref(message), parent_ref(message)))
    return sorted({ref for ref in refs if ref is not None})


def task_of(waiting: WaitingMessage, texts: Mapping[str, str]) -> Task:
    """The message with its context, as far as that is in `texts`, which are by ref."""
    message = waiting.message
    post, parent = texts.get(post_ref(message) or ""), texts.get(parent_ref(message) or "")
    return Task(message, post, parent, revision=waiting.revision, deleted=waiting.deleted)


def post_ref(message: RawMessage) -> str | None:
    """The post that a comment stands under."""
    if message.message_type != "comment" or message.thread_id is None:
        return None
    return source_ref(message.channel_id, "post", message.thread_id)


def parent_ref(message: RawMessage) -> str | None:
    """The comment that a comment answers; None if it answers the post itself."""
    if message.message_type != "comment" or message.parent_message_id in (None, message.thread_id):
        return None
    return source_ref(message.channel_id, "comment", str(message.parent_message_id))
