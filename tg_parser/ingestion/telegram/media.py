"""Media of a message as the API gives it, in the words of a Telegram Desktop export. Pure; nothing is downloaded.

The preview of a link is no media, as it is none in an export; the payload keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from tg_parser.domain.messages import Media
from tg_parser.ingestion.telegram.fields import kind_of

_FileKind = Literal["video", "animation", "audio", "voice", "video_message", "sticker", "document"]


def media(message: Any) -> tuple[Media, ...]:
    """All that is attached to a message; empty for a text alone."""
    attached = getattr(message, "media", None)
    return () if attached is None else tuple(_media(attached))


def photo_media(photo: Any) -> Media:
    """A photo; None for one that is gone."""
    return Media(kind="photo", size=_largest(photo))


def file_media(document: Any) -> Media:
    """A file; None for one that is gone."""
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


def _media(attached: Any) -> Iterator[Media]:
    kind = kind_of(attached)
    if kind in _NOTHING:
        return
    yield _MADE[kind](attached) if kind in _MADE else Media(kind="other")
    for inner in _within(kind, attached):
        yield from _media(inner)


def _within(kind: str, attached: Any) -> Iterator[Any]:
    """Media within media: what was paid for, and the pictures of a poll, its answers and its explanation."""
    if kind == "MessageMediaPaidMedia":
        shown = [getattr(each, "media", None) for each in attached.extended_media or ()]
    elif kind == "MessageMediaPoll":
        answers = [getattr(answer, "media", None) for answer in attached.poll.answers or ()]
        results = attached.results
        shown = [getattr(attached, "attached_media", None), *answers, getattr(results, "solution_media", None)]
    else:
        shown = []
    yield from (each for each in shown if each is not None)


def _poll(attached: Any) -> Media:
    return Media(
        kind="poll",
        title=_flat(attached.poll.question) or None,
        options=tuple(_flat(answer.text) for answer in attached.poll.answers or ()),
        explanation=getattr(attached.results, "solution", None) or None,
    )


def _checklist(attached: Any) -> Media:
    tasks, completed = attached.todo.list or (), {each.id for each in attached.completions or ()}
    return Media(
        kind="checklist",
        title=_flat(attached.todo.title) or None,
        options=tuple(_flat(task.title) for task in tasks),
        done=tuple(task.id in completed for task in tasks) if completed else None,
    )


def _place(attached: Any) -> Media:
    address = getattr(attached, "address", None) or None
    return Media(kind="location", title=getattr(attached, "title", None) or None, description=address)


def _contact(attached: Any) -> Media:
    names = (attached.first_name, attached.last_name)
    return Media(kind="contact", title=" ".join(name for name in names if name) or None)


def _game(attached: Any) -> Media:
    return Media(kind="game", title=attached.game.title or None, description=attached.game.description or None)


def _invoice(attached: Any) -> Media:
    return Media(
        kind="invoice",
        title=attached.title or None,
        description=attached.description or None,
        amount=attached.total_amount,
        currency=attached.currency or None,
    )


def _giveaway(kind: Literal["giveaway", "giveaway_results"], counted: str) -> Callable[[Any], Media]:
    def read(attached: Any) -> Media:
        return Media(
            kind=kind,
            description=attached.prize_description or None,
            quantity=getattr(attached, counted),
            months=attached.months or None,
            amount=attached.stars or None,
            currency="XTR" if attached.stars else None,
        )

    return read


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
    "MessageMediaPhoto": lambda attached: photo_media(attached.photo),
    "MessageMediaDocument": lambda attached: file_media(attached.document),
    "MessageMediaPoll": _poll,
    "MessageMediaToDo": _checklist,
    **dict.fromkeys(("MessageMediaGeo", "MessageMediaGeoLive", "MessageMediaVenue"), _place),
    "MessageMediaContact": _contact,
    "MessageMediaGame": _game,
    "MessageMediaInvoice": _invoice,
    "MessageMediaPaidMedia": lambda attached: Media(kind="paid_media", amount=attached.stars_amount, currency="XTR"),
    "MessageMediaGiveaway": _giveaway("giveaway", "quantity"),
    "MessageMediaGiveawayResults": _giveaway("giveaway_results", "winners_count"),
    "MessageMediaStory": lambda _: Media(kind="story"),
    "MessageMediaDice": lambda attached: Media(kind="other", title=attached.emoticon or None),
}
