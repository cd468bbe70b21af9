"""Media of a post as its page describes them; kinds are those of an export of the same post."""

from __future__ import annotations

import pytest
from web_pages import message_of, post, text

from tg_parser.domain.messages import Media


def part(name: str, *inside: str, tag: str = "div", prefix: str = "tgme_widget_message_") -> str:
    """An element of a class, with others in it; links open the post itself."""
    href = ' href="https://t.me/news_channel/1"' if tag == "a" else ""
    return f'<{tag} class="{prefix}{name}"{href}>{"".join(inside)}</{tag}>'


def bare(name: str, *inside: str, tag: str = "div") -> str:
    return part(name, *inside, tag=tag, prefix="")


def document(title: str, extra: str, icon: str = "") -> str:
    shown = part("document", part("document_title accent_color", title), part("document_extra", extra))
    return part("document_wrap", part(f"document_icon accent_bg{icon}"), shown, tag="a")


def option(words: str) -> str:
    percent = part("poll_option_percent", "50%")
    return part("poll_option", percent, part("poll_option_value", part("poll_option_text", words)))


REMARK = bare(
    "message_media_not_supported",
    bare("message_media_not_supported_label", "Please open Telegram to view this post"),
    bare("message_media_view_in_telegram", "VIEW IN TELEGRAM", tag="span"),
)
NOT_SHOWN = bare("message_media_not_supported_wrap", REMARK)
UNSEEN = bare("message_media_not_supported_wrap media_not_supported_cont", REMARK)
POLL = part(
    "poll js-poll",
    part("poll_question", "Which?"),
    part("poll_type", "Anonymous Poll"),
    part("poll_options", option("This"), option("<b>That</b>"), tag="a"),
) + part("voters", "1.1K", tag="span")
PLAYER = part("video_wrap", part("video", tag="video"))
LENGTH = bare("message_video_duration", "1:27", tag="time")
PLACE = '<a class="tgme_widget_message_location_wrap" href="https://maps.google.com/?q=1,2">{}</a>'
MEDIA = {
    "photo": (part("photo_wrap 52_46", tag="a"), Media(kind="photo")),
    "video": (
        part("video_player", PLAYER, bare("message_video_play"), LENGTH, NOT_SHOWN, tag="a"),
        Media(kind="video", duration_seconds=87.0),
    ),
    "video not shown": (part("video_player not_supported", part("video_thumb", tag="i"), tag="a"), Media(kind="video")),
    "animation": (part("video_player", PLAYER, tag="a"), Media(kind="animation")),
    "round video": (
        part("roundvideo_player", part("roundvideo", tag="video"), part("roundvideo_duration", "0:05", tag="time")),
        Media(kind="video_message", duration_seconds=5.0),
    ),
    "voice": (
        part("voice_player", part("voice", tag="audio"), part("voice_duration", "0:01", tag="time"), tag="a"),
        Media(kind="voice", duration_seconds=1.0),
    ),
    "document": (document("A Day.pdf", "113.9 KB"), Media(kind="document", file_name="A Day.pdf", size=116_634)),
    "song": (document("Song", "The Band", " audio"), Media(kind="audio", title="The Band - Song")),
    "player": (
        part("audio_player", part("audio_title", "Song"), part("audio_duration", "3:00", tag="time")),
        Media(kind="audio", title="Song", duration_seconds=180.0),
    ),
    "sticker": (UNSEEN + part("sticker_wrap", part("sticker", tag="i")), Media(kind="sticker")),
    "moving sticker": (part("tgsticker_wrap", part("tgsticker", tag="picture")), Media(kind="sticker")),
    "bare sticker": (part("sticker js-sticker_image", tag="i"), Media(kind="sticker")),
    "place": (
        PLACE.format(part("location") + part("location_info", part("location_title", "The Park"))),
        Media(kind="location", title="The Park"),
    ),
    "contact": (
        part("contact_wrap", part("contact", part("contact_name", "Ann Lee"))),
        Media(kind="contact", title="Ann Lee"),
    ),
    "bare contact": (part("contact", part("contact_name", "Ann Lee")), Media(kind="contact", title="Ann Lee")),
    "poll": (POLL, Media(kind="poll", title="Which?", options=("This", "That"))),
    "game": (part("game", part("game_title", "Chess")), Media(kind="game", title="Chess")),
    "invoice": (part("invoice", part("invoice_title", "Shoes")), Media(kind="invoice", title="Shoes")),
    "shown elsewhere": (NOT_SHOWN, Media(kind="other")),
}  # fmt: skip

WORDS = {
    "place": "The Park", "contact": "Ann Lee", "bare contact": "Ann Lee", "poll": "Which?\n- This\n- That",
    "game": "Chess", "invoice": "Shoes",
}  # fmt: skip


@pytest.mark.parametrize("name", MEDIA)
def test_media(name: str) -> None:
    """Each kind with what the page tells of it, once; the words of some are the text."""
    markup, media = MEDIA[name]
    read = message_of(post(1, markup))
    assert (read.media, read.text) == ((media,), WORDS.get(name, ""))


def test_a_caption_stays_with_its_media() -> None:
    """A photo with a text is one message with both."""
    read = message_of(post(1, part("photo_wrap", tag="a") + text("caption")))
    assert (read.media, read.text) == ((Media(kind="photo"),), "caption")


def test_what_no_field_holds_is_kept() -> None:
    """The type of a poll, its voters and the place on a map stay in the payload."""
    assert message_of(post(1, POLL)).raw_payload == {"poll_type": "Anonymous Poll", "poll_voters": 1100}
    assert message_of(post(1, PLACE.format(""))).raw_payload == {"location": "https://maps.google.com/?q=1,2"}


def test_a_remark_that_nobody_sees_is_no_media() -> None:
    """Shown posts may hold the remark for browsers that cannot show them; a text with it is a text alone."""
    read = message_of(post(1, UNSEEN + text("words")))
    assert (read.media, read.text) == ((), "words")
