"""One exported message → one RawMessage, in channels, groups and forums."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tg_parser.domain.messages import Chat, Media, RawMessage
from tg_parser.ingestion.desktop.mapping import Mapped, MessageMapper, map_chat
from tg_parser.ingestion.elements import SkippedElement

CHANNEL = Chat(channel_id="-1000000000001", title="News", kind="channel")
GROUP = Chat(channel_id="-1000000000002", title="Talk", kind="group")


def payload(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": number, "type": "message", "date_unixtime": "1726134611", "text": f"text {number}"} | fields


def mapped(chat: Chat, *payloads: dict[str, Any]) -> list[RawMessage]:
    mapper = MessageMapper(chat)
    outcomes = [mapper.map(item) for item in payloads]
    taken = [outcome.message for outcome in outcomes if isinstance(outcome, Mapped)]
    assert len(taken) == len(outcomes)
    return taken


def threading(message: RawMessage) -> tuple[Any, ...]:
    return message.message_type, message.thread_id, message.parent_message_id, message.reply_to_message_id


def test_a_post_carries_all_that_the_export_tells() -> None:
    """Every field of a full message arrives, and the payload stays as exported."""
    full = payload(
        7,
        date="2024-09-12T12:50:11",
        edited_unixtime="1726134700",
        **{"from": "News", "from_id": "channel1"},
        forwarded_from="Space",
        reactions=[{"type": "emoji", "count": 1, "emoji": "❤"}],
        photo="(File not included. Change data exporting settings to download.)",
        photo_file_size=1000,
    )
    (message,) = mapped(CHANNEL, full)
    assert message.source_ref == "tg:-1000000000001:post:7"
    assert message.date == datetime(2024, 9, 12, 9, 50, 11, tzinfo=UTC)
    assert message.edited_at == datetime(2024, 9, 12, 9, 51, 40, tzinfo=UTC)
    assert (message.text, message.via, message.forward.name) == ("text 7", "export", "Space")
    assert message.media == (Media(kind="photo", size=1000),)
    assert message.raw_payload == full


def test_in_a_channel_a_reply_between_posts_stays_a_post() -> None:
    """The posts of a channel are no threads: the reply is only remembered."""
    answer = mapped(CHANNEL, payload(1), payload(2, reply_to_message_id=1))[1]
    assert threading(answer) == ("post", "2", None, "1")


def test_in_a_group_replies_become_threads() -> None:
    """A reply to a reply belongs to the thread of the first message and names what it answers."""
    messages = mapped(
        GROUP,
        payload(1),
        payload(2, reply_to_message_id=1),
        payload(3, reply_to_message_id=2),
        payload(4),
        payload(5, reply_to_message_id=3),
    )
    assert [threading(message) for message in messages] == [
        ("post", "1", None, None),
        ("comment", "1", "1", "1"),
        ("comment", "1", "2", "2"),
        ("post", "4", None, None),
        ("comment", "1", "3", "3"),
    ]
    assert messages[4].source_ref == "tg:-1000000000002:comment:5"


def test_a_reply_to_a_message_that_is_not_there_roots_in_it() -> None:
    """Deleted messages and those before the export are the best known root."""
    answer, further = mapped(GROUP, payload(10, reply_to_message_id=3), payload(11, reply_to_message_id=10))
    assert threading(answer) == ("comment", "3", "3", "3")
    assert threading(further) == ("comment", "3", "10", "10")


def test_a_reply_to_another_chat_or_to_itself_opens_a_thread_here() -> None:
    """The number of a message elsewhere says nothing about this chat."""
    elsewhere = payload(5, reply_to_message_id=1, reply_to_peer_id="channel77")
    here = payload(6, reply_to_message_id=5, reply_to_peer_id="channel2")
    itself = payload(7, reply_to_message_id=7)
    assert [
        threading(message)
        for message in mapped(Chat(channel_id="-1000000000002", kind="group"), elsewhere, here, itself)
    ] == [
        ("post", "5", None, None),
        ("comment", "5", "5", "5"),
        ("post", "7", None, None),
    ]


def test_messages_of_a_forum_topic_carry_its_title() -> None:
    """Answering the message that opened a topic means to write in it; answers to such messages are in it too."""
    opened = payload(2, type="service", action="topic_created", title="Releases", text="")
    messages = mapped(GROUP, opened, payload(3, reply_to_message_id=2), payload(4, reply_to_message_id=3), payload(5))
    assert [message.forum_topic for message in messages] == [None, "Releases", "Releases", None]
    assert [threading(message) for message in messages[1:3]] == [("post", "3", None, None), ("comment", "3", "3", "3")]


def test_a_service_message_is_a_post_with_its_action() -> None:
    """Service messages are kept, told apart by their action, and answer nothing."""
    pinned, nameless, typeless = mapped(
        GROUP,
        payload(8, type="service", action="pin_message", message_id=4, reply_to_message_id=4, text=""),
        payload(9, type="service", text=""),
        {"id": 10, "date_unixtime": "1726134611", "action": "join_group_by_link", "actor": "Ann", "text": ""},
    )
    assert (pinned.service_action, threading(pinned)) == ("pin_message", ("post", "8", None, None))
    assert (nameless.service_action, typeless.service_action) == ("unknown", "join_group_by_link")
    assert typeless.author.name == "Ann"


def test_messages_of_an_upgraded_group_keep_their_negative_ids() -> None:
    """Telegram Desktop numbers what came before the upgrade below zero; the threads there work alike."""
    first, answer = mapped(GROUP, payload(-999999998), payload(-999999990, reply_to_message_id=-999999998))
    assert first.source_ref == "tg:-1000000000002:post:-999999998"
    assert threading(answer) == ("comment", "-999999998", "-999999998", "-999999998")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "not_an_object"),
        ("text", "not_an_object"),
        ({"type": "message", "text": "no id", "date_unixtime": "1726134611"}, "no_id"),
        ({"id": "abc", "text": "no number", "date_unixtime": "1726134611"}, "no_id"),
        ({"id": 5, "text": "no date"}, "no_date"),
        ({"id": 5, "text": "bad date", "date": "someday"}, "no_date"),
        ({"id": 5, "type": "unsupported", "date_unixtime": "1726134611", "text": ""}, "unknown_type"),
    ],
)
def test_what_is_no_message_is_named_and_never_raises(item: Any, reason: str) -> None:
    """One bad element is counted under its reason; the import goes on."""
    assert MessageMapper(CHANNEL).map(item) == SkippedElement(reason)


def test_an_unknown_type_with_a_text_is_kept_and_told() -> None:
    """A type of tomorrow is a message all the same when it says something."""
    outcome = MessageMapper(CHANNEL).map(payload(3, type="hologram", date_unixtime=None, date="2024-09-12T12:50:11"))
    assert isinstance(outcome, Mapped)
    assert outcome.message.text == "text 3"
    assert outcome.notes == ("date_without_zone", "unknown_type")


def test_a_message_without_type_is_a_message() -> None:
    """Exports rewritten by tools leave the type away."""
    (message,) = mapped(CHANNEL, {"id": "10", "date": "2026-07-15T10:00:00", "text": ["Read"]})
    assert (message.id, message.text, message.service_action) == ("10", "Read", None)


def test_a_chat_without_name_has_no_title() -> None:
    """Saved messages and deleted accounts have none."""
    assert map_chat({"type": "saved_messages", "id": 42}) == Chat(channel_id="42", kind="private")
