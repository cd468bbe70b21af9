"""Media of a message as the API gives it, in the words of a Telegram Desktop export. Pure; nothing is downloaded.

The preview of a link is no media, as it is none in an export; the payload keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from tg_parser.domain.messages import Media
from tg_parser.ingestion.telegram_fields import kind_of

_FileKind = Literal["video", "animation", "audio", "voice", "video_message", "sticker", "document"]


def media(message: Any) -> tuple[Media, ...]:
    """All that is attached to a message; empty for a text alone."""
    attached = getattr(message, "media", None)
    return () if attached is None else tuple(_media(attached))


def _media(attached: Any) -> Iterator[Media]:
    kind = kind_of(attached)
    if kind == "MessageMediaPaidMedia":
        for each in attached.extended_media:
            inner = getattr(each, "media", None)
            yield from (Media(kind="other"),) if inner is None else _media(inner)
    elif kind not in _NOTHING:
        yield _MADE[kind](attached) if kind in _MADE else Media(kind="other")


def _photo(attached: Any) -> Media:
    return Media(kind="photo", size=_largest(attached.photo))


def _poll(attached: Any) -> Media:
    options = tuple(_flat(answer.text) for answer in attached.poll.answers)
    return Media(kind="poll", title=_flat(attached.poll.question) or None, options=options)


def _checklist(attached: Any) -> Media:
    items = tuple(_flat(item.title) for item in attached.todo.list)
    return Media(kind="other", title=_flat(attached.todo.title) or None, options=items)


def _place(attached: Any) -> Media:
    return Media(kind="location", title=getattr(attached, "title", None) or None)


def _contact(attached: Any) -> Media:
    names = (attached.first_name, attached.last_name)
    return Media(kind="contact", title=" ".join(name for name in names if name) or None)


def _giveaway(_: Any) -> Media:
    return Media(kind="other", title="giveaway")


def _file(document: Any) -> Media:
    attributes = {kind_of(each): each for each in getattr(document, "attributes", None) or ()}
    audio, video = attributes.get("DocumentAttributeAudio"), attributes.get("DocumentAttributeVideo")
    named, timed = attributes.get("DocumentAttributeFilename"), video or audio
    kind = _file_kind(attributes)
    heard = (audio.performer, audio.title) if audio is not None and kind == "audio" else ()
    return Media(
        kind=kind,
        mime_type=getattr(document, "mime_type", None) or None,
        size=getattr(document, "size", None),
        file_name=named.file_name or None if named is not None else None,
        duration_seconds=None if timed is None else float(timed.duration),
        title=" - ".join(part for part in heard if part) or None,
    )


def _file_kind(attributes: dict[str, Any]) -> _FileKind:
    audio, video = attributes.get("DocumentAttributeAudio"), attributes.get("DocumentAttributeVideo")
    if "DocumentAttributeSticker" in attributes:
        return "sticker"
    if video is not None and video.round_message:
        return "video_message"
    if audio is not None and audio.voice:
        return "voice"
    if "DocumentAttributeAnimated" in attributes:
        return "animation"
    return "video" if video is not None else "audio" if audio is not None else "document"


def _largest(photo: Any) -> int | None:
    """The bytes of the largest size; progressive sizes list theirs."""
    sizes = [
        number
        for each in getattr(photo, "sizes", None) or ()
        for number in (getattr(each, "sizes", None) or [getattr(each, "size", None)])
        if isinstance(number, int)
    ]
    return max(sizes, default=None)


def _flat(text: Any) -> str:
    """The plain text of a text, with or without entities."""
    return text if isinstance(text, str) else str(getattr(text, "text", ""))


_NOTHING = {"MessageMediaEmpty", "MessageMediaWebPage"}
_MADE: dict[str, Callable[[Any], Media]] = {
    "MessageMediaPhoto": _photo,
    "MessageMediaDocument": lambda attached: _file(attached.document),
    "MessageMediaPoll": _poll,
    "MessageMediaToDo": _checklist,
    "MessageMediaGeo": _place,
    "MessageMediaGeoLive": _place,
    "MessageMediaVenue": _place,
    "MessageMediaContact": _contact,
    "MessageMediaGame": lambda attached: Media(kind="game", title=attached.game.title or None),
    "MessageMediaInvoice": lambda attached: Media(kind="invoice", title=attached.title or None),
    "MessageMediaGiveaway": _giveaway,
    "MessageMediaGiveawayResults": _giveaway,
    "MessageMediaStory": lambda _: Media(kind="story"),
    "MessageMediaDice": lambda attached: Media(kind="other", title=attached.emoticon or None),
}
