"""Media as the API gives it has the kinds and metadata that an export gives."""

from __future__ import annotations

from typing import Any

import pytest
from telegram_samples import SENT, file, post
from telethon.tl import types

from tg_parser.domain.messages import Media
from tg_parser.ingestion.telegram.media import media

VIDEO = types.DocumentAttributeVideo(12.5, 640, 480)
ROUND = types.DocumentAttributeVideo(5, 240, 240, round_message=True)
VOICE = types.DocumentAttributeAudio(7, voice=True, title="never shown")
SONG = types.DocumentAttributeAudio(180, title="Song", performer="Band")
STICKER = types.DocumentAttributeSticker("🤓", types.InputStickerSetEmpty())
NAMED = types.DocumentAttributeFilename("a.bin")


def shown(attached: Any) -> tuple[Any, ...]:
    return media(post(1, media=attached))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ([], Media(kind="document", mime_type="application/pdf", size=50_000)),
        ([NAMED], Media(kind="document", mime_type="application/pdf", size=50_000, file_name="a.bin")),
        ([VIDEO], Media(kind="video", mime_type="application/pdf", size=50_000, duration_seconds=12.5)),
        ([ROUND], Media(kind="video_message", mime_type="application/pdf", size=50_000, duration_seconds=5)),
        ([VOICE], Media(kind="voice", mime_type="application/pdf", size=50_000, duration_seconds=7)),
        (
            [SONG],
            Media(kind="audio", mime_type="application/pdf", size=50_000, duration_seconds=180, title="Band - Song"),
        ),
        (
            [VIDEO, types.DocumentAttributeAnimated()],
            Media(kind="animation", mime_type="application/pdf", size=50_000, duration_seconds=12.5),
        ),
        ([STICKER], Media(kind="sticker", mime_type="application/pdf", size=50_000)),
    ],
)
def test_a_file_is_what_its_attributes_say(attributes: list[Any], expected: Media) -> None:
    """A sticker may be a video, an animation is one, and a round video is a message of its own kind."""
    assert shown(file(*attributes)) == (expected,)


def test_a_photo_has_the_size_of_its_largest_version() -> None:
    """Progressive versions list the bytes of their stages."""
    sizes = [
        types.PhotoStrippedSize("i", b"abc"),
        types.PhotoSize("m", 320, 213, 16_378),
        types.PhotoSizeProgressive("y", 1280, 853, [16_931, 156_605]),
    ]
    photo = types.Photo(1, 2, b"r", SENT, sizes, 2)
    assert shown(types.MessageMediaPhoto(photo=photo)) == (Media(kind="photo", size=156_605),)


def test_what_has_expired_is_still_told() -> None:
    """A photo and a file that destroyed themselves leave their kinds."""
    assert shown(types.MessageMediaPhoto(ttl_seconds=5)) == (Media(kind="photo"),)
    assert shown(types.MessageMediaDocument(ttl_seconds=5)) == (Media(kind="document"),)


def test_a_poll_has_its_question_and_options() -> None:
    """Both come as texts with entities."""
    text = types.TextWithEntities
    answers = [types.PollAnswer(text("Yes", []), b"0"), types.PollAnswer(text("No", []), b"1")]
    poll = types.MessageMediaPoll(types.Poll(1, text("Well?", []), answers, hash=0), types.PollResults())
    assert shown(poll) == (Media(kind="poll", title="Well?", options=("Yes", "No")),)


@pytest.mark.parametrize(
    ("attached", "expected"),
    [
        (types.MessageMediaGeo(types.GeoPoint(1.0, 2.0, 3)), Media(kind="location")),
        (types.MessageMediaVenue(types.GeoPointEmpty(), "Hall", "", "", "", ""), Media(kind="location", title="Hall")),
        (types.MessageMediaContact("+1", "Ann", "Bell", "", 0), Media(kind="contact", title="Ann Bell")),
        (types.MessageMediaDice(5, "🎲"), Media(kind="other", title="🎲")),
        (types.MessageMediaStory(types.PeerUser(1), 2), Media(kind="story")),
        (types.MessageMediaUnsupported(), Media(kind="other")),
    ],
)
def test_other_media_keep_their_kind_and_title(attached: Any, expected: Media) -> None:
    """Nothing attached goes unnoticed, whatever it is."""
    assert shown(attached) == (expected,)


def test_the_preview_of_a_link_is_no_media() -> None:
    """An export knows none either; two sightings of one message must agree."""
    page = types.WebPage(1, "https://example.org", "example.org", 0)
    assert shown(types.MessageMediaWebPage(page)) == ()


def test_paid_media_tell_their_price_and_what_was_bought() -> None:
    """An export knows the price alone; what was not paid for is only a preview."""
    bought = types.MessageExtendedMedia(types.MessageMediaPhoto())
    paid = types.MessageMediaPaidMedia(5, [bought, types.MessageExtendedMediaPreview()])
    assert shown(paid) == (Media(kind="paid_media", amount=5, currency="XTR"), Media(kind="photo"))
