"""Converts any form of a chat to its canonical form.

The canonical `channel_id` is the marked numeric id used by Telegram's Bot API (see domain/marked_ids.py); if only the
@username is known, it is the username in lower case without the @.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tg_parser.domain.errors import InvalidPeerError
from tg_parser.domain.marked_ids import marked_channel_id

ChatKind = Literal["channel", "group", "private"]

_NAMELESS = "unnamed-"
_USERNAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_]{2,30})[A-Za-z0-9]")
_NUMBER = re.compile(r"-?\d{1,19}")
_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog", "www.t.me"})
_NOT_NAMES = frozenset({"joinchat", "addstickers", "share", "proxy", "socks", "login", "iv", "addlist"})


class Peer(NamedTuple):
    """A chat given by number, name, or both; with both, the number decides and the name may be out of date."""

    channel_id: str | None
    username: str | None

    @property
    def canonical(self) -> str:
        """Return the canonical id as far as it follows from this alone."""
        return self.channel_id or (self.username or "").lower()


def parse_peer(text: str) -> Peer:
    """Parse @name, name, t.me links (also /s/ and /c/), tg:// links and numeric ids. Raises InvalidPeerError."""
    value = text.strip()
    if _NUMBER.fullmatch(value):
        return Peer(_marked(value, text), None)
    if value.startswith("@"):
        return Peer(None, _username(value[1:], text))
    if value.lower().startswith("tg://"):
        return _from_tg_link(value, text)
    host, _, _ = value.split("://", 1)[-1].partition("/")
    if "://" in value or host.lower() in _HOSTS:
        return _from_web_link(value if "://" in value else f"https://{value}", text)
    return Peer(None, _username(value, text))


def is_numeric(channel_id: str) -> bool:
    """Return whether a canonical id is a permanent number rather than a name, which can move to another chat."""
    return channel_id.removeprefix("-").isdecimal()


def is_nameless(channel_id: str) -> bool:
    """Return whether the id was generated for a chat whose source gave neither number nor name."""
    return channel_id.startswith(_NAMELESS)


def nameless_channel_id(title: str, kind: str) -> str:
    """Return a stable id for a chat whose source gives neither number nor name."""
    digest = hashlib.sha256(f"{kind}\x1f{title}".encode("utf-8", "replace")).hexdigest()
    return f"{_NAMELESS}{digest[:16]}"


def _marked(value: str, text: str) -> str:
    number = int(value)
    if number == 0:
        raise InvalidPeerError(text)
    return str(number) if number < 0 else marked_channel_id(number)


def _username(value: str, text: str) -> str:
    if _USERNAME.fullmatch(value) is None or value.lower() in _NOT_NAMES:
        raise InvalidPeerError(text)
    return value


def _from_tg_link(value: str, text: str) -> Peer:
    parts = urlsplit(value)
    query = parse_qs(parts.query)
    if parts.netloc == "resolve" and "domain" in query:
        return Peer(None, _username(query["domain"][0], text))
    if parts.netloc == "privatepost" and "channel" in query and query["channel"][0].isdigit():
        return Peer(_marked(query["channel"][0], text), None)
    raise InvalidPeerError(text)


def _from_web_link(value: str, text: str) -> Peer:
    parts = urlsplit(value)
    host = (parts.hostname or "").lower()
    path = [part for part in parts.path.split("/") if part]
    if host.endswith(".t.me") and host not in _HOSTS:
        return Peer(None, _username(host.removesuffix(".t.me"), text))
    if host not in _HOSTS or not path:
        raise InvalidPeerError(text)
    if path[0] == "c" and len(path) > 1 and path[1].isdigit():
        return Peer(_marked(path[1], text), None)
    return Peer(None, _username(path[1] if path[0] == "s" and len(path) > 1 else path[0], text))
