"""Parses Telegram's links to messages: which chat, which number, and whether it is a comment."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from tg_parser.domain.errors import InvalidRefError
from tg_parser.domain.peers import Peer, parse_peer
from tg_parser.domain.refs import MessageType

FORM = "tg:<channel_id>:<post|comment>:<message_id>, or a link such as https://t.me/name/123"


class LinkedMessage(NamedTuple):
    """A message given by its link. In a group the number may belong to a post or a reply, hence several `types`."""

    peer: Peer
    message_id: str
    types: tuple[MessageType, ...]
    thread_id: str | None = None
    """For a comment, the post it belongs to."""


def parse_message_link(written: str) -> LinkedMessage:
    """Parse t.me/name/123, t.me/c/123/45, …?comment=6, …?thread=7, t.me/c/123/7/45. Raises InvalidRefError."""
    text = written.strip()
    parts = urlsplit(text if "://" in text else f"https://{text}")
    path = [part for part in parts.path.split("/") if part]
    query = parse_qs(parts.query)
    comment = query.get("comment", [""])[0]
    if path[:1] == ["s"]:
        path = path[1:]
    least = 3 if path[:1] == ["c"] else 2
    if len(path) < least or not path[-1].isdecimal() or (comment and not comment.isdecimal()):
        raise InvalidRefError(written, FORM)
    peer = parse_peer(text)
    if comment:
        return LinkedMessage(peer, comment, ("comment",), path[-1])
    return LinkedMessage(peer, path[-1], ("post", "comment"))
