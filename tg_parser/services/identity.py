"""Which source a chat belongs to, pure. A number says which chat it is; a name only as long as it has not moved."""

from __future__ import annotations

from collections.abc import Iterable

from tg_parser.domain.errors import SourceError, UsageError
from tg_parser.domain.messages import Adapter, Chat
from tg_parser.domain.peers import Peer, is_nameless, is_numeric
from tg_parser.domain.sources import Source


def owner_of(chat: Chat, sources: Iterable[Source]) -> Source | None:
    """The source that collects `chat`, the oldest first: by its number, else by its name where no number speaks."""
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
    """The source of a chat as somebody wrote it, or by its channel id as stored."""
    for source in sources:
        numbers = (source.channel_id, source.peer_id)
        by_name = peer.username is not None and (source.channel_username or "").lower() == peer.username.lower()
        if by_name or peer.canonical in numbers or written in numbers:
            return source
    return None


def require_same_chat(source: Source, chat: Chat) -> None:
    """Raise UsageError where `chat` is known to be another one than `source` collects."""
    number = source.peer.channel_id
    if number is None or not is_numeric(chat.channel_id) or chat.channel_id == number:
        return
    shown = f"{chat.channel_id} ({chat.title})" if chat.title else chat.channel_id
    if chat.username and chat.username.lower() == (source.channel_username or "").lower():
        raise SourceError(
            f"@{chat.username} now belongs to {shown}, but source {source.source_id!r} collects {number}.",
            f"Give the channel's present name: tg-parser add-source --source-id {source.source_id} "
            f"--channel-username NAME; or collect the other one by: tg-parser run @{chat.username}",
        )
    raise UsageError(
        f"Source {source.source_id!r} collects {number}, but what was read is {shown}.",
        "Leave out --source to register that chat as a source of its own.",
    )


def learned(source: Source, chat: Chat, via: Adapter, *, holds_messages: bool) -> dict[str, str | None]:
    """What `chat` tells that `source` does not know yet. Stored messages keep the id they were stored under."""
    told: dict[str, str | None] = {"channel_title": chat.title, "channel_username": chat.username}
    told = {name: value for name, value in told.items() if value}
    if via == "api":
        # The API alone tells for sure that a chat has no name any more; its old one may be another chat's.
        told["channel_username"] = chat.username
    if not is_nameless(chat.channel_id):
        told["channel_kind"] = chat.kind
    if via != "export" and source.via == "export":
        told["via"] = via
    if source.peer.channel_id is None and is_numeric(chat.channel_id):
        told["peer_id" if holds_messages else "channel_id"] = chat.channel_id
    return {name: value for name, value in told.items() if getattr(source, name) != value}


def _same_name(source: Source, chat: Chat) -> bool:
    names = {name.lower() for name in (chat.username, chat.channel_id) if name}
    return bool(names & {(source.channel_username or "").lower(), source.channel_id})
