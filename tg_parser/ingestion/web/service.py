"""What a service message reports, from its English words, with the names that exports of Telegram Desktop use."""

from __future__ import annotations

import re

_ACTIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), action)
    for pattern, action in (
        (r"channel created", "create_channel"),
        (r"channel (name|title) was changed|changed (the )?(channel|group) (name|title)", "edit_group_title"),
        (r"channel photo (was )?(updated|changed)|(updated|changed) (the )?(channel|group) photo", "edit_group_photo"),
        (
            r"channel photo (was )?(removed|deleted)|(removed|deleted) (the )?(channel|group) photo",
            "delete_group_photo",
        ),
        (r".*\bpinned\b", "pin_message"),
        (r".*\b(live stream|video chat|voice chat|voice stream)\b.*\bscheduled\b", "group_call_scheduled"),
        (r".*\b(live stream|video chat|voice chat|voice stream)\b", "group_call"),
        (r".*\b(auto-?delete|self-destruct)", "set_messages_ttl"),
        (r".*\bgiveaway\b.*\b(results?|winners?|finished|ended)\b|.*\bwinners?\b.*\bgiveaway\b", "giveaway_results"),
        (r".*\bgiveaway\b", "giveaway_launch"),
        (r".*\bboosted\b", "boost_apply"),
        (r".*\b(wallpaper|background)\b", "set_chat_wallpaper"),
        (r".*\btheme\b", "edit_chat_theme"),
    )
)
UNKNOWN = "unknown"


def service_action(text: str) -> str:
    """The action that `text` reports; `unknown` if no rule matches."""
    return next((action for pattern, action in _ACTIONS if pattern.match(text.strip())), UNKNOWN)
