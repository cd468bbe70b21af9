"""What an observation changes in a stored message, pure: never its text or date; a new text goes into the log.

A batch of observations is split into new messages and known ones; each of the latter gives a change of columns,
an entry of the log, both, or neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tg_parser.domain.media_words import compare_parts, split_text, tells_more
from tg_parser.domain.messages import ADAPTER_RANK, Adapter, Media, Observation

COUNTERS = ("views", "forwards", "reactions_json")
FACTS = (
    "author_id",
    "author_name",
    "media_json",
    "links_json",
    "forward_json",
    "album_id",
    "forum_topic",
    "language",
    "thread_id",
    "parent_message_id",
    "reply_to_message_id",
    "service_action",
)
OF_TEXT = ("media_json", "links_json")
"""Fields that belong to the text and change with it."""
COMPARED = ("source_ref", "date", "revision", "via", *COUNTERS, *FACTS)

_OF_REVISION = (
    "source_ref",
    "via",
    "edited_at",
    "text_sanitized",
    "raw_payload_truncated",
    "raw_payload_original_size_bytes",
    "text",
    "raw_payload_json",
)

_INDENTED = re.compile(r"^[ \t]+", re.MULTILINE)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
MOST_HOURS_APART = 30
"""Two observations of one message may differ by the time zone assumed for a date without one, but not by more."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredState:
    """What is stored of a message: its row, and the newest text with the time of the edit that made it."""

    row: Row
    text: str
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What to write: `columns` of the message's row in place, and a revision when `reason` is given."""

    columns: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None

    def applied(self, held: StoredState, seen: Row) -> StoredState:
        """The stored state after this change."""
        row = {**held.row, **self.columns}
        if self.reason is None:
            return StoredState(row, held.text, held.edited_at)
        return StoredState({**row, "revision": held.row["revision"] + 1}, seen["text"], seen["edited_at"])


NOTHING = Change()


def change_of(held: StoredState, seen: Row) -> Change:
    """Compare an observation with the stored state. An edit older than the stored one is stale and changes no text."""
    columns = {name: seen[name] for name in COUNTERS if seen[name] is not None and seen[name] != held.row[name]}
    columns.update(_facts(held.row, seen))
    observation = _compared(held, seen)
    if observation is Observation.SAME or is_stale(held, seen):
        return Change(columns)
    if _rank(seen["via"]) >= _rank(held.row["via"]):
        columns.update({name: seen[name] for name in OF_TEXT if seen[name] not in (None, held.row[name])})
    return Change(columns, observation.value)


def split_observations(rows: Sequence[Row], held: dict[str, StoredState]) -> tuple[list[Row], list[Row]]:
    """The first observations of unknown messages, and all others; `held` then includes the new ones too."""
    new, again = list[Row](), list[Row]()
    for row in rows:
        ref = row["source_ref"]
        if ref in held:
            again.append(row)
        else:
            held[ref] = StoredState(row, row["text"], row["edited_at"])
            new.append(row)
    return new, again


def follow_observations(
    held: dict[str, StoredState], observations: Sequence[Row]
) -> list[tuple[StoredState, Row, Change]]:
    """Each observation with its change and the stored state after it."""
    changes = []
    for seen in observations:
        change = change_of(held[seen["source_ref"]], seen)
        held[seen["source_ref"]] = after = change.applied(held[seen["source_ref"]], seen)
        changes.append((after, seen, change))
    return changes


def revision_row(after: StoredState, seen: Row, change: Change, observed_at: datetime) -> Row:
    """The log entry for an observation with another text."""
    facts = {name: seen[name] for name in _OF_REVISION}
    return {**facts, "revision": after.row["revision"], "observed_at": observed_at, "reason": change.reason}


def deletion_row(row: Mapping[str, Any], observed_at: datetime) -> Row:
    """The log entry of a deletion; it repeats text and edit, because the newest entry is the current one."""
    return {
        "source_ref": row["source_ref"],
        "revision": row["revision"] + 1,
        "observed_at": observed_at,
        "reason": "deleted",
        "via": None,
        "edited_at": row["current_edited_at"],
        "text_sanitized": row["text_sanitized"],
        "raw_payload_truncated": False,
        "raw_payload_original_size_bytes": None,
        "text": row["current_text"],
        "raw_payload_json": None,
    }


def is_another_message(held: Row, seen: Row) -> bool:
    """Whether an observation cannot be the stored message: chats share ids, but not moments and senders.

    The API knows both exactly; other adapters may lack the time zone, or know a sender only by name.
    """
    apart: timedelta = held["date"] - seen["date"]
    if held["via"] == seen["via"] == "api" and (apart or _is_of_another_person(held, seen)):
        return True
    return abs(apart) > timedelta(hours=MOST_HOURS_APART)


def _is_of_another_person(held: Row, seen: Row) -> bool:
    """Compares plain numbers of people only: hashes depend on a salt that may have changed."""
    senders = (held["author_id"] or "", seen["author_id"] or "")
    return all(map(str.isdecimal, senders)) and senders[0] != senders[1]


def _facts(held: Row, seen: Row) -> dict[str, Any]:
    """What an observation knows better: everything from a richer adapter; from an equal one, what is missing."""
    rank, held_rank = _rank(seen["via"]), _rank(held["via"])
    known = {name: seen[name] for name in FACTS if seen[name] is not None and seen[name] != held[name]}
    if rank > held_rank:
        return {**known, "via": seen["via"]}
    return {name: value for name, value in known.items() if _is_missing(name, held, value)} if rank == held_rank else {}


def _is_missing(name: str, held: Row, value: Any) -> bool:
    """Whether `held` lacks the fact or could not be read, or has media of which an earlier version read less."""
    if _UNREADABLE in str(held[name]):
        return _UNREADABLE not in str(value)
    if name == "media_json" and held[name] is not None:
        return tells_more(_media(value), _media(held[name]))
    return held[name] is None


def _compared(held: StoredState, seen: Row) -> Observation:
    """Unreadable characters are not an edit, whichever of the two has them."""
    if _is_garbled(held.text, seen["text"]):
        return Observation.RICHER
    return Observation.SAME if _is_garbled(seen["text"], held.text) else _compared_texts(held, seen)


def _is_garbled(text: str, legible: str) -> bool:
    """Whether `text` is `legible` read in a wrong encoding or from a damaged file: ASCII survives, in order."""
    if _UNREADABLE not in text or _UNREADABLE in legible:
        return False
    position = 0
    for piece in filter(None, _NOT_ASCII.split(text)):
        position = legible.find(piece, position) + len(piece)
        if position < len(piece):
            return False
    return True


def _compared_texts(held: StoredState, seen: Row) -> Observation:
    """The preview omits a text where it says "open Telegram to view", so a missing text is not an edit.

    Words that were not read before, with no sign of an edit, were simply not read; white space that the same adapter
    no longer sees was the layout of a page.
    """
    if held.text == seen["text"] or (seen["via"] == "web" and not seen["text"]):
        return Observation.SAME
    stored = split_text(held.text, _media(held.row["media_json"]))
    now = split_text(seen["text"], _media(seen["media_json"]))
    told_as_edit = seen["edited_at"] not in (None, held.edited_at)
    if not stored.own and now.own and (held.row["via"] == "web" or not told_as_edit):
        stored = stored._replace(own=now.own)
        return Observation.EDITED if compare_parts(stored, now) is Observation.EDITED else Observation.RICHER
    found = compare_parts(stored, now)
    if found is Observation.SAME and held.row["via"] == seen["via"] and _indented(held.text) > _indented(seen["text"]):
        return Observation.RICHER
    grown = found is Observation.RICHER and stored.of_media and stored.own == now.own
    return Observation.EDITED if grown and told_as_edit and held.row["via"] == seen["via"] else found


def _indented(text: str) -> int:
    return len(_INDENTED.findall(text))


def _media(stored: Any) -> list[Media]:
    return [Media.model_validate(each) for each in stored or ()]


def is_stale(held: StoredState, seen: Row) -> bool:
    """Whether an observation shows the message as it was before the stored edit."""
    if held.edited_at is None:
        return False
    edited: datetime | None = seen["edited_at"]
    if edited is None:
        # The web preview shows the present text and never says when it was edited.
        return bool(seen["via"] != "web")

    return edited < held.edited_at


def _rank(via: Adapter | None) -> int:
    return 0 if via is None else ADAPTER_RANK[via]
