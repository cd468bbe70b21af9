"""A page of messages, as one answer of Telegram gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tg_parser.ingestion.telegram.fields import People

A_PAGE = 100
"""Messages that Telegram gives at most in one answer, and ids that it takes in one question."""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Messages in the order of their ids, the names of those they mention, and whether nothing newer is there."""

    messages: Sequence[Any]
    people: People
    is_last: bool = False


NOTHING = MessagePage((), {}, is_last=True)


def in_pages(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """`ids` in parts of what one question takes."""
    return (ids[start : start + A_PAGE] for start in range(0, len(ids), A_PAGE))
