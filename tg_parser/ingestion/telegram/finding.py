"""Finding a chat: by a number that the account has seen, by its name, or among the chats the account is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tg_parser.domain.errors import SourceError
from tg_parser.domain.marked_ids import internal_channel_id, marked_channel_id, marked_group_id
from tg_parser.domain.messages import Chat
from tg_parser.domain.peers import Peer
from tg_parser.ingestion.telegram.fields import kind_of
from tg_parser.ingestion.telegram.requests import Target, TelegramRequests, channel_target, group_target
from tg_parser.storage.stores.accounts import AccountStorage


@dataclass(frozen=True, slots=True)
class FoundChat:
    """A chat, and how to ask for it."""

    chat: Chat
    target: Target
    is_forum: bool = False


class ChatFinder:
    """Finds chats for one account. A name costs a request that Telegram counts strictly, so numbers are kept."""

    def __init__(self, requests: TelegramRequests, accounts: AccountStorage, session_id: str) -> None:
        self._requests = requests
        self._accounts = accounts
        self._session_id = session_id
        self._joined: dict[str, Any] | None = None

    async def find(self, peer: Peer) -> FoundChat:
        """The chat of `peer`: its number says which one it is. Raises SourceError with the reason."""
        if peer.channel_id is None:
            return await self._by_name(peer.username or "")
        found = await self._by_number(peer.channel_id)
        if found is None and peer.username is not None:
            found = await self._by_name(peer.username)
        if found is None or found.chat.channel_id != peer.channel_id:
            return await self._among_joined(peer, found)
        return found

    async def _by_number(self, channel_id: str) -> FoundChat | None:
        internal = internal_channel_id(channel_id)
        if internal is None:
            return await self._shown(group_target(channel_id, int(channel_id.removeprefix("-"))))
        access_hash = await self._accounts.access_hash(self._session_id, channel_id)
        if access_hash is None:
            return None
        return await self._shown(channel_target(channel_id, int(internal), access_hash))

    async def _shown(self, target: Target) -> FoundChat | None:
        entity = await self._requests.chat(target)
        return None if entity is None else await self._kept(entity, target.name)

    async def _by_name(self, username: str) -> FoundChat:
        name = f"@{username}"
        return await self._kept(await self._requests.by_name(username), name)

    async def _among_joined(self, peer: Peer, other: FoundChat | None) -> FoundChat:
        if self._joined is None:
            self._joined = {marked: entity async for entity in self._requests.dialogs() if (marked := _marked(entity))}
        entity = self._joined.get(peer.channel_id or "")
        if entity is not None:
            return await self._kept(entity, peer.channel_id or "")
        if other is not None:
            raise SourceError(
                f"@{peer.username} now belongs to another chat, {other.chat.channel_id}, not to {peer.channel_id}.",
                "Give the present name of the chat, or join it with the account that is logged in.",
            )
        raise SourceError(
            f"The account knows no chat with the number {peer.channel_id}.",
            "Telegram opens a chat by its number only to those who have seen it: give its @name once, or join it with "
            "the account that is logged in.",
        )

    async def _kept(self, entity: Any, name: str) -> FoundChat:
        """The chat as ours; the access number with which the account may ask for it is stored."""
        found = found_chat(entity, name)
        if not found.target.is_basic_group:
            access_hash = found.target.peer.access_hash
            await self._accounts.remember_access(self._session_id, found.chat.channel_id, access_hash)
        return found


def found_chat(entity: Any, name: str) -> FoundChat:
    """What Telegram shows under `name`. Raises SourceError for what is not a channel or group, or is closed."""
    kind = kind_of(entity)
    if kind == "User":
        what = "a bot" if entity.bot else "a person"
        raise SourceError(f"{name} is {what}, not a channel.", "Give the name of a channel or group.")
    if kind in {"ChannelForbidden", "ChatForbidden"}:
        raise SourceError(f"The account has no access to {name} ({entity.title}).", "Join it with that account.")
    if kind == "Chat":
        return _basic_group(entity, name)
    if kind != "Channel":
        raise SourceError(f"Telegram shows no chat {name}.", "Check the spelling.")
    chat = Chat(
        channel_id=marked_channel_id(entity.id),
        title=entity.title,
        username=_own_name(entity),
        usernames=_names(entity),
        kind="channel" if entity.broadcast else "group",
    )
    return FoundChat(chat, channel_target(name, entity.id, entity.access_hash or 0), is_forum=bool(entity.forum))


def _basic_group(entity: Any, name: str) -> FoundChat:
    if entity.migrated_to is not None:
        number = marked_channel_id(entity.migrated_to.channel_id)
        raise SourceError(
            f"The group {name} has become a supergroup with the number {number}.",
            case="became_supergroup",
            number=number,
        )
    chat = Chat(channel_id=marked_group_id(entity.id), title=entity.title, kind="group")
    return FoundChat(chat, group_target(name, entity.id))


def _names(entity: Any) -> tuple[str, ...]:
    """All names that lead to a channel."""
    several = [each.username for each in entity.usernames or () if each.active]
    return tuple(dict.fromkeys([entity.username, *several] if entity.username else several))


def _own_name(entity: Any) -> str | None:
    """The name that its owner can change; the others were bought. Where there is none, the first."""
    own = (each.username for each in entity.usernames or () if each.active and each.editable)
    return next(own, None) or next(iter(_names(entity)), None)


def _marked(entity: Any) -> str | None:
    kind = kind_of(entity)
    if kind == "Channel":
        return marked_channel_id(entity.id)
    return marked_group_id(entity.id) if kind == "Chat" else None
