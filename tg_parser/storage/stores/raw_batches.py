"""A batch of sightings against what is held, pure: what is new, what each sighting changes, what goes into the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tg_parser.storage.stores.raw_changes import Change, Held, change_of

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

Row = dict[str, Any]


def split_observations(rows: Sequence[Row], held: dict[str, Held]) -> tuple[list[Row], list[Row]]:
    """The first sightings of unknown messages, and all others; `held` then knows the new ones too."""
    new, again = list[Row](), list[Row]()
    for row in rows:
        ref = row["source_ref"]
        if ref in held:
            again.append(row)
        else:
            held[ref] = Held(row, row["text"], row["edited_at"])
            new.append(row)
    return new, again


def follow_observations(held: dict[str, Held], observations: Sequence[Row]) -> list[tuple[Held, Row, Change]]:
    """Each sighting with its change and what is held after it."""
    changes = []
    for seen in observations:
        change = change_of(held[seen["source_ref"]], seen)
        held[seen["source_ref"]] = after = change.applied(held[seen["source_ref"]], seen)
        changes.append((after, seen, change))
    return changes


def revision_row(after: Held, seen: Row, change: Change, observed_at: datetime) -> Row:
    """The log entry of a sighting whose text is another."""
    facts = {name: seen[name] for name in _OF_REVISION}
    return {**facts, "revision": after.row["revision"], "observed_at": observed_at, "reason": change.reason}


def deletion_row(row: Mapping[str, Any], observed_at: datetime) -> Row:
    """The log entry of a deletion; it repeats text and edit, because the newest entry says what counts."""
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
