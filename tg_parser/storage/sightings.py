"""What a sighting of a stored message changes (M6), pure: text and date never, the log when the text is another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tg_parser.domain.messages import ADAPTER_RANK, Adapter, Sighting, compare_texts

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
)
COMPARED = ("source_ref", "date", "revision", "via", *COUNTERS, *FACTS)

MOST_HOURS_APART = 30
"""Two sightings of one message may differ by the zones that a date without one was read in, not by more."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored of a message: its row, and the newest text with the moment of the edit that made it."""

    row: Row
    text: str
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What to write: `columns` of the message's row in place, and a revision when `reason` is given."""

    columns: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None

    def applied(self, held: Held, seen: Row) -> Held:
        """What is held once this change is written."""
        row = {**held.row, **self.columns}
        if self.reason is None:
            return Held(row, held.text, held.edited_at)
        return Held({**row, "revision": held.row["revision"] + 1}, seen["text"], seen["edited_at"])


NOTHING = Change()


def change_of(held: Held, seen: Row) -> Change:
    """Compare a sighting with what is held. An older edit than the held one is stale and changes no text."""
    columns = {name: seen[name] for name in COUNTERS if seen[name] is not None and seen[name] != held.row[name]}
    columns.update(_facts(held.row, seen))
    sighting = _compared(held, seen)
    if sighting is Sighting.SAME or _is_stale(held, seen):
        return Change(columns)
    return Change(columns, sighting.value)


def is_another_message(held: Row, seen: Row) -> bool:
    """Whether a sighting cannot be of the stored message: ids repeat between chats, moment and sender do not.

    The API tells both exactly; other adapters may lack the zone of a date or know a sender by the name alone.
    """
    apart: timedelta = held["date"] - seen["date"]
    if held["via"] == seen["via"] == "api" and (apart or _is_of_another_person(held, seen)):
        return True
    return abs(apart) > timedelta(hours=MOST_HOURS_APART)


def _is_of_another_person(held: Row, seen: Row) -> bool:
    """Told by plain numbers of people: hashes follow a salt that may have changed."""
    senders = (held["author_id"] or "", seen["author_id"] or "")
    return all(map(str.isdecimal, senders)) and senders[0] != senders[1]


def _facts(held: Row, seen: Row) -> dict[str, Any]:
    """What a sighting knows better: all that a richer adapter tells, and what is missing by one no poorer."""
    rank, held_rank = _rank(seen["via"]), _rank(held["via"])
    told = {name: seen[name] for name in FACTS if seen[name] is not None and seen[name] != held[name]}
    if rank > held_rank:
        return {**told, "via": seen["via"]}
    return {name: value for name, value in told.items() if held[name] is None} if rank == held_rank else {}


def _compared(held: Held, seen: Row) -> Sighting:
    """The preview leaves a text out where it says "open Telegram to view": then no text is none that was edited."""
    if seen["via"] == "web" and not seen["text"]:
        return Sighting.SAME
    if held.row["via"] == "web" and not held.text and seen["text"] and seen["via"] != "web":
        return Sighting.RICHER
    return compare_texts(held.text, seen["text"])


def _is_stale(held: Held, seen: Row) -> bool:
    if held.edited_at is None:
        return False
    edited: datetime | None = seen["edited_at"]
    if edited is None:
        # The web preview shows the present text and never tells when it was edited.
        return bool(seen["via"] != "web")

    return edited < held.edited_at


def _rank(via: Adapter | None) -> int:
    return 0 if via is None else ADAPTER_RANK[via]
