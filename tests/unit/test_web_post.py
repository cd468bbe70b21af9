"""One post of a page becomes its messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from web_pages import CHAT, message_of, messages_of, post, service, text

from tg_parser.domain.messages import Author, Chat, Forward, Link, Media, Reaction
from tg_parser.ingestion.elements import SkippedElement
from tg_parser.ingestion.web.fields import channel_number
from tg_parser.ingestion.web.post import Post, read_post

REPLY = (
    '<a class="tgme_widget_message_reply" href="{href}"><div class="tgme_widget_message_author accent_color">'
    '<span class="tgme_widget_message_author_name" dir="auto">News</span></div>'
    '<div class="tgme_widget_message_text js-message_reply_text" dir="auto">what was said</div></a>'
)


def element(markup: str) -> LexborNode:
    return LexborHTMLParser(markup).css_first(".tgme_widget_message")


def test_a_text_post_has_all_its_fields() -> None:
    """Id, ref, thread, date in UTC, text, links, views and the adapter, and nothing that the page does not tell."""
    read = message_of(
        post(7, text('Hello <a href="https://e.co/x">you</a>'), date="2024-09-12T10:07:00+03:00", views="1.5K")
    )
    assert read.model_dump(exclude_defaults=True) == {
        "id": "7",
        "message_type": "post",
        "source_ref": "tg:-1000001234567:post:7",
        "channel_id": "-1000001234567",
        "date": datetime(2024, 9, 12, 7, 7, tzinfo=UTC),
        "text": "Hello you",
        "thread_id": "7",
        "views": 1500,
        "links": (Link(text="you", url="https://e.co/x").model_dump(),),
        "via": "web",
    }


def test_signature_and_edit_mark() -> None:
    """A signed post has an author; that it was edited is kept, when is not told."""
    signed = message_of(post(1, meta='edited &nbsp;<span class="tgme_widget_message_from_author">Ann Lee</span>, '))
    assert (signed.author, signed.raw_payload, signed.edited_at) == (Author(name="Ann Lee"), {"edited": True}, None)


def test_an_author_named_edited_edits_nothing() -> None:
    """Only the mark itself says that a post was edited."""
    assert message_of(post(1, meta='<span class="tgme_widget_message_from_author">edited</span>')).raw_payload is None


@pytest.mark.parametrize(
    ("href", "answered", "payload"),
    [
        ("https://t.me/news_channel/3", "3", None),
        ("https://t.me/News_Channel/3", "3", None),
        ("https://t.me/c/1234567/3", "3", None),
        ("https://t.me/other_channel/3", None, {"reply": "https://t.me/other_channel/3"}),
    ],
)
def test_replies(href: str, answered: str | None, payload: dict[str, str] | None) -> None:
    """A reply names the post of its channel that it answers; one across channels is kept aside. Quotes are no text."""
    read = message_of(post(9, REPLY.format(href=href) + text("the answer")))
    assert (read.text, read.reply_to_message_id, read.raw_payload) == ("the answer", answered, payload)


def test_a_reply_without_text_does_not_take_the_quote() -> None:
    """A photo that answers a post has no text of its own."""
    photo = '<a class="tgme_widget_message_photo_wrap" href="https://t.me/news_channel/9"></a>'
    read = message_of(post(9, REPLY.format(href="https://t.me/news_channel/3") + photo))
    assert (read.text, read.reply_to_message_id, read.media) == ("", "3", (Media(kind="photo"),))


@pytest.mark.parametrize(
    ("name", "forward"),
    [
        (
            '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/Other/12"><b>The Other</b></a>',
            Forward(name="The Other", peer_id="other", message_id="12"),
        ),
        (
            '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/c/77/12">Closed</a>',
            Forward(name="Closed", peer_id="-1000000000077", message_id="12"),
        ),
        ('<span class="tgme_widget_message_forwarded_from_name">Ann</span>', Forward(name="Ann")),
        ("", Forward()),
    ],
)
def test_forwards(name: str, forward: Forward) -> None:
    """Where a post came from: a channel and its post, or a name alone."""
    header = f'<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from {name}</div>'
    assert message_of(post(1, header + text("x"))).forward == forward


def test_reactions() -> None:
    """Emoji, custom emoji and stars with their counts; one without a count is none."""
    row = (
        '<div class="tgme_widget_message_reactions js-message_reactions">'
        '<span class="tgme_reaction tgme_reaction_paid"><i class="icon icon-telegram-stars"></i>3</span>'
        '<span class="tgme_reaction"><i class="emoji"><b>❤</b></i>1.2K</span>'
        '<span class="tgme_reaction"><tg-emoji emoji-id="54"></tg-emoji>2</span>'
        '<span class="tgme_reaction"><i class="emoji"><b>👎</b></i></span></div>'
    )
    assert message_of(post(1, text("x") + row)).reactions == (
        Reaction(emoji="paid", count=3),
        Reaction(emoji="❤", count=1200),
        Reaction(emoji="custom:54", count=2),
    )


def test_an_album_is_one_message_an_item() -> None:
    """Every photo and video of an album is a message of its own id; text and reactions are the first one's."""
    album = (
        '<div class="tgme_widget_message_grouped_wrap js-message_grouped_wrap">'
        '<a class="tgme_widget_message_photo_wrap grouped_media_wrap" href="https://t.me/news_channel/6?single"></a>'
        '<a class="tgme_widget_message_video_player grouped_media_wrap" href="https://t.me/news_channel/5?single">'
        '<div class="message_video_play"></div><time class="message_video_duration">0:08</time></a>'
        '<a class="tgme_widget_message_photo_wrap grouped_media_wrap" href="https://t.me/news_channel/7?single"></a></div>'
    )
    read = messages_of(post(5, album + text(text("Three")) + '<span class="tgme_reaction"><b>x</b>1</span>', views="9"))
    assert [(each.id, each.text, each.album_id, each.views, [media.kind for media in each.media]) for each in read] == [
        ("5", "Three", "5", 9, ["video"]),
        ("6", "", "5", 9, ["photo"]),
        ("7", "", "5", 9, ["photo"]),
    ]
    assert [each.thread_id for each in read] == ["5", "6", "7"]


def test_two_pictures_of_one_post_are_no_album() -> None:
    """Media that open no post of their own belong to the one message."""
    photo = '<a class="tgme_widget_message_photo_wrap" href="https://t.me/news_channel/5"></a>'
    read = message_of(post(5, photo * 2))
    assert (read.media, read.album_id) == ((Media(kind="photo"), Media(kind="photo")), None)


def test_a_link_preview_is_kept_and_is_no_media() -> None:
    """What the page tells of a linked page is kept beside the message, as exports have no such media."""
    preview = (
        '<a class="tgme_widget_message_link_preview" href="https://e.co/"><div class="link_preview_site_name">E</div>'
        '<i class="link_preview_image"></i><div class="link_preview_title">Title</div>'
        '<div class="link_preview_description">Two<br/>lines</div></a>'
    )
    read = message_of(post(1, text("x") + preview))
    assert (read.media, read.raw_payload) == (
        (),
        {"link_preview": {"url": "https://e.co/", "site": "E", "title": "Title", "description": "Two\nlines"}},
    )


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("Channel created", "create_channel"),
        ("Channel name was changed to «<span>pinned things</span>»", "edit_group_title"),
        ("Channel photo updated", "edit_group_photo"),
        ("Channel photo removed", "delete_group_photo"),
        ("News pinned «Channel created»", "pin_message"),
        ("News pinned a photo", "pin_message"),
        ("Live stream started", "group_call"),
        ("Live stream scheduled for tomorrow", "group_call_scheduled"),
        ("Something never seen", "unknown"),
    ],
)
def test_service_messages(words: str, action: str) -> None:
    """What Telegram reports has an action and no text; its words are kept, and views are none."""
    read = message_of(service(2, words))
    shown = words.replace("<span>", "").replace("</span>", "")
    assert (read.service_action, read.text, read.raw_payload, read.views) == (action, "", {"service_text": shown}, None)


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        (post(1, date=""), "no_date"),
        (post(1, date="soon"), "no_date"),
        (post(1).replace('data-post="news_channel/1"', ""), "no_id"),
        (post(1).replace("news_channel/1", "news_channel/x"), "no_id"),
        (post(1).replace('data-post="news_channel/1"', 'data-post="news_channel/0"'), "no_id"),
    ],
)
def test_what_is_no_message_says_why(markup: str, reason: str) -> None:
    """A post without id or date is skipped with its reason."""
    assert read_post(element(markup), CHAT) == SkippedElement(reason)


def test_a_date_without_zone_is_taken_and_told_of() -> None:
    """It counts as UTC."""
    read = read_post(element(post(1, date="2024-09-12T10:00:00")), CHAT)
    assert isinstance(read, Post)
    assert (read.zoneless, read.messages[0].date) == (True, datetime(2024, 9, 12, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("attribute", "number"),
    [
        ('data-view="eyJjIjotMTU5MTUzNzY3NCwicCI6MTN9"', "-1001591537674"),
        ('data-view="eyJjIjotMTU5MTUzNzY3NCwicCI6IjEzZyJ9"', "-1001591537674"),
        ('data-peer="c1006503122_16411743872834528166"', "-1001006503122"),
        ('data-view="eyJjIjoxNX0"', None),
        ('data-view="!!"', None),
        ('data-view="W10"', None),
        ("", None),
    ],
)
def test_the_number_of_the_channel(attribute: str, number: str | None) -> None:
    """It is hidden in what a post reports its views by; where it is not, nothing is guessed."""
    assert channel_number(element(f'<div class="tgme_widget_message" {attribute}></div>')) == number


def test_a_channel_without_number_is_known_by_its_name() -> None:
    """References then carry the name in lower case, and replies are found by it."""
    chat = Chat(channel_id="news_channel", username="News_Channel")
    read = message_of(post(4, REPLY.format(href="https://t.me/News_Channel/3") + text("x"), channel=None), chat)
    assert (read.source_ref, read.reply_to_message_id) == ("tg:news_channel:post:4", "3")
