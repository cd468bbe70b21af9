"""Turns the sentence of a service message on an exported page into the fields of a JSON export. Pure."""

from __future__ import annotations

import re
from typing import Any

_WHO, _TITLE, _CALL = "(?P<who>.+)", "«(?P<title>.*)»", "(?:voice|video) chat"
_SENTENCES = tuple(
    (action, re.compile(sentence, re.DOTALL))
    for action, sentence in (
        ("create_channel", f"Channel {_TITLE} created"),
        ("create_group", f"{_WHO} created group {_TITLE}(?: with members .*)?"),
        ("edit_group_title", f"(?:Channel title changed|{_WHO} changed group title) to {_TITLE}"),
        ("edit_group_photo", f"Channel photo changed|{_WHO} changed group photo"),
        ("delete_group_photo", f"Channel photo removed|{_WHO} removed group photo"),
        ("pin_message", f"{_WHO} pinned this message"),
        ("invite_to_group_call", f"{_WHO} invited .* to the {_CALL}"),
        ("invite_members", f"{_WHO} invited .*"),
        ("poll_delete_answer", f'{_WHO} removed ".*" from the poll\\.'),
        ("remove_members", f"{_WHO} removed .*"),
        ("join_group_by_link", f"{_WHO} joined group by link from .*"),
        ("join_group_by_request", f"{_WHO} joined group by request"),
        ("migrate_to_supergroup", f"{_WHO} converted this group to a supergroup"),
        ("migrate_from_group", f"{_WHO} converted a basic group to this supergroup {_TITLE}"),
        ("clear_history", "History cleared"),
        ("score_in_game", f"{_WHO} scored -?\\d+ in this game"),
        ("send_payment", "You (?:have successfully transferred .* for this invoice|were charged ).*"),
        ("take_screenshot", f"{_WHO} took a screenshot"),
        ("joined_telegram", f"{_WHO} joined Telegram"),
        ("requested_phone_number", f"{_WHO} requested your phone number"),
        ("group_call", rf"(?:(?i:{_CALL})|{_WHO} started {_CALL})(?: \(\d+ seconds\))?"),
        ("group_call_scheduled", f"(?i:{_CALL}) scheduled for .*|{_WHO} scheduled a {_CALL} for .*"),
        ("set_messages_ttl", f"New messages will .*auto-delete.*|{_WHO} has set messages .*to auto-delete.*"),
        ("edit_chat_theme", f"Channel theme was .*|{_WHO} (?:disabled chat theme|changed chat theme to .*)"),
        ("topic_created", f"{_WHO} created topic {_TITLE}"),
        ("topic_edit", f"{_WHO} changed topic .*"),
        ("suggest_profile_photo", f"{_WHO} suggests to use this photo"),
        ("set_same_chat_wallpaper", f"{_WHO} set the same background for this chat"),
        ("set_chat_wallpaper", f"{_WHO} set a new background for this chat"),
        ("boost_apply", rf"{_WHO} boosted the group \d+ times?"),
        ("giveaway_launch", f"{_WHO} just started a giveaway .*"),
        ("giveaway_results", r"\d+ of the giveaway were randomly selected .*"),
        ("proximity_reached", "You are now within .*|.* is now within .* from .*"),
        ("todo_completions", f"{_WHO} marked .* as (?:done|not done yet) in this todo list\\."),
        ("todo_append_tasks", f"{_WHO} added tasks: .*"),
        ("poll_append_answer", f'{_WHO} added ".*" to the poll\\.'),
        ("process_suggested_post", f"{_WHO} (?:approved|rejected) your suggested post[.,].*"),
        ("suggested_post_success", "The paid post was shown for 24 hours .*"),
        ("suggested_post_refund", "The user refunded the payment, .*|The admin deleted the post early, .*"),
        ("paid_messages_refund", f"{_WHO} refunded .* Stars for .* messages to .*"),
        ("paid_messages_price_change", "Price per (?:direct )?message changed to .*|Direct messages were disabled\\."),
        ("refunded_payment", f"{_WHO} refunded back .*"),
        ("send_star_gift", f"{_WHO} sent you a gift of .* Telegram Stars\\."),
        ("send_ton_gift", f"{_WHO} sent you a gift for .* TON\\."),
        ("send_stars_gift", f"{_WHO} sent you a gift for .* Telegram Stars\\."),
        ("send_premium_gift", f"{_WHO} sent you a gift for .*: Telegram Premium for .*"),
        ("gift_code_prize", ".* Telegram Premium for .*(?:prize in a giveaway organized by|gift from) a channel\\."),
        ("stars_prize", "You won a prize in a giveaway organized by .*"),
        ("suggest_birthday", f"{_WHO} suggests to add a date of birth: .*"),
        ("no_forwards_toggle", f"{_WHO} (?:dis|en)abled sharing in this chat"),
        ("no_forwards_request", f"{_WHO} requested to enable sharing in this chat"),
        ("new_creator_pending", ".* will become the new main admin in .*"),
        ("change_creator", f"{_WHO} made .* the new main admin of the group"),
        ("managed_bot_created", f"{_WHO} created a bot .*"),
    )
)  # fmt: skip
_UNSUPPORTED = "This message is not supported by this version"
_LONGEST = 20_000
"""Characters of a sentence that are read; the longest sentences list the members of a new group."""
_OF_CHANNELS = frozenset({
    "create_channel", "edit_group_title", "edit_group_photo", "delete_group_photo", "group_call",
    "group_call_scheduled", "set_messages_ttl", "edit_chat_theme",
})  # fmt: skip
"""In a channel these sentences name no person, because the channel itself acts."""
_OF_GROUPS = frozenset({
    "create_group", "invite_members", "remove_members", "join_group_by_link", "join_group_by_request",
    "migrate_to_supergroup", "migrate_from_group", "topic_created", "topic_edit", "boost_apply",
})  # fmt: skip


def service_fields(sentence: str) -> dict[str, Any]:
    """The type, action, actor and title in `sentence`; an unknown sentence still gives a service message."""
    if sentence.startswith(_UNSUPPORTED):
        return {"type": "unsupported"}
    for action, pattern in _SENTENCES:
        if found := pattern.fullmatch(sentence, 0, _LONGEST):
            named = {"actor": found.groupdict().get("who"), "title": found.groupdict().get("title")}
            return {"type": "service", "action": action, **{name: value for name, value in named.items() if value}}
    return {"type": "service"}


def tells_channel(sentence: str) -> bool:
    """Whether only a channel has this service message."""
    fields = service_fields(sentence)
    return fields.get("action") in _OF_CHANNELS and "actor" not in fields


def tells_group(sentence: str) -> bool:
    """Whether only a group has this service message."""
    return service_fields(sentence).get("action") in _OF_GROUPS
