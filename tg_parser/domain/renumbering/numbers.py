"""Chat numbers that earlier versions stored wrongly, and the right ones (pure).

Glued: "-100" was put before the bare id of a channel, which gives its marked id only for ten digits. Folded: for
ids of an export from 2^32 to 3·2^32 only the lower 32 bits were stored, up to 2^33 as a basic group, then as a channel
with "-100" before them. Some of these can be recognised by the number alone; the others may be correct and need more
evidence: see `suspicion`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from tg_parser.domain.marked_ids import marked_channel_id

_GLUED = re.compile(r"-100([1-9]\d{0,14})", re.ASCII)
_RIGHT_DIGITS = 10
_MOST_GROUP_DIGITS = 7
"""Basic groups have at most ten digits, including "100": with fewer after it, a glued id may be one of theirs."""
_FOLD = 2**32
_LOWER_BITS = re.compile(r"0|[1-9]\d{0,9}", re.ASCII)
_REF = re.compile(
    r"(?P<before>(?:kb:(?:msg|topic):|doc:|topic:)*tg:)(?P<channel>-\d+)(?P<rest>:.*)", re.ASCII | re.DOTALL
)


class Suspicion(NamedTuple):
    """A number that may be a basic group's, and the channels it may really be: by gluing, by folding."""

    glued: str | None
    folded: str | None


def certainly(channel_id: str) -> str | None:
    """Return the right number for one that is certainly wrong; None for any other."""
    match = _GLUED.fullmatch(channel_id)
    if match is None or len(match[1]) == _RIGHT_DIGITS or len(match[1]) <= _MOST_GROUP_DIGITS:
        return None
    return marked_channel_id(match[1])


def suspicion(channel_id: str) -> Suspicion | None:
    """Return the right numbers if a possible basic group's number were wrong; None for any other."""
    digits = channel_id.removeprefix("-")
    if digits == channel_id or not re.fullmatch(r"[1-9]\d{0,9}", digits, re.ASCII):
        return None
    match, number = _GLUED.fullmatch(channel_id), int(digits)
    found = Suspicion(
        glued=marked_channel_id(match[1]) if match is not None else None,
        folded=marked_channel_id(_FOLD + number) if number < _FOLD else None,
    )
    return found if any(found) else None


def right_source_number(channel_id: str, kind: str, via: str | None, *, has_name: bool) -> str | None:
    """Return the right number of a source with a wrong one; a basic group has no name and is no channel.

    Only exports folded, and almost all of their channels have more digits than are ambiguous after gluing.
    """
    suspected = suspicion(channel_id)
    if suspected is None:
        return certainly(channel_id)
    if via == "export" and kind == "channel":
        return suspected.folded
    return suspected.glued if has_name or (kind == "channel" and via in {"api", "web"}) else None


def right_number_by_authors(channel_id: str, authors: Collection[str]) -> str | None:
    """Return the right number of a chat where only a channel posts: in a basic group people post, never the chat."""
    suspected = suspicion(channel_id)
    return suspected.glued if suspected is not None and set(authors) == {channel_id} else None


def signatures(channel_id: str) -> dict[str, str]:
    """Return the right number by author ids of a folded chat: the full number, as it was stored then or is now."""
    found = dict[str, str]()
    for before, folds in (("-", 1), ("-100", 2)):
        lower = channel_id.removeprefix(before)
        if lower != channel_id and _LOWER_BITS.fullmatch(lower) and int(lower) < _FOLD:
            bare = folds * _FOLD + int(lower)
            found |= dict.fromkeys((f"-100{bare}", marked_channel_id(bare)), marked_channel_id(bare))
    return found


def right_peer(number: str) -> str:
    """Return the right number of an author or a forward's origin: never a basic group, but possibly a channel."""
    match = _GLUED.fullmatch(number)
    return number if match is None or len(match[1]) == _RIGHT_DIGITS else marked_channel_id(match[1])


def right_author(number: str, written: Any) -> str:
    """Return the same, given how the export wrote it: exports up to 2021 took people for basic groups."""
    if isinstance(written, int) and written >> 32 == 1 and number == f"-{written % _FOLD}":
        return str(written % _FOLD)
    return right_peer(number)


def renumbered(value: Any, numbers: Mapping[str, str]) -> Any:
    """Return a JSON value with wrong numbers corrected, alone or in refs and ids; duplicates in lists are removed."""
    if isinstance(value, str):
        return _text(value, numbers)
    if isinstance(value, dict):
        return {_text(key, numbers): renumbered(each, numbers) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    changed = [renumbered(each, numbers) for each in value]
    return value if changed == value else [each for at, each in enumerate(changed) if each not in changed[:at]]


def _text(text: str, numbers: Mapping[str, str]) -> str:
    match = _REF.fullmatch(text)
    if match is None:
        return numbers.get(text, text)
    return f"{match['before']}{numbers.get(match['channel'], match['channel'])}{match['rest']}"
