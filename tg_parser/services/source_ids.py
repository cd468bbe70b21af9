"""Generates ids of sources: ASCII, short and readable, easy to type on any keyboard (pure)."""

from __future__ import annotations

import re
from collections.abc import Collection

from anyascii import anyascii

from tg_parser.domain.errors import UsageError
from tg_parser.domain.messages import Chat

ID_CHARS = 32
"""Length of the longest username."""
CHOSEN_CHARS = 64
_SIGNS_IN_WORDS = re.compile(r"['`\"]")
_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")
_LETTER = re.compile(r"[a-z]")
_CHOSEN = re.compile(r"[^\s:/\\-][^\s:/\\]*")


def source_id_for(chat: Chat, taken: Collection[str]) -> str:
    """Return the chat's username, else its title in Latin letters, else its number; unique among `taken`."""
    number = chat.channel_id.lstrip("-")
    wished = chat.username or slug(chat.title or "") or number
    candidates = (wished, f"{wished[: ID_CHARS - len(number) - 1].strip('-')}-{number}".strip("-"))
    free = [each for each in candidates if each not in taken]
    return free[0] if free else _numbered(number, taken)


def slug(title: str) -> str:
    """Convert a title to lower-case words with hyphens, cut between words; empty if it contains no word."""
    words = _NOT_IN_IDS.sub("-", _SIGNS_IN_WORDS.sub("", anyascii(title).lower())).strip("-")
    if _LETTER.search(words) is None:
        return ""
    if len(words) <= ID_CHARS:
        return words
    cut = words[: ID_CHARS + 1].rpartition("-")[0]
    return cut or words[:ID_CHARS]


def require_source_id(source_id: str) -> str:
    """Check an id chosen by a person. Raises UsageError if it could not be typed as an option's value."""
    if len(source_id) > CHOSEN_CHARS or _CHOSEN.fullmatch(source_id) is None:
        raise UsageError(
            f"{source_id!r} cannot be the id of a source.",
            f"Use up to {CHOSEN_CHARS} characters without spaces, colons and slashes, not starting with a hyphen.",
        )
    return source_id


def _numbered(number: str, taken: Collection[str]) -> str:
    counter = 2
    while f"{number}-{counter}" in taken:
        counter += 1
    return f"{number}-{counter}"
