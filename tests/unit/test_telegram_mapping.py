"""One message of the API → one RawMessage, in channels, groups, forums and under posts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telegram_samples import CHANNEL_ID, GROUP_ID, SENT, answer, post, said, service
from telethon.tl import types
from telethon.tl.types import MessageReplies, PeerChannel, PeerUser

from tg_parser.domain.messages import Author, Chat, Forward, Link, RawMessage, Reaction
from tg_parser.ingestion.telegram.content import action_name
from tg_parser.ingestion.telegram.fields import people_of
from tg_parser.ingestion.telegram.mapping import comment_count, map_comment, map_message

CHANNEL = Chat(channel_id=f"-100{CHANNEL_ID}", title="News", kind="channel")
GROUP = Chat(channel_id=f"-100{GROUP_ID}", title="Talk", kind="group")
FIRST = str(GROUP_ID)
PEOPLE = {"7": "Anna Bell", "8": None, "-1000000000005": "Space"}


def standing(message: RawMessage) -> tuple[Any, ...]:
    return message.message_type, message.thread_id, message.parent_message_id, message.reply_to_message_id


def test_a_post_carries_all_that_the_api_tells() -> None:
    """Every field of a full message arrives."""
    message = map_message(
        post(
            7,
            "text 7",
            edit_date=SENT + timedelta(minutes=5),
            views=120,
            forwards=3,
            post_author="Editor",
            grouped_id=99,
            fwd_from=types.MessageFwdHeader(date=SENT, from_id=types.PeerChannel(5), channel_post=12),
        ),
        CHANNEL,
        PEOPLE,
        {},
    )
    assert message.source_ref == "tg:-1001000000001:post:7"
    assert (message.date, message.edited_at) == (SENT, datetime(2024, 9, 12, 9, 55, 11, tzinfo=UTC))
    assert (message.text, message.views, message.forwards, message.album_id) == ("text 7", 120, 3, "99")
    assert message.author == Author(id="-1001000000001", name="Editor")
    assert message.forward == Forward(name="Space", peer_id="-1000000000005", message_id="12", date=SENT)
    assert message.via == "api"


def test_an_edit_that_telegram_hides_is_none() -> None:
    """Reactions and keyboards change a message without an edit that anybody sees."""
    message = map_message(post(1, edit_date=SENT, edit_hide=True), CHANNEL, {}, {})
    assert message.edited_at is None


def test_links_behind_words_are_cut_by_units_of_utf_16() -> None:
    """Emoji before the link, and in it, take two units each."""
    text = "🚀🇷🇺 read this 👨‍👩‍👧 now"
    linked = types.MessageEntityTextUrl(7, 18, "https://example.org/1")
    message = map_message(post(1, text, entities=[types.MessageEntityBold(0, 3), linked]), CHANNEL, {}, {})
    assert message.links == (Link(text="read this 👨‍👩‍👧", url="https://example.org/1"),)


def test_links_come_in_the_order_of_the_text() -> None:
    """Telegram may list its entities in any order."""
    entities = [types.MessageEntityTextUrl(4, 3, "https://b"), types.MessageEntityTextUrl(0, 3, "https://a")]
    message = map_message(post(1, "one two", entities=entities), CHANNEL, {}, {})
    assert [link.text for link in message.links] == ["one", "two"]


def test_a_link_that_ends_in_half_a_character_is_kept() -> None:
    """An offset that splits a pair does not lose the message."""
    linked = types.MessageEntityTextUrl(0, 1, "https://example.org")
    message = map_message(post(1, "🚀", entities=[linked]), CHANNEL, {}, {})
    assert message.links == (Link(text="\ufffd", url="https://example.org"),)


def test_reactions_of_all_kinds_are_counted() -> None:
    """An emoji is itself, a custom one its number, a paid one `paid`."""
    given = [
        types.ReactionCount(types.ReactionEmoji("👍"), 5),
        types.ReactionCount(types.ReactionCustomEmoji(42), 2),
        types.ReactionCount(types.ReactionPaid(), 1),
    ]
    message = map_message(post(1, reactions=types.MessageReactions(given)), CHANNEL, {}, {})
    assert message.reactions == (
        Reaction(emoji="👍", count=5),
        Reaction(emoji="custom:42", count=2),
        Reaction(emoji="paid", count=1),
    )


@pytest.mark.parametrize(
    ("header", "origin"),
    [
        ({"from_name": "Hidden"}, Forward(name="Hidden", date=SENT)),
        ({"from_id": types.PeerUser(7)}, Forward(name="Anna Bell", peer_id="7", date=SENT)),
        ({"from_id": types.PeerUser(8)}, Forward(peer_id="8", date=SENT)),
        ({"from_id": types.PeerChat(9)}, Forward(peer_id="-9", date=SENT)),
    ],
)
def test_a_forward_names_its_origin_as_far_as_it_is_shown(header: dict[str, Any], origin: Forward) -> None:
    """Hidden people leave a name alone, deleted ones a number alone."""
    message = map_message(post(1, fwd_from=types.MessageFwdHeader(date=SENT, **header)), CHANNEL, PEOPLE, {})
    assert message.forward == origin


def test_in_a_channel_a_reply_between_posts_stays_a_post() -> None:
    """The posts of a channel are no threads: the reply is only remembered."""
    message = map_message(post(2, reply_to=answer(1)), CHANNEL, {}, {})
    assert standing(message) == ("post", "2", None, "1")


def test_an_answer_across_chats_is_no_answer_here() -> None:
    """The number belongs to another chat's message."""
    elsewhere = answer(1, reply_to_peer_id=types.PeerChannel(5))
    assert standing(map_message(said(2, reply_to=elsewhere), GROUP, {}, {})) == ("post", "2", None, None)


def test_in_a_group_answers_become_threads() -> None:
    """What answers nothing is a post; an answer names its parent and the root that Telegram tells."""
    messages = [
        map_message(each, GROUP, PEOPLE, {})
        for each in (said(1), said(2, reply_to=answer(1)), said(3, reply_to=answer(2, 1)))
    ]
    assert [standing(each) for each in messages] == [
        ("post", "1", None, None),
        ("comment", "1", "1", "1"),
        ("comment", "1", "2", "2"),
    ]
    assert messages[0].author == Author(id="7", name="Anna Bell")


def test_in_a_forum_messages_carry_the_title_of_their_topic() -> None:
    """What is said to a topic begins a thread; an answer in it goes on with one."""
    first = said(11, reply_to=answer(10, forum_topic=True))
    second = said(12, reply_to=answer(11, 10, forum_topic=True))
    messages = [map_message(each, GROUP, PEOPLE, {10: "Offers"}) for each in (first, second)]
    assert [standing(each) for each in messages] == [("post", "11", None, None), ("comment", "11", "11", "11")]
    assert [each.forum_topic for each in messages] == ["Offers", "Offers"]


def test_a_comment_belongs_to_the_post_and_names_what_it_answers() -> None:
    """An answer to the post's copy in the group answers the post; any other answers a comment."""
    direct = map_comment(said(51, reply_to=answer(50)), CHANNEL, PEOPLE, 5, FIRST)
    nested = map_comment(said(52, reply_to=answer(51, 50)), CHANNEL, PEOPLE, 5, FIRST)
    assert direct.source_ref == "tg:-1001000000001:comment:51"
    assert standing(direct) == ("comment", "5", "5", "5")
    assert standing(nested) == ("comment", "5", "51", "51")


def test_a_comment_of_a_later_discussion_group_names_its_group() -> None:
    """The group that replaced the first one counts from 1 again: its comment 51 is another message than the first's."""
    direct = map_comment(said(51, reply_to=answer(50)), CHANNEL, PEOPLE, 5, "900")
    nested = map_comment(said(52, reply_to=answer(51, 50)), CHANNEL, PEOPLE, 5, "900")
    assert direct.source_ref == "tg:-1001000000001:comment:51@1000000002"
    assert (direct.id, *standing(direct)) == ("51@1000000002", "comment", "5", "5", "5")
    assert standing(nested) == ("comment", "5", "51@1000000002", "51@1000000002")


def test_a_comment_without_a_header_answers_the_post() -> None:
    """Where Telegram does not tell what is answered, it is the post."""
    assert standing(map_comment(said(51), CHANNEL, PEOPLE, 5, FIRST)) == ("comment", "5", "5", "5")


@pytest.mark.parametrize(
    ("sender", "author"),
    [
        (types.PeerUser(7), Author(id="7", name="Anna Bell")),
        (types.PeerUser(8), Author(id="8", name=None)),
        (types.PeerChannel(CHANNEL_ID), Author(id="-1001000000001", name="News")),
        (None, Author(id="-1001000000002", name=None)),
    ],
)
def test_the_author_of_a_comment_is_who_wrote_it(sender: PeerChannel | PeerUser | None, author: Author) -> None:
    """A person, a deleted account, the channel itself, or the group for its nameless administrators."""
    assert map_comment(said(51, from_id=sender), CHANNEL, PEOPLE, 5, FIRST).author == author


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (types.MessageActionPinMessage(), "pin_message"),
        (types.MessageActionChatEditTitle("x"), "edit_group_title"),
        (types.MessageActionChannelCreate("x"), "create_channel"),
        (types.MessageActionTopicCreate("x", 1), "topic_created"),
        (types.MessageActionSetMessagesTTL(1), "set_messages_ttl"),
        (types.MessageActionBoostApply(1), "boost_apply"),
        (types.MessageActionGroupCall(types.InputGroupCall(1, 2)), "group_call"),
        (types.MessageActionSuggestedPostApproval(rejected=True), "process_suggested_post"),
        (types.MessageActionPaidMessagesRefunded(1, 5), "paid_messages_refund"),
        (types.MessageActionGiftTon("USD", 1, "TON", 1), "send_ton_gift"),
        (types.MessageActionChatJoinedViaCommunity(1), "join_group_via_community"),
        (types.MessageActionSetChatWallPaper(types.WallPaperNoFile(1), same=True), "set_same_chat_wallpaper"),
        (types.MessageActionSetChatWallPaper(types.WallPaperNoFile(1)), "set_chat_wallpaper"),
        (types.MessageActionBotAllowed(attach_menu=True), "attach_menu_bot_allowed"),
        (types.MessageActionBotAllowed(from_request=True), "web_app_bot_allowed"),
    ],
)
def test_service_messages_have_the_names_of_an_export(action: Any, name: str) -> None:
    """The same event is called the same whichever adapter brings it."""
    assert action_name(action) == name


def test_a_service_message_is_a_post_without_text() -> None:
    """Also where it answers something, as pinning does."""
    pinned = service(3, types.MessageActionPinMessage(), reply_to=answer(1))
    message = map_message(pinned, GROUP, {}, {})
    assert standing(message) == ("post", "3", None, None)
    assert (message.text, message.service_action) == ("", "pin_message")


@pytest.mark.parametrize(
    ("replies", "count"),
    [
        (None, None),
        (types.MessageReplies(replies=4, replies_pts=1), None),
        (types.MessageReplies(replies=4, replies_pts=1, comments=True, channel_id=9), 4),
        (types.MessageReplies(replies=0, replies_pts=1, comments=True, channel_id=9), 0),
    ],
)
def test_comments_are_counted_where_they_can_be_written(replies: MessageReplies | None, count: int | None) -> None:
    """Answers within a group are no comments under a post."""
    assert comment_count(post(1, replies=replies)) == count


def test_the_payload_leaves_out_bytes_and_what_is_not_set() -> None:
    """What stays is plain JSON with times in UTC."""
    photo = types.Photo(1, 2, b"reference", SENT, [types.PhotoStrippedSize("i", b"bytes")], 2)
    message = post(1, "a", media=types.MessageMediaPhoto(photo=photo), pinned=False)
    assert map_message(message, CHANNEL, {}, {}).raw_payload == {
        "_": "Message", "id": 1, "peer_id": {"_": "PeerChannel", "channel_id": CHANNEL_ID},
        "date": "2024-09-12T09:50:11+00:00", "message": "a", "post": True,
        "media": {
            "_": "MessageMediaPhoto",
            "photo": {
                "_": "Photo", "id": 1, "access_hash": 2, "date": "2024-09-12T09:50:11+00:00", "dc_id": 2,
                "sizes": [{"_": "PhotoStrippedSize", "type": "i"}],
            },
        },
    }  # fmt: skip


def test_people_and_chats_are_known_by_their_marked_ids() -> None:
    """A name may be missing, and a deleted account has none."""
    users = [types.User(7, first_name="Anna", last_name="Bell"), types.User(8, deleted=True)]
    chats = [
        types.Channel(5, "Space", types.ChatPhotoEmpty(), SENT, access_hash=1),
        types.ChatForbidden(9, "Old group"),
    ]
    assert people_of(users, chats) == {"7": "Anna Bell", "8": None, "-1000000000005": "Space", "-9": "Old group"}
