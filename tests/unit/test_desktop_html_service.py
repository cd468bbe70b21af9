"""Sentences of service messages and what they report."""

from __future__ import annotations

import pytest

from tg_parser.ingestion.desktop.html.service import service_fields, tells_channel, tells_group


@pytest.mark.parametrize(
    ("sentence", "action", "actor", "title"),
    [
        ("Channel «News» created", "create_channel", None, "News"),
        ("Ann created group «A » b» with members Bob and Zoe", "create_group", "Ann", "A » b"),
        ("Channel title changed to «New»", "edit_group_title", None, "New"),
        ("Ann changed group title to «New»", "edit_group_title", "Ann", "New"),
        ("Channel photo changed", "edit_group_photo", None, None),
        ("Ann changed group photo", "edit_group_photo", "Ann", None),
        ("Channel photo removed", "delete_group_photo", None, None),
        ("Ann removed group photo", "delete_group_photo", "Ann", None),
        ("Ann pinned this message", "pin_message", "Ann", None),
        ("Ann invited Bob to the voice chat", "invite_to_group_call", "Ann", None),
        ("Ann invited Bob, Zoe and Max", "invite_members", "Ann", None),
        ("Ann removed Bob", "remove_members", "Ann", None),
        ('Ann removed "Maybe" from the poll.', "poll_delete_answer", "Ann", None),
        ('Ann added "Maybe" to the poll.', "poll_append_answer", "Ann", None),
        ('Ann added tasks: "Water the plants"', "todo_append_tasks", "Ann", None),
        ("Ann marked 1 as done and 2 as not done yet in this todo list.", "todo_completions", "Ann", None),
        ("News rejected your suggested post, with comment: \"no\"", "process_suggested_post", "News", None),
        ("News approved your suggested post, for 5 stars.", "process_suggested_post", "News", None),
        ("The paid post was shown for 24 hours and 5 stars were transferred to the channel.",
         "suggested_post_success", None, None),
        ("The admin deleted the post early, the payment was refunded.", "suggested_post_refund", None, None),
        ("News refunded 5 Stars for 1 messages to you", "paid_messages_refund", "News", None),
        ("Price per direct message changed to 5 Telegram Stars.", "paid_messages_price_change", None, None),
        ("Ann sent you a gift for 3 USD: 1 TON.", "send_ton_gift", "Ann", None),
        ("Ann made Bob the new main admin of the group", "change_creator", "Ann", None),
        ("Ann joined group by link from Bob", "join_group_by_link", "Ann", None),
        ("Ann joined group by request", "join_group_by_request", "Ann", None),
        ("Ann converted this group to a supergroup", "migrate_to_supergroup", "Ann", None),
        ("Ann converted a basic group to this supergroup «Talk»", "migrate_from_group", "Ann", "Talk"),
        ("History cleared", "clear_history", None, None),
        ("Ann scored 250 in this game", "score_in_game", "Ann", None),
        ("You have successfully transferred $5.00 for this invoice", "send_payment", None, None),
        ("Ann took a screenshot", "take_screenshot", "Ann", None),
        ("Ann joined Telegram", "joined_telegram", "Ann", None),
        ("Ann started voice chat (60 seconds)", "group_call", "Ann", None),
        ("Voice chat", "group_call", None, None),
        ("Ann scheduled a voice chat for 12.09.2024 10:00:00", "group_call_scheduled", "Ann", None),
        ("Ann has set messages to auto-delete in 7 days", "set_messages_ttl", "Ann", None),
        ("New messages will not auto-delete", "set_messages_ttl", None, None),
        ("Ann changed chat theme to 🐥", "edit_chat_theme", "Ann", None),
        ("Ann created topic «Rules»", "topic_created", "Ann", "Rules"),
        ("Ann changed topic title to «Rules 2»", "topic_edit", "Ann", None),
        ("Ann suggests to use this photo", "suggest_profile_photo", "Ann", None),
        ("Ann set a new background for this chat", "set_chat_wallpaper", "Ann", None),
        ("Ann set the same background for this chat", "set_same_chat_wallpaper", "Ann", None),
        ("Ann boosted the group 2 times", "boost_apply", "Ann", None),
        ("Ann just started a giveaway of subscriptions to its followers.", "giveaway_launch", "Ann", None),
        ("Ann is now within 100 meters from you", "proximity_reached", None, None),
    ],
)  # fmt: skip
def test_a_sentence_is_named_as_in_json(sentence: str, action: str, actor: str | None, title: str | None) -> None:
    """The action has the name that a JSON export gives it; who and which title are kept."""
    told = {"type": "service", "action": action, "actor": actor, "title": title}
    assert service_fields(sentence) == {name: value for name, value in told.items() if value}


def test_an_unknown_sentence_is_a_service_message_all_the_same() -> None:
    """What a later version of the app writes is not guessed at."""
    assert service_fields("Ann did something new") == {"type": "service"}


def test_a_message_the_app_did_not_know_is_unsupported() -> None:
    """JSON calls it so, and such a message has nothing to keep."""
    sentence = "This message is not supported by this version of Telegram Desktop. Please update the application."
    assert service_fields(sentence) == {"type": "unsupported"}


@pytest.mark.parametrize(
    ("sentence", "channel", "group"),
    [
        ("Channel «News» created", True, False),
        ("Voice chat (60 seconds)", True, False),
        ("Ann invited Bob", False, True),
        ("Ann created group «Talk»", False, True),
        ("Ann pinned this message", False, False),
        ("Channel News pinned this message", False, False),
        ("12 September 2024", False, False),
    ],
)
def test_some_sentences_tell_a_channel_or_a_group(sentence: str, channel: bool, group: bool) -> None:
    """Only those that the app writes for one of them; what both have tells nothing."""
    assert (tells_channel(sentence), tells_group(sentence)) == (channel, group)
