"""The requests of collecting, each with its answer in our words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telethon import errors
from telethon.tl import functions, types

from tg_parser.ingestion.telegram.client import AccountClient
from tg_parser.ingestion.telegram.errors import final_error
from tg_parser.ingestion.telegram.fields import kind_of, people_of
from tg_parser.ingestion.telegram.pages import A_PAGE, NOTHING, MessagePage


@dataclass(frozen=True, slots=True)
class Target:
    """A chat as requests name it, and as errors do."""

    name: str
    peer: Any

    @property
    def as_channel(self) -> Any:
        """The chat where Telegram wants a channel."""
        return types.InputChannel(self.peer.channel_id, self.peer.access_hash)

    @property
    def is_basic_group(self) -> bool:
        """Whether it is a group of the old kind, whose messages belong to the account."""
        return isinstance(self.peer, types.InputPeerChat)


def channel_target(name: str, internal_id: int, access_hash: int) -> Target:
    """The channel or supergroup with Telegram's bare id."""
    return Target(name, types.InputPeerChannel(internal_id, access_hash))


def group_target(name: str, group_id: int) -> Target:
    """The basic group with Telegram's bare id."""
    return Target(name, types.InputPeerChat(group_id))


class TelegramRequests:
    """Asks through the account's client. Every method raises SourceError with the reason, in words, naming the chat."""

    def __init__(self, client: AccountClient) -> None:
        self._client = client

    async def by_name(self, username: str) -> Any:
        """Whatever has the name: a channel, a group or a person."""
        answer = await self._ask(functions.contacts.ResolveUsernameRequest(username), f"@{username}")
        found = [*answer.chats, *answer.users]
        return found[0] if found else None

    async def chat(self, target: Target) -> Any:
        """The chat as it is now, or None where the number with which it is asked for is no longer good."""
        if target.is_basic_group:
            answer = await self._ask(functions.messages.GetChatsRequest([target.peer.chat_id]), target.name)
        else:
            try:
                answer = await self._client(functions.channels.GetChannelsRequest([target.as_channel]))
            except errors.ChannelInvalidError:
                return None
            except errors.RPCError as error:
                raise final_error(error, target.name) from error
        return answer.chats[0] if answer.chats else None

    async def dialogs(self) -> AsyncIterator[Any]:
        """Every chat the account is in, the liveliest first."""
        try:
            async for dialog in self._client.iter_dialogs():
                yield dialog.entity
        except errors.RPCError as error:
            raise final_error(error, "the list of chats") from error

    async def discussion_group(self, target: Target) -> Target | None:
        """The group where posts of a channel are commented; None for a channel without one."""
        answer = await self._ask(functions.channels.GetFullChannelRequest(target.as_channel), target.name)
        linked = answer.full_chat.linked_chat_id
        group = next((each for each in answer.chats if each.id == linked), None)
        if group is None:
            return None
        found = channel_target(f"the discussion group of {target.name}", group.id, group.access_hash or 0)
        return found if kind_of(await self.chat(found)) == "Channel" else None

    async def history(
        self, target: Target, *, after_id: int, before_id: int | None, since: datetime | None, limit: int
    ) -> MessagePage:
        """The oldest messages after `after_id`, or from `since` on."""
        request = functions.messages.GetHistoryRequest(
            peer=target.peer,
            offset_id=0 if since else after_id + 1,
            # One second less: whether Telegram counts the moment itself in is nowhere written.
            offset_date=since - timedelta(seconds=1) if since else None,
            add_offset=-limit,
            limit=limit,
            max_id=before_id or 0,
            min_id=after_id,
            hash=0,
        )
        return _page(await self._ask(request, target.name), after_id, limit)

    async def replies(self, target: Target, post_id: int, *, after_id: int) -> MessagePage:
        """The oldest comments under a post after `after_id`; none for a post without a thread."""
        request = functions.messages.GetRepliesRequest(
            peer=target.peer,
            msg_id=post_id,
            offset_id=after_id + 1,
            offset_date=None,
            add_offset=-A_PAGE,
            limit=A_PAGE,
            max_id=0,
            min_id=after_id,
            hash=0,
        )
        try:
            return _page(await self._client(request), after_id, A_PAGE)
        except errors.MsgIdInvalidError:
            return NOTHING
        except errors.RPCError as error:
            raise final_error(error, target.name) from error

    async def messages(self, target: Target, ids: Sequence[int]) -> MessagePage:
        """Return the messages with these ids, at most a page; deleted ones come as MessageEmpty."""
        asked = [types.InputMessageID(each) for each in ids]
        request = (
            functions.messages.GetMessagesRequest(asked)
            if target.is_basic_group
            else functions.channels.GetMessagesRequest(target.as_channel, asked)
        )
        answer = await self._ask(request, target.name)
        return MessagePage(answer.messages, people_of(answer.users, answer.chats))

    async def reply_counts(self, target: Target, ids: Sequence[int]) -> dict[int, int]:
        """Return the number of comments under these posts, at most a page, without requesting their texts."""
        request = functions.messages.GetMessagesViewsRequest(peer=target.peer, id=list(ids), increment=False)
        answer = await self._ask(request, target.name)
        counted = zip(ids, answer.views, strict=False)
        return {each: seen.replies.replies for each, seen in counted if seen.replies and seen.replies.comments}

    async def topics(self, target: Target) -> dict[int, str]:
        """The titles of a forum's topics by their ids."""
        titles: dict[int, str] = {}
        date, message, topic = None, 0, 0
        while True:
            request = functions.messages.GetForumTopicsRequest(
                peer=target.peer, offset_date=date, offset_id=message, offset_topic=topic, limit=A_PAGE
            )
            answer = await self._ask(request, target.name)
            shown = [each for each in answer.topics if getattr(each, "title", None)]
            fresh = {each.id: each.title for each in shown if each.id not in titles}
            titles |= fresh
            if not fresh or len(titles) >= answer.count:
                return titles
            topic, message = shown[-1].id, shown[-1].top_message
            date = next((each.date for each in answer.messages if each.id == message), None)

    async def _ask(self, request: Any, name: str) -> Any:
        try:
            return await self._client(request)
        except errors.RPCError as error:
            raise final_error(error, name) from error


def _page(answer: Any, after_id: int, limit: int) -> MessagePage:
    messages = sorted((each for each in answer.messages if each.id > after_id), key=lambda each: int(each.id))
    # A short page at the very top ends with the newest message; a short one elsewhere may be Telegram's own choice.
    partial = isinstance(answer, types.messages.MessagesSlice | types.messages.ChannelMessages)
    at_top = not partial or answer.offset_id_offset == 0
    ended = not messages or (at_top and len(answer.messages) < limit)
    return MessagePage(messages, people_of(answer.users, answer.chats), is_last=ended)
