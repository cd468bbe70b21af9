"""Entries of messages, in the form that an export contains."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from tg_parser.domain.errors import NotFoundError
from tg_parser.domain.pages import Order, PageRequest, position_cursor, position_of
from tg_parser.domain.refs import message_entry_id, parse_source_ref
from tg_parser.export.entries import message_entry
from tg_parser.export.links import ChatAddress
from tg_parser.services.reading.access import AT_ONCE, Access
from tg_parser.services.reading.documents import visible_rows
from tg_parser.services.views.pages import Page
from tg_parser.storage.stores.document_reading import DocumentFilter, DocumentSlice

Entry = dict[str, Any]

_LIST = "entries"
_OF_MESSAGE = message_entry_id("")


class EntryReader:
    """Reads one entry, or entries by filter. Documents without text have no entry."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def one(self, written: str) -> Entry:
        """Return the entry of a message by its id or the message's ref. Raises InvalidRefError, NotFoundError."""
        ref = str(parse_source_ref(written.removeprefix(_OF_MESSAGE)))
        async for entry in self.each(DocumentFilter(source_refs=(ref,)), limit=1):
            return entry
        raise NotFoundError(f"There is no entry of {ref}.", case="no_document", asked=written)

    async def page(self, wanted: DocumentFilter, page: PageRequest, order: Order = "newest") -> Page[Entry]:
        """Return a page of entries. Raises InvalidCursorError, NotFoundError for an unknown topic."""
        after = position_of(page.cursor, _LIST, wanted, order)
        whole = replace(wanted, with_text=True, with_facts=True)
        found = await visible_rows(self._access, whole, order, page.limit, after)
        end = found.end and position_cursor(found.end, _LIST, wanted, order)
        return Page(items=await self._entries(found), next_cursor=end)

    async def each(
        self, wanted: DocumentFilter, limit: int | None = None, order: Order = "ref"
    ) -> AsyncIterator[Entry]:
        """Yield entries that match the filter, at most `limit`."""
        cursor: str | None = None
        left = limit
        while left is None or left > 0:
            size = AT_ONCE if left is None else min(left, AT_ONCE)
            page = await self.page(wanted, PageRequest(size, cursor), order)
            for entry in page.items:
                yield entry
            left = None if left is None else left - len(page.items)
            if (cursor := page.next_cursor) is None:
                return

    async def _entries(self, found: DocumentSlice) -> tuple[Entry, ...]:
        addresses = await self._access.addresses({row["channel_id"] for row in found.rows})
        return tuple(
            message_entry(row, found.topics.get(row["source_ref"], ()), addresses.get(row["channel_id"], ChatAddress()))
            for row in found.rows
        )
