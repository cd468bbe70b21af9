"""The single fields of an exported message: text, links, ids, dates, reactions. Pure, and never raises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tg_parser.domain.marked_ids import marked_channel_id, marked_group_id
from tg_parser.domain.messages import Author, Forward, Link, Reaction
from tg_parser.domain.peers import ChatKind, nameless_channel_id
from tg_parser.ingestion.elements import ReadDate

_PERSON_BITS, _CHAT_BITS = 1, 2
"""Until 2021 a peer was one number: its id in the lower 32 bits, and above them a flag for a person or a chat."""
_LAST_YEAR_OF_NUMBERS = 2021
_BARE = 2**32 - 1
_MARKS = {"channel": marked_channel_id, "chat": marked_group_id, "group": marked_group_id}
_KINDS: dict[str, ChatKind] = {
    "private_group": "group", "private_supergroup": "group", "public_supergroup": "group", "public_group": "group",
    "personal_chat": "private", "bot_chat": "private", "saved_messages": "private", "replies": "private",
    "verification_codes": "private",
}  # fmt: skip


def whole(value: Any) -> int | None:
    """`value` as a 64-bit integer, even if it is written as text; None if it is not one."""
    if isinstance(value, str) and len(value) <= 20 and value.removeprefix("-").isdecimal():
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if fits else None


def string(value: Any) -> str | None:
    """`value` if it is a non-empty string, else None."""
    return value if isinstance(value, str) and value else None


def objects(value: Any) -> list[dict[str, Any]]:
    """The JSON objects in a list; empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def flat_text(value: Any) -> str:
    """The plain text of a string, or of a list of strings and entities."""
    if isinstance(value, str):
        return value
    pieces = value if isinstance(value, list) else [value]
    return "".join(_piece_text(piece) for piece in pieces)


def message_text(payload: dict[str, Any]) -> str:
    """The text of a message, from `text` or, if that is missing, from its entities."""
    return flat_text(payload["text"] if payload.get("text") is not None else payload.get("text_entities"))


def hidden_links(payload: dict[str, Any]) -> tuple[Link, ...]:
    """The links behind words, in the order of the text."""
    entities = objects(payload.get("text")) or objects(payload.get("text_entities"))
    return tuple(
        Link(text=_piece_text(entity), url=entity["href"])
        for entity in entities
        if entity.get("type") == "text_link" and string(entity.get("href"))
    )


def is_of_2021(payload: dict[str, Any]) -> bool:
    """Whether a message was exported when peers were plain numbers.

    Later exports prefix ids with the kind of peer, add the unix time, and give the text as entities. Files of other
    programs may lack all of that, so messages sent after 2021 never count.
    """
    sent = when(payload, "date")
    return (
        sent is not None
        and sent.moment.year <= _LAST_YEAR_OF_NUMBERS
        and not {"date_unixtime", "text_entities"} & payload.keys()
        and not any(
            isinstance(payload.get(key), str) and whole(payload[key]) is None for key in ("from_id", "actor_id")
        )
    )


def peer_id(value: Any, *, of_2021: bool = False) -> str | None:
    """The marked id of a peer written as user1, channel1, chat1 or a number; None if it names no one."""
    if isinstance(value, str):
        digits = value.lstrip("abcdefghijklmnopqrstuvwxyz")
        kind, bare = value[: len(value) - len(digits)], whole(digits)
        if kind and bare is not None and bare > 0:
            return _MARKS.get(kind, str)(bare)
    number = whole(value)
    if not number:
        return None
    return _from_bits(number) if of_2021 and number > 0 else str(number)


def chat_kind(written: Any) -> ChatKind:
    """The kind of a chat from its export type; an unknown type counts as a channel."""
    return _KINDS.get(str(written), "channel")


def chat_id(fields: dict[str, Any], *, of_2021: bool = False) -> str:
    """The canonical id of an exported chat; derived from its title if the export has no id."""
    written, kind = whole(fields.get("id")), chat_kind(fields.get("type"))
    if written is None and (named := peer_id(fields.get("id"))):
        return named
    if not written:
        return nameless_channel_id(str(fields.get("name") or ""), str(fields.get("type") or ""))
    if written < 0:
        return str(written)
    if of_2021 and written >> 32 in (_PERSON_BITS, _CHAT_BITS):
        written &= _BARE
    if kind == "private":
        return str(written)
    return marked_group_id(written) if fields.get("type") == "private_group" else marked_channel_id(written)


def when(payload: dict[str, Any], key: str) -> ReadDate | None:
    """The time in `key`_unixtime or, if that is missing, in the local time `key`. The epoch counts as missing."""
    seconds = whole(payload.get(f"{key}_unixtime"))
    if seconds is None:
        seconds = whole(payload.get(key))
    found = _local(payload.get(key)) if seconds is None else _unix(seconds)
    return found if found and found.moment.year > 1970 else None


def author(payload: dict[str, Any]) -> Author | None:
    """Who wrote it. A signature (`author`) names the person behind a channel's post, so it wins over `from`."""
    old = is_of_2021(payload)
    peer = peer_id(payload.get("from_id"), of_2021=old) or peer_id(payload.get("actor_id"), of_2021=old)
    name = string(payload.get("author")) or string(payload.get("from")) or string(payload.get("actor"))
    return Author(id=peer, name=name) if peer or name else None


def forward(payload: dict[str, Any]) -> Forward | None:
    """The origin of a forward; a deleted account has neither name nor id."""
    if "forwarded_from" not in payload and "forwarded_from_id" not in payload:
        return None
    sent = when(payload, "forwarded_date")
    return Forward(
        name=string(payload.get("forwarded_from")),
        peer_id=peer_id(payload.get("forwarded_from_id"), of_2021=is_of_2021(payload)),
        date=sent.moment if sent else None,
    )


def reactions(payload: dict[str, Any]) -> tuple[Reaction, ...]:
    """The reactions with their counts, in the export's order."""
    return tuple(_reactions(payload.get("reactions")))


def _reactions(value: Any) -> Iterator[Reaction]:
    for item in objects(value):
        count, custom = whole(item.get("count")), string(item.get("document_id"))
        paid = "paid" if item.get("type") == "paid" else None
        emoji = string(item.get("emoji")) or (f"custom:{custom}" if custom else paid)
        if emoji and count is not None:
            yield Reaction(emoji=emoji, count=count)


def _piece_text(piece: Any) -> str:
    text = piece.get("text") if isinstance(piece, dict) else piece
    return text if isinstance(text, str) else ""


def _from_bits(number: int) -> str:
    """A chat's id becomes a channel id: basic groups look the same, but are never an author or forward origin."""
    if number >> 32 == _CHAT_BITS:
        return marked_channel_id(number & _BARE)
    return str(number & _BARE if number >> 32 == _PERSON_BITS else number)


def _unix(seconds: int) -> ReadDate | None:
    try:
        return ReadDate(datetime.fromtimestamp(seconds, UTC), zoneless=False)
    except (OverflowError, ValueError, OSError):
        return None


def _local(value: Any) -> ReadDate | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        zoneless = moment.tzinfo is None
        return ReadDate(moment.replace(tzinfo=UTC) if zoneless else moment.astimezone(UTC), zoneless)
    except (ValueError, OverflowError):
        return None
