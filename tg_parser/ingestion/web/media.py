"""Media of a post on a preview page: kinds and descriptions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborNode

from tg_parser.domain.messages import Media
from tg_parser.ingestion.web.elements import Parts, attribute, classes, seconds, size
from tg_parser.ingestion.web.text import line_of

_STICKERS = (
    "tgme_widget_message_sticker_wrap",
    "tgme_widget_message_tgsticker_wrap",
    "tgme_widget_message_videosticker_wrap",
)
_STICKERS_ALONE = (
    "tgme_widget_message_sticker",
    "tgme_widget_message_tgsticker",
    "tgme_widget_message_videosticker",
)
_DURATIONS = (
    "message_video_duration",
    "tgme_widget_message_voice_duration",
    "tgme_widget_message_roundvideo_duration",
    "tgme_widget_message_audio_duration",
)

_WITHIN = {"tgme_widget_message_contact": "tgme_widget_message_contact_wrap"}


class Attached(NamedTuple):
    """A medium and the link that it opens, which in an album contains the message that it belongs to."""

    media: Media
    href: str = ""


def attached(parts: Parts) -> list[Attached]:
    """Everything attached to a post; an `other` if the page only says that it cannot show something."""
    found = [
        Attached(read(parts, node), attribute(node, "href"))
        for name, read in _READERS.items()
        for node in parts.all(name)
        if name not in _WITHIN or _WITHIN[name] not in parts
    ]
    if not found and (sticker := _sticker(parts)):
        found = [sticker]
    if not found and _is_shown_elsewhere(parts):
        found = [Attached(Media(kind="other"))]
    return found


def _is_shown_elsewhere(parts: Parts) -> bool:
    """Whether the page shows a notice instead of the post; posts that it does show may contain the notice hidden."""
    remarks = parts.all("message_media_not_supported_wrap")
    return any("media_not_supported_cont" not in classes(remark) for remark in remarks)


def _sticker(parts: Parts) -> Attached | None:
    # An animated sticker has two elements, one moving and one still, but it is one medium.
    node = parts.first(*_STICKERS) or parts.first(*_STICKERS_ALONE)
    return Attached(Media(kind="sticker"), attribute(node, "href")) if node is not None else None


def _photo(_: Parts, __: LexborNode) -> Media:
    return Media(kind="photo")


def _video(parts: Parts, node: LexborNode) -> Media:
    duration = _duration(parts, node)
    moving = parts.inside(node, "message_video_play") is None and duration is None
    silent = moving and parts.inside(node, "tgme_widget_message_video") is not None
    return Media(kind="animation" if silent else "video", duration_seconds=duration)


def _round_video(parts: Parts, node: LexborNode) -> Media:
    return Media(kind="video_message", duration_seconds=_duration(parts, node))


def _voice(parts: Parts, node: LexborNode) -> Media:
    return Media(kind="voice", duration_seconds=_duration(parts, node))


def _document(parts: Parts, node: LexborNode) -> Media:
    title = line_of(parts.inside(node, "tgme_widget_message_document_title"))
    extra = line_of(parts.inside(node, "tgme_widget_message_document_extra"))
    icon = parts.inside(node, "tgme_widget_message_document_icon")
    if icon is not None and "audio" in classes(icon):
        return _song(title, extra, None)
    return Media(kind="document", file_name=title, size=size(extra))


def _audio(parts: Parts, node: LexborNode) -> Media:
    title = line_of(parts.inside(node, "tgme_widget_message_audio_title"))
    performer = line_of(parts.inside(node, "tgme_widget_message_audio_performer"))
    return _song(title, performer, _duration(parts, node))


def _song(title: str | None, performer: str | None, duration: float | None) -> Media:
    return Media(
        kind="audio",
        title=" - ".join(part for part in (performer, title) if part) or None,
        duration_seconds=duration,
    )


def _poll(parts: Parts, node: LexborNode) -> Media:
    return Media(
        kind="poll",
        title=line_of(parts.inside(node, "tgme_widget_message_poll_question")),
        options=tuple(_options(node)),
    )


def _options(poll: LexborNode) -> Iterator[str]:
    for option in poll.css(".tgme_widget_message_poll_option_text"):
        yield line_of(option) or ""


def _location(parts: Parts, node: LexborNode) -> Media:
    title, address = (
        line_of(parts.inside(node, f"tgme_widget_message_location_{part}")) for part in ("title", "address")
    )
    return Media(kind="location", title=title, description=address)


def _contact(parts: Parts, node: LexborNode) -> Media:
    return Media(kind="contact", title=line_of(parts.inside(node, "tgme_widget_message_contact_name")))


def _titled(kind: Literal["game", "invoice"]) -> Callable[[Parts, LexborNode], Media]:
    def read(parts: Parts, node: LexborNode) -> Media:
        title, described = (
            line_of(parts.inside(node, f"tgme_widget_message_{kind}_{part}")) for part in ("title", "description")
        )
        return Media(kind=kind, title=title, description=described)

    return read


def _duration(parts: Parts, node: LexborNode) -> float | None:
    return seconds(line_of(parts.inside(node, *_DURATIONS)))


_READERS: dict[str, Callable[[Parts, LexborNode], Media]] = {
    "tgme_widget_message_photo_wrap": _photo,
    "tgme_widget_message_video_player": _video,
    "tgme_widget_message_roundvideo_player": _round_video,
    "tgme_widget_message_voice_player": _voice,
    "tgme_widget_message_audio_player": _audio,
    "tgme_widget_message_document_wrap": _document,
    "tgme_widget_message_poll": _poll,
    "tgme_widget_message_location_wrap": _location,
    "tgme_widget_message_contact_wrap": _contact,
    "tgme_widget_message_contact": _contact,
    "tgme_widget_message_game": _titled("game"),
    "tgme_widget_message_invoice": _titled("invoice"),
}
