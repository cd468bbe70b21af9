"""Merges two sources that turn out to be the same chat: their settings and progress (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PROGRESS = (
    "last_post_id",
    "newest_post_id",
    "open_ranges",
    "backfill_completed_at",
    "comments_swept_to",
    "comments_turn",
)
_FACTS = ("channel_username", "channel_title", "via", "peer_id")

Row = Mapping[str, Any]


def merged_source(kept: Row, gone: Row) -> dict[str, Any]:
    """Return the merged fields of `kept`: the settings of both, and the progress of the one that got less far.

    Each may have skipped what the other requested, so posts are read again rather than missed.
    """
    slower = min((kept, gone), key=lambda row: row["last_post_id"] or 0)
    return {
        **{name: slower[name] for name in _PROGRESS},
        **{name: gone[name] if kept[name] is None else kept[name] for name in _FACTS},
        "include_comments": kept["include_comments"] or gone["include_comments"],
        "comments_unavailable": kept["comments_unavailable"] and gone["comments_unavailable"],
        "history_from": _widest(min, kept["history_from"], gone["history_from"]),
        "history_to": _widest(max, kept["history_to"], gone["history_to"]),
        "status": "active" if "active" in (kept["status"], gone["status"]) else kept["status"],
        "discussion_groups": _groups(kept, gone),
    }


def _widest(outer: Any, one: Any, other: Any) -> Any:
    return None if one is None or other is None else outer(one, other)


def _groups(kept: Row, gone: Row) -> list[str] | None:
    """Return the groups with the first one still first, as its comments are known by number alone."""
    groups = [*(kept["discussion_groups"] or ()), *(gone["discussion_groups"] or ())]
    return list(dict.fromkeys(groups)) or None
