"""Merges a message stored under two numbers of its chat, the way collecting would have; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tg_parser.storage.stores.raw_changes import (
    COMPARED,
    OF_TEXT,
    Change,
    StoredState,
    change_of,
    is_stale,
    revision_row,
)

Row = dict[str, Any]
_WHAT_COUNTS = ("text", "edited_at", "text_sanitized")


class Observed(NamedTuple):
    """A stored message and its log, oldest entry first."""

    row: Row
    log: Sequence[Row]


def merged(one: Observed, other: Observed) -> Observed:
    """The row that was stored first, after replaying the other row and both logs in order of time."""
    first, second = sorted((one, other), key=lambda each: each.row["inserted_at"])
    held = StoredState({**first.row, "revision": 0}, first.row["text"], first.row["edited_at"])
    log: list[Row] = []
    for observation in _in_time(first, second):
        seen = _present(observation, log[-1] if log else first.row)
        change = _change(held, seen, log)
        held = change.applied(held, seen)
        if change.reason:
            log.append(revision_row(held, seen, change, seen["observed_at"]))
    gone = [each.row["deleted_at"] for each in (first, second) if each.row["deleted_at"]]
    return Observed({**held.row, "deleted_at": min(gone, default=None)}, log)


def _in_time(first: Observed, second: Observed) -> Iterator[Row]:
    again = {**dict.fromkeys(COMPARED), **second.row, "observed_at": second.row["inserted_at"]}
    logged = [_of_entry(entry, each.row) for each in (first, second) for entry in each.log]
    yield from sorted([again, *logged], key=lambda seen: seen["observed_at"])


def _of_entry(entry: Row, row: Row) -> Row:
    """A log entry as an observation: media and links are kept only with the message."""
    return {**dict.fromkeys(COMPARED), **{name: row[name] for name in OF_TEXT}, **entry}


def _change(held: StoredState, seen: Row, log: Sequence[Row]) -> Change:
    """An entry keeps the reason it was recorded for; what is already recorded, or is older, is not recorded again."""
    if seen.get("reason") == "deleted":
        return Change(reason=None if any(entry["reason"] == "deleted" for entry in log) else "deleted")
    change = change_of(held, seen)
    if "reason" not in seen:
        return change
    noted = seen["text"] == held.text or is_stale(held, seen)
    return Change(change.columns, None if noted else seen["reason"])


def _present(seen: Row, newest: Row) -> dict[str, Any]:
    """A deletion repeats the current text, because the newest entry holds it."""
    return {**seen, **({name: newest[name] for name in _WHAT_COUNTS} if seen.get("reason") == "deleted" else {})}
