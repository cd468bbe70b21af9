"""What a message of the API says: its words, the links behind them, what is attached, what it reports. Pure.

It needs the message alone, as Telegram sends it or as it was stored, so that one read wrongly can be read again.
"""

from __future__ import annotations

import re
from typing import Any

from tg_parser.ingestion.content import Content, content_of
from tg_parser.ingestion.telegram.fields import hidden_links, kind_of
from tg_parser.ingestion.telegram.media import media
from tg_parser.ingestion.telegram.rich import rich_blocks

_ACTIONS = {
    "ChatCreate": "create_group", "ChatEditTitle": "edit_group_title", "ChatEditPhoto": "edit_group_photo",
    "ChatDeletePhoto": "delete_group_photo", "ChatAddUser": "invite_members", "ChatDeleteUser": "remove_members",
    "ChatJoinedByLink": "join_group_by_link", "ChatJoinedByRequest": "join_group_by_request",
    "ChannelCreate": "create_channel", "ChatMigrateTo": "migrate_to_supergroup",
    "ChannelMigrateFrom": "migrate_from_group", "HistoryClear": "clear_history", "GameScore": "score_in_game",
    "PaymentSent": "send_payment", "PaymentRefunded": "refunded_payment", "ScreenshotTaken": "take_screenshot",
    "BotAllowed": "allow_sending_messages", "SecureValuesSent": "send_passport_values",
    "ContactSignUp": "joined_telegram", "GeoProximityReached": "proximity_reached",
    "SetMessagesTTL": "set_messages_ttl", "SetChatTheme": "edit_chat_theme", "WebViewDataSent": "send_webview_data",
    "GiftPremium": "send_premium_gift", "TopicCreate": "topic_created", "SetChatWallPaper": "set_chat_wallpaper",
    "GiftCode": "gift_code_prize", "GiftStars": "send_stars_gift", "PrizeStars": "stars_prize",
    "StarGift": "send_star_gift", "PaidMessagesPrice": "paid_messages_price_change",
    "PaidMessagesRefunded": "paid_messages_refund", "SuggestedPostApproval": "process_suggested_post",
    "GiftTon": "send_ton_gift", "ChatJoinedViaCommunity": "join_group_via_community",
}  # fmt: skip
"""What Telegram Desktop calls the actions that it does not call by their own names."""
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OF_FLAGS = (
    ("SetChatWallPaper", "same", "set_same_chat_wallpaper"),
    ("BotAllowed", "attach_menu", "attach_menu_bot_allowed"),
    ("BotAllowed", "from_request", "web_app_bot_allowed"),
)
"""Actions that a flag gives another name there."""


def read_content(message: Any) -> Content:
    """The content of a message. The text that may stand beside a rich message only repeats it."""
    attached, rich = media(message), getattr(message, "rich_message", None)
    if rich is not None:
        found = content_of(rich_blocks(rich))
        if found.own:
            return Content(found.own, found.links, (*attached, *found.media))
        attached = (*attached, *found.media)
    return Content(getattr(message, "message", None) or "", hidden_links(message), attached)


def read_action(message: Any) -> str | None:
    """What a service message reports; None for a message that somebody wrote."""
    action = getattr(message, "action", None)
    return None if action is None else action_name(action)


def action_name(action: Any) -> str:
    """What a service message reports, in the words of a Telegram Desktop export."""
    name = kind_of(action).removeprefix("MessageAction")
    flagged = (written for kind, flag, written in _OF_FLAGS if kind == name and getattr(action, flag, None))
    return next(flagged, None) or _ACTIONS.get(name) or _WORD.sub("_", name).lower()
