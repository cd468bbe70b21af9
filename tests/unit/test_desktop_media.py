"""Media of exported messages: kinds and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest

from tg_parser.domain.messages import Media
from tg_parser.ingestion.desktop.media import media

NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"photo": "photos/photo_1@12-11-2020.jpg"}, Media(kind="photo", file_name="photo_1@12-11-2020.jpg")),
        (
            {"file": NOT_INCLUDED, "file_name": "a.pdf", "file_size": 163720, "mime_type": "application/pdf"},
            Media(kind="document", file_name="a.pdf", size=163720, mime_type="application/pdf"),
        ),
        ({"file": NOT_INCLUDED, "media_type": "sticker", "sticker_emoji": "😒"}, Media(kind="sticker")),
        (
            {"file": "voice_messages/audio_1.ogg", "media_type": "voice_message", "duration_seconds": 2},
            Media(kind="voice", file_name="audio_1.ogg", duration_seconds=2.0),
        ),
        ({"file": "round_video_messages/file_1.mp4"}, Media(kind="video_message", file_name="file_1.mp4")),
        ({"file": "x/video.mp4", "media_type": "video_file"}, Media(kind="video", file_name="video.mp4")),
        ({"file": NOT_INCLUDED, "media_type": "animation"}, Media(kind="animation")),
        (
            {"file": NOT_INCLUDED, "media_type": "audio_file", "performer": "Bach", "title": "Air"},
            Media(kind="audio", title="Bach - Air"),
        ),
        ({"file": NOT_INCLUDED, "media_type": "something_new"}, Media(kind="document")),
        (
            {"poll": {"question": "Tabs?", "answers": [{"text": "Yes", "voters": 3}, {"text": "No", "voters": 1}]}},
            Media(kind="poll", title="Tabs?", options=("Yes", "No")),
        ),
        (
            {"poll": {"question": ["Which ", {"type": "bold", "text": "one"}, "?"], "answers": None}},
            Media(kind="poll", title="Which one?"),
        ),
        (
            {"todo_list": {"title": "Trip", "items": [{"text": "Tickets"}]}},
            Media(kind="checklist", title="Trip", options=("Tickets",)),
        ),
        (
            {"location_information": {"latitude": 1.5, "longitude": 2}, "place_name": "Park"},
            Media(kind="location", title="Park"),
        ),
        (
            {"contact_information": {"first_name": "Ann", "last_name": "", "phone_number": "+1"}},
            Media(kind="contact", title="Ann"),
        ),
        ({"game_title": "Chess"}, Media(kind="game", title="Chess")),
        ({"invoice_information": {"title": "Book", "amount": 500}}, Media(kind="invoice", title="Book", amount=500)),
        ({"giveaway_information": {"quantity": 5}}, Media(kind="giveaway", quantity=5)),
    ],
)
def test_each_kind_of_media_is_recognised(payload: dict[str, Any], expected: Media) -> None:
    """The keys of the export tell the kind; a remark in place of a file is no file name."""
    assert media(payload) == (expected,)


@pytest.mark.parametrize(
    "payload",
    [{}, {"width": 5}, {"poll": None}, {"contact_information": "Ann"}, {"thumbnail": NOT_INCLUDED}],
)
def test_a_text_alone_has_no_media(payload: dict[str, Any]) -> None:
    """Sizes, thumbnails and broken blocks are no media by themselves."""
    assert media(payload) == ()


def test_odd_values_are_left_out_of_the_metadata() -> None:
    """A size as text is read; what is no number or name is dropped, the media stay."""
    odd = {"file": 5, "file_size": "12", "file_name": "", "duration_seconds": "long", "mime_type": 3}
    assert media(odd) == (Media(kind="document", size=12),)
    assert media({"file": "", "duration_seconds": float("nan")}) == (Media(kind="document"),)
