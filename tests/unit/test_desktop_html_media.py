"""Media on an exported page, through to the Media that the JSON of the same message gives."""

from __future__ import annotations

import pytest
from html_export_files import media

from tg_parser.domain.messages import Media
from tg_parser.ingestion.desktop.html.media import media_fields
from tg_parser.ingestion.desktop.html.text import parsed
from tg_parser.ingestion.desktop.media import media as as_media

POLL = """<div class="media_wrap clearfix"><div class="media_poll"><div class="question bold">
Who?
</div><div class="details">Anonymous poll</div><div class="answer">
- Ann <span class="details">5 votes, chosen vote</span></div><div class="answer">
- Bob</div><div class="total details\t">5 votes</div></div></div>"""
NOT_SAVED = "Not included, change data exporting settings to download."


def _media(html: str) -> tuple[Media, ...]:
    return as_media(media_fields(parsed(html)))


def _thumb(kind: str, href: str, inside: str = "") -> str:
    return (
        f'<div class="media_wrap clearfix"><a class="{kind} clearfix pull_left" href="{href}">{inside}<img></a></div>'
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (_thumb("photo_wrap", "photos/a.jpg"), Media(kind="photo", file_name="a.jpg")),
        (_thumb("sticker_wrap", "stickers/s.webp"), Media(kind="sticker", file_name="s.webp")),
        (_thumb("animated_wrap", "video_files/g.mp4"), Media(kind="animation", file_name="g.mp4")),
        (
            _thumb("video_file_wrap", "video_files/v.mp4", '<div class="video_duration">\n01:02:03\n</div>'),
            Media(kind="video", file_name="v.mp4", duration_seconds=3723),
        ),
        (media("media_photo", "Photo", "1280x720, 95.5 KB", description=NOT_SAVED), Media(kind="photo", size=97792)),
        (media("media_photo", "Photo", "1280x720", "photos/b.jpg"), Media(kind="photo", file_name="b.jpg")),
        (media("media_photo", "Self-destructing photo", "Expired"), Media(kind="photo")),
        (media("media_photo", "Sticker", "😒, 20.0 KB"), Media(kind="sticker", size=20480)),
        (media("media_video", "Animation", "1.5 MB"), Media(kind="animation", size=1572864)),
        (media("media_video", "Video file", "03:28, 8.4 MB"), Media(kind="video", size=8808038, duration_seconds=208)),
        (
            media("media_video", "Video message", "00:12", "round_video_messages/r.mp4"),
            Media(kind="video_message", file_name="r.mp4", duration_seconds=12),
        ),
        (
            media("media_voice_message", "Voice message", "00:01, 512 B"),
            Media(kind="voice", size=512, duration_seconds=1),
        ),
        (
            media("media_audio_file", "Band – Song – Live", "04:00, 1.0 GB"),
            Media(kind="audio", title="Band - Song – Live", size=1073741824, duration_seconds=240),
        ),
        (media("media_audio_file", "Audio file", "04:00"), Media(kind="audio", duration_seconds=240)),
        (
            media("media_audio_file", "talk.mp3", "04:00"),
            Media(kind="audio", file_name="talk.mp3", duration_seconds=240),
        ),
        (media("media_file", "report.pdf", "2.0 KB"), Media(kind="document", file_name="report.pdf", size=2048)),
        (media("media_file", "File", "2.0 KB", "files/x.bin"), Media(kind="document", file_name="x.bin", size=2048)),
        (media("media_contact", "Ann Lee", "+7 900 000"), Media(kind="contact", title="Ann Lee")),
        (media("media_location", "Location", "55.7, 37.6", "https://maps.google.com/maps?q=1"), Media(kind="location")),
        (media("media_live_location", "Live location"), Media(kind="location")),
        (
            media("media_venue", "Cafe", description="Street 1"),
            Media(kind="location", title="Cafe", description="Street 1"),
        ),
        (media("media_game", "Chess", "https://t.me/bot?game=chess"), Media(kind="game", title="Chess")),
        (media("media_invoice", "Book", "$5.00"), Media(kind="invoice", title="Book")),
        (
            POLL,
            Media(kind="poll", title="Who?", options=("Ann", "Bob")),
        ),
        (
            '<div class="media_wrap"><div class="media_giveaway"><div class="section_title">Prize</div></div></div>',
            Media(kind="giveaway"),
        ),
    ],
)  # fmt: skip
def test_each_kind_of_media_is_what_json_makes_of_it(html: str, expected: Media) -> None:
    """Kind, file name, title, length, and the size as shown."""
    assert _media(html) == (expected,)


@pytest.mark.parametrize("html", ["", '<div class="media_wrap clearfix"></div>', '<a href="files/x.bin">x</a>'])
def test_where_nothing_is_attached_there_is_no_media(html: str) -> None:
    """A link in the text is no file."""
    assert _media(html) == ()


def test_a_call_is_a_service_message() -> None:
    """A page shows a call like media; JSON has it as a service message."""
    fields = media_fields(parsed(media("media_call success", "Ann", "Outgoing (60 seconds)")))
    assert fields == {"type": "service", "action": "phone_call", "call": "Outgoing (60 seconds)"}
