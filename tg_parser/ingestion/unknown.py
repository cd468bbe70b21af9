"""Messages that show nothing known, by the names of what they hold: so a new kind is noticed when it appears. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tg_parser.domain.messages import Media, RawMessage

UNKNOWN_CLASSES = "unknown_classes"
"""Where the payload of a message read from a page keeps the classes of what showed nothing known."""
NOTHING = "nothing"
"""Stands for the name where a message holds nothing at all."""
UNKNOWN = "unknown:"
RICH_PART = "note:rich_message_part"
_OF_EXPORTS = (
    "id type exported_as date date_unixtime edited edited_unixtime from from_id author actor actor_id forwarded_from "
    "forwarded_from_id forwarded_date forwarded_date_unixtime saved_from text text_entities reply_to_message_id "
    "reply_to_peer_id via_bot reactions inline_bot_buttons sentence"
)
_OF_THE_API = (
    "_ peer_id out mentioned media_unread silent post from_scheduled legacy edit_hide pinned noforwards invert_media "
    "offline video_processing_pending paid_suggested_post_stars paid_suggested_post_ton message entities "
    "from_boosts_applied from_rank saved_peer_id fwd_from via_bot_id via_business_bot_id guestchat_via_from reply_to "
    "reply_markup views forwards replies edit_date post_author grouped_id restriction_reason ttl_period effect "
    "factcheck quick_reply_shortcut_id report_delivery_until_date paid_message_stars suggested_post "
    "schedule_repeat_period summary_from_language"
)
_OF_THE_PREVIEW = "forward_author link_preview location poll_type poll_voters reply service_text"
_ENVELOPE = frozenset(f"{_OF_EXPORTS} {_OF_THE_API} {_OF_THE_PREVIEW} {UNKNOWN_CLASSES}".split())
"""Fields that say of a message who, when and where, and nothing of what it holds."""
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def what_is_unknown(messages: Iterable[RawMessage]) -> Counter[str]:
    """What an attempt counts: `unknown:NAME` for a message that shows nothing known, and rich messages that are cut."""
    counts = Counter[str]()
    for message in messages:
        if is_unknown(message):
            counts.update(f"{UNKNOWN}{name}" for name in _names(message.raw_payload or {}))
        elif _is_part(message):
            counts[RICH_PART] += 1
    return counts


def only_unknown(counts: Mapping[str, int]) -> dict[str, int]:
    """What `counts` say of messages that were not understood, or not completely."""
    return {name: number for name, number in counts.items() if name.startswith(UNKNOWN) or name == RICH_PART}


def outermost(names: Iterable[str]) -> list[str]:
    """Class names without those that only lengthen another: the parts of a thing are named after it."""
    kept: list[str] = []
    for name in sorted(names):
        if not (kept and name.startswith(kept[-1])):
            kept.append(name)
    return kept


def is_unknown(message: RawMessage) -> bool:
    """Whether a message has neither words nor known media nor an action."""
    return not (message.text.strip() or message.service_action or any(map(_is_known, message.media)))


def _is_part(message: RawMessage) -> bool:
    rich = (message.raw_payload or {}).get("rich_message")
    return isinstance(rich, dict) and rich.get("part") is True


def _is_known(media: Media) -> bool:
    return media.kind != "other" or media.title is not None


def _names(payload: dict[str, Any]) -> list[str]:
    if isinstance(classes := payload.get(UNKNOWN_CLASSES), list) and classes:
        return [str(name) for name in classes]
    held = {_name(key, value) for key, value in payload.items() if key not in _ENVELOPE and value not in _EMPTY}
    return sorted(held) or [NOTHING]


def _name(key: str, value: Any) -> str:
    """What Telegram's scheme calls media says more than the field they stand in."""
    return str(value["_"]) if key == "media" and isinstance(value, dict) and "_" in value else key
