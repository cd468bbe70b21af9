"""A page becomes its channel and messages; pages without posts say what they are."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_pages import GONE, NAME, landing, page, post, service, text

from tg_parser.cli.hints import hint_of
from tg_parser.domain.messages import Chat
from tg_parser.ingestion.web.landing import why_no_preview
from tg_parser.ingestion.web.page import read_page, says_post_is_gone

PHOTO = '<a class="tgme_widget_message_photo_wrap" href="https://t.me/news_channel/{}?single"></a>'
PAGE = page(
    service(1, "Channel created"),
    post(2, text('A <a href="https://e.co/">link</a><blockquote>quote</blockquote>')),
    post(3, PHOTO.format(3) + PHOTO.format(4) + text("album")),
    post(
        5,
        '<a class="tgme_widget_message_reply" href="https://t.me/news_channel/2"></a>' + text("answer"),
        meta="edited ",
    ),
    older=1,
)


def test_the_channel_of_a_page() -> None:
    """Number, title and name as the page writes them."""
    read = read_page(page(post(1), name="News_Channel", title="The <b>News</b>"), NAME)
    assert read.chat == Chat(channel_id="-1000001234567", title="The News", username="News_Channel", kind="channel")


def test_a_page_without_number_or_header_gives_a_name() -> None:
    """The name in lower case is then the id; the name itself is that of the posts, else the one asked for."""
    named = read_page(f"<html><body>{post(1, name='News_Channel', channel=None)}</body></html>", "news_channel")
    asked = read_page("<html><body><section class='tgme_channel_history'></section></body></html>", "Asked_Name")
    assert named.chat == Chat(channel_id="news_channel", title=None, username="News_Channel")
    assert asked.chat == Chat(channel_id="asked_name", title=None, username="Asked_Name")


def test_later_pages_keep_the_chat_of_the_first() -> None:
    """All messages of a channel carry one id, also those of a page that hides the number."""
    chat = Chat(channel_id="-1000001234567", username=NAME)
    read = read_page(page(post(1, channel=None)), NAME, chat)
    assert (read.chat, read.messages[0].channel_id) == (chat, "-1000001234567")


def test_ids_rise_and_repeat_never() -> None:
    """Whatever the order on the page, messages come by id; one shown twice counts as skipped."""
    read = read_page(page(post(12), post(9), post(12), post(10)), NAME)
    assert [message.id for message in read.messages] == ["9", "10", "12"]
    assert dict(read.skipped) == {"repeated": 1}


def test_single_broken_posts_are_counted_and_the_others_read() -> None:
    """A broken post costs no other; it still tells how far down the page goes."""
    read = read_page(page(post(3, date=""), post(4), post(5, date="2024-09-12T10:00:00")), NAME)
    assert ([message.id for message in read.messages], dict(read.skipped), read.lowest_id) == (
        ["4", "5"],
        {"no_date": 1},
        3,
    )
    assert (dict(read.notes), read.is_unreadable) == ({"date_without_zone": 1}, False)


def test_a_page_of_broken_posts_is_unreadable() -> None:
    """Posts of which none can be read mean another layout."""
    assert read_page(page(post(3, date=""), post(4, date="")), NAME).is_unreadable


@pytest.mark.parametrize(
    ("html", "tells"),
    [
        (page(post(9), older=9), True),
        (page(post(9)), False),
        ('<html><head><link rel="prev" href="/s/news_channel?before=9"></head></html>', True),
        ('<html><head><link rel="prev" href="/s/news_channel?before="></head></html>', False),
        ('<html><body><a class="tme_messages_more" data-after="9"></a></body></html>', False),
    ],
)
def test_whether_older_posts_are_told_of(html: str, tells: bool) -> None:
    """A link back with a number in it tells of them; empty pages have links without."""
    assert read_page(html, NAME).tells_of_older is tells


@pytest.mark.parametrize(
    ("counters", "tells"),
    [
        ([("88K", "subscribers"), ("1 204", "photos")], True),
        ([("1", "photo")], True),
        ([("3", "subscribers")], False),
        ([("0", "links")], False),
        ([], False),
    ],
)
def test_whether_posts_are_counted(counters: list[tuple[str, str]], tells: bool) -> None:
    """Photos, videos, files and links can only be in posts; subscribers come without."""
    assert read_page(page(counters=counters), NAME).tells_of_posts is tells


def test_an_empty_page_is_a_preview_and_says_so() -> None:
    """A channel without posts is a channel."""
    read = read_page(page(), NAME)
    assert (read.is_preview, read.says_no_posts, read.messages, read.lowest_id) == (True, True, [], None)


PERSON = "@news is a person or a bot, not a channel."
GROUP = "@news is a group, and the web preview shows channels only."
CLOSED = "Channel @news has its web preview switched off."
PRIVATE = "@news is private: people join it by invitation."
UNKNOWN = "Telegram knows no public channel @news."
NONE = "Channel @news has no web preview."
FOREIGN = "The answer for @news is not a page of Telegram's web preview."
RESTRICTED = "@news is restricted; Telegram says: {}"
MALWARE = "This channel can't be displayed because it was used to spread malware."
COPYRIGHT = "This channel is unavailable due to copyright infringement."
CONTACT = "If you have Telegram, you can contact @news right away."
VIEW = "If you have Telegram, you can view posts by @news right away."
JOIN = "If you have Telegram, you can view and join Club right away."


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        (landing("Ann", "@ann_lee", "Hello."), PERSON),
        (landing("Bot", "1 204 monthly users", button="Start Bot"), PERSON),
        (landing("Ann", button="Send Message"), PERSON),
        (landing("Chat", "9 767 members, 1 295 online"), GROUP),
        (landing("News", "14 909 subscribers"), CLOSED),
        (landing("News", "14 909 subscribers", "This channel is not available on Sundays."), CLOSED),
        (landing("Club", "", JOIN, "Join Channel"), PRIVATE),
        (landing("Club", "", JOIN), PRIVATE),
        (landing("Club", button="Join Channel"), PRIVATE),
        (landing("X", "", MALWARE), RESTRICTED.format(MALWARE)),
        (landing("X", "", COPYRIGHT), RESTRICTED.format(COPYRIGHT)),
        (landing("", "", CONTACT, "Send Message", "noindex, nofollow"), UNKNOWN),
        (landing("", "", CONTACT), UNKNOWN),
        (landing(robots="noindex"), UNKNOWN),
        (landing("", "", VIEW), NONE),
        (landing(), NONE),
        ("<html><body>Fast. Secure. Powerful.</body></html>", FOREIGN),
        ('{"ok": false}', FOREIGN),
        ("", FOREIGN),
    ],
)
def test_landing_pages_say_what_they_are(html: str, sentence: str) -> None:
    """Each reason why there is no preview has a sentence of its own, and something to do about it."""
    assert not read_page(html, "news").is_preview
    error = why_no_preview(html, "news")
    assert error.message == sentence
    assert hint_of(error)


def test_the_api_is_suggested_where_it_helps() -> None:
    """Not for people and foreign pages, which it cannot read either."""
    closed = why_no_preview(landing("News", "14 909 subscribers"), "news")
    person = why_no_preview(landing("Ann", "@ann_lee"), "news")
    assert "tg-parser login" in (hint_of(closed) or "")
    assert "login" not in (hint_of(person) or "")


@pytest.mark.parametrize(
    ("html", "gone"),
    [
        (GONE, True),
        (GONE.replace("Post not found", "Channel with username <b>@news</b> not found"), False),
        (page(post(1)), False),
        ("", False),
    ],
)
def test_only_a_post_not_found_is_gone(html: str, gone: bool) -> None:
    """Other errors of a post's own page prove nothing."""
    assert says_post_is_gone(html) is gone


@settings(max_examples=150, deadline=None)
@given(
    cut=st.integers(0, len(PAGE)),
    end=st.integers(0, len(PAGE)),
    flips=st.lists(st.tuples(st.integers(0, len(PAGE) - 1), st.characters()), max_size=20),
)
def test_mutilated_pages_never_break_the_reader(cut: int, end: int, flips: list[tuple[int, str]]) -> None:
    """Cut, shortened and garbled markup gives messages and counts, or an explanation, and never another error."""
    characters = list(PAGE)
    for place, character in flips:
        characters[place] = character
    html = "".join(characters[min(cut, end) :] if cut < end else characters[:cut])
    read = read_page(html.encode("utf-8", "replace").decode("utf-8", "replace"), NAME)
    ids = [int(message.id) for message in read.messages]
    assert ids == sorted(set(ids))
    assert why_no_preview(html, NAME).message


@settings(max_examples=100, deadline=None)
@given(view=st.one_of(st.text(max_size=40), st.binary(max_size=40).map(lambda raw: base64.b64encode(raw).decode())))
def test_any_hidden_number_is_a_number_or_nothing(view: str) -> None:
    """What stands in place of the coded number of the channel never breaks the page."""
    html = page(post(1, channel=None)).replace('data-view=""', f'data-view="{view.replace(chr(34), "")}"')
    assert read_page(html, NAME).chat.channel_id == "news_channel"
