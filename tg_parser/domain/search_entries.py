"""An entry of the search index: under which terms the document of a message is found."""

from __future__ import annotations

from dataclasses import dataclass

ALL = "=all"
"""The mark of every document, for queries that only exclude."""
SAMPLE = "~"
"""In one document of SAMPLE_RATE, every term is there a second time behind this sign: how frequent a very frequent term
is can then be estimated without counting all its documents."""
SAMPLE_RATE = 32
_SECONDS_BITS, _ID_BITS, _CHAT_BITS = 33, 20, 9


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """`terms` are the words in their order, then marks for filters and the sample, separated by single spaces.

    `number` grows with the time of the message and is the same in every database. `length` counts the words,
    `text_hash` names the embedding of the text.
    """

    number: int
    source_ref: str
    text_hash: str
    length: int
    terms: str


def entry_number(seconds: int, message_id: int, *, is_comment: bool, chat: int) -> int:
    """The number of a message: 63 bits of its time, then of its id, kind and chat.

    Two messages share one only if they are of the same second and kind, their ids are equal in the lowest 20 bits, and
    the digests of their chats in the lowest 9.
    """
    clamped = max(0, min(seconds, (1 << _SECONDS_BITS) - 1))
    number = clamped << _ID_BITS | message_id % (1 << _ID_BITS)
    return (number << 1 | is_comment) << _CHAT_BITS | chat % (1 << _CHAT_BITS)


def first_number(seconds: int) -> int:
    """The lowest number that a message of this second or a later one may have."""
    return entry_number(seconds, 0, is_comment=False, chat=0)
