"""One message that was stored under two numbers of its chat: what becomes of its text and its log. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tg_parser.domain.messages import ADAPTER_RANK

Row = Mapping[str, Any]
LOGGED = (
    "observed_at", "reason", "via", "edited_at", "text_sanitized", "raw_payload_truncated",
    "raw_payload_original_size_bytes", "text", "raw_payload_json",
)  # fmt: skip


class Observed(NamedTuple):
    """A stored message and its log, oldest entry first."""

    row: Row
    log: Sequence[Row]


def richer(right: Observed, wrong: Observed) -> bool:
    """Whether the message under the right number tells no less than the one under the wrong number."""
    return _rank(right.row) >= _rank(wrong.row)


def merged_log(kept: Observed, other: Observed) -> list[dict[str, Any]]:
    """The log of the row that is kept: every entry of both in time, every other text, and last the text that counts."""
    entries = [dict(each) for each in (*kept.log, *other.log)]
    if other.row["text"] != kept.row["text"]:
        entries.append(_as_entry(other.row))
    entries.sort(key=lambda each: each["observed_at"])
    newest = max([*kept.log, *other.log], key=lambda each: each["observed_at"], default=None)
    counts = kept.row if newest is None else newest
    if entries and entries[-1]["text"] != counts["text"]:
        entries.append(_as_entry(counts) | {"observed_at": entries[-1]["observed_at"]})
    return [{**{name: each[name] for name in LOGGED}, "revision": number} for number, each in enumerate(entries, 1)]


def _as_entry(row: Row) -> dict[str, Any]:
    seen = {"observed_at": row.get("observed_at") or row.get("inserted_at"), "reason": "richer_source"}
    return {name: row.get(name) for name in LOGGED} | seen


def _rank(row: Row) -> int:
    return ADAPTER_RANK.get(row["via"], 0)
