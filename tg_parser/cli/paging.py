"""Collects the first items of a paged list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tg_parser.domain.pages import PageRequest
    from tg_parser.services.views.pages import Page

T = TypeVar("T")


async def gathered(read: Callable[[PageRequest], Awaitable[Page[T]]], limit: int) -> list[T]:
    """Return the first `limit` items of a list, read page by page."""
    from tg_parser.domain.pages import MOST_ON_A_PAGE, PageRequest

    found: list[T] = []
    cursor: str | None = None
    while len(found) < limit:
        page = await read(PageRequest(min(limit - len(found), MOST_ON_A_PAGE), cursor))
        found += page.items
        if (cursor := page.next_cursor) is None:
            break
    return found
