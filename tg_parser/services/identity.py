"""Finds the source of a chat (pure). A number identifies a chat; a name only until another chat takes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from tg_parser.domain.errors import SourceError, UsageError
from tg_parser.domain.messages import Adapter, Chat
from tg_parser.domain.peers import Peer, is_nameless, is_numeric
from tg_parser.domain.sources import ChatName, Source


def owner_of(chat: Chat, sources: Iterable[Source]) -> Source | None:
    """Return the oldest source that collects `chat`, matched by number, else by name."""
    known = list(sources)
    if is_numeric(chat.channel_id):
        by_number = [each for each in known if chat.channel_id in (each.channel_id, each.peer_id)]
        candidates = by_number or [each for each in known if each.peer.channel_id is None]
    else:
        by_number, candidates = [], known
    named = [each for each in candidates if _same_name(each, chat)]
    found = by_number or named
    return min(found, key=lambda each: (each.created_at, each.source_id), default=None)


def matching(peer: Peer, written: str, sources: Iterable[Source]) -> Source | None:
    """Return the source of a chat given in any form or by its stored channel id.

    A chat that has a name now takes precedence over one that has lost it.
    """
    known, name = list(sources), peer.username or ""
    rules: tuple[Callable[[Source], bool], ...] = (
        lambda source: bool({peer.canonical, written} & {source.channel_id, source.peer_id}),
        lambda source: bool(name) and name.lower() == (source.channel_username or "").lower(),
        lambda source: bool(name) and source.has_name(name),
        lambda source: bool(name) and source.has_name(name, former=True),
    )
    return next((source for rule in rules for source in known if rule(source)), None)


def require_same_chat(source: Source, chat: Chat) -> None:
    """Raise UsageError if `chat` is known to be another chat than the one `source` collects."""
    number = source.peer.channel_id
    if number is None or not is_numeric(chat.channel_id) or chat.channel_id == number:
        return
    shown = f"{chat.channel_id} ({chat.title})" if chat.title else chat.channel_id
    if chat.username and chat.username.lower() == (source.channel_username or "").lower():
        raise SourceError(
            f"@{chat.username} now belongs to {shown}, but source {source.source_id!r} collects {number}.",
            case="name_moved",
            source_id=source.source_id,
            username=chat.username,
        )
    raise UsageError(
        f"Source {source.source_id!r} collects {number}, but the chat that was read is {shown}.",
        case="other_chat",
        source_id=source.source_id,
        channel_id=chat.channel_id,
    )


def learned(source: Source, chat: Chat, via: Adapter, *, holds_messages: bool, now: datetime) -> dict[str, Any]:
    """Return the fields of `source` that `chat` updates. Stored messages keep the id they were stored under."""
    changes: dict[str, Any] = {"channel_title": chat.title, "channel_username": chat.username}
    changes = {name: value for name, value in changes.items() if value}
    changes["channel_names"] = names_seen(source.names, chat, via, now)
    if via != "api" and source.channel_username and source.has_name(chat.username or ""):
        # A page is found under any name of the chat and does not say which one is its main name.
        changes.pop("channel_username", None)
    if via == "api":
        # Only the API says for sure that a chat has no name any more; its old name may now be another chat's.
        changes["channel_username"] = chat.username
    if not is_nameless(chat.channel_id):
        changes["channel_kind"] = chat.kind
    if via != "export" and source.via == "export":
        changes["via"] = via
    if source.peer.channel_id is None and is_numeric(chat.channel_id):
        changes["peer_id" if holds_messages else "channel_id"] = chat.channel_id
    known = source.model_copy(update={"channel_names": source.names})
    return {name: value for name, value in changes.items() if getattr(known, name) != value}


def names_seen(held: Sequence[ChatName], chat: Chat, via: Adapter, now: datetime) -> tuple[ChatName, ...]:
    """Return a chat's names after it was seen as `chat`. Only the API gives all of them, and which one is the main."""
    shown = {name.lower(): name for name in (chat.usernames or (chat.username,)) if name}
    own = (chat.username or "").lower()
    names = []
    for each in held:
        key = each.name.lower()
        if key in shown:
            since = each.since if each.until is None else now
            owned = key == own if via == "api" else each.owned
            names.append(ChatName(name=shown.pop(key), since=since, owned=owned))
        elif via == "api" and each.until is None:
            names.append(each.model_copy(update={"until": now}))
        else:
            names.append(each)
    fresh = (ChatName(name=name, since=now, owned=via == "api" and key == own) for key, name in shown.items())
    return (*names, *fresh)


def names_lost(source: Source, taken: Collection[str], now: datetime) -> dict[str, Any]:
    """Return the changes to `source` when another chat is seen under the names `taken`; empty if none was its own."""
    keys = {name.lower() for name in taken}
    if not any(source.has_name(name) for name in keys):
        return {}
    names = tuple(
        each.model_copy(update={"until": now}) if each.until is None and each.name.lower() in keys else each
        for each in source.names
    )
    left = [each for each in names if each.until is None]
    shown = next((each.name for each in left if each.owned), left[0].name if left else None)
    kept = source.channel_username and source.channel_username.lower() not in keys
    return {"channel_names": names, "channel_username": source.channel_username if kept else shown}


def _same_name(source: Source, chat: Chat) -> bool:
    names = [name for name in (chat.username, *chat.usernames) if name]
    return chat.channel_id == source.channel_id or any(source.has_name(name) for name in {*names, chat.channel_id})
