"""Documents with their links and topics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.errors import NotFoundError
from tg_parser.domain.pages import Order, PageRequest, Position, position_cursor, position_of
from tg_parser.domain.refs import parse_source_ref
from tg_parser.export.links import ChatAddress, message_link
from tg_parser.services.reading.access import AT_ONCE, Access
from tg_parser.services.views.pages import DocumentView, Page
from tg_parser.storage.stores.document_reading import DocumentFilter, DocumentSlice

__all__ = ["DocumentFilter", "DocumentReader", "visible_rows"]

_LIST = "documents"


class DocumentReader:
    """Reads one document, or documents by filter."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def one(self, written: str) -> DocumentView:
        """Return a document by its id or its message's ref. Raises InvalidRefError, NotFoundError."""
        ref = str(parse_source_ref(written.removeprefix("doc:")))
        found = await visible_rows(self._access, DocumentFilter(source_refs=(ref,)), "ref", 1)
        if not found.rows:
            raise NotFoundError(f"There is no document of {ref}.", case="no_document", asked=written)
        (view,) = await self._views(found)
        return view

    async def page(self, wanted: DocumentFilter, page: PageRequest, order: Order = "newest") -> Page[DocumentView]:
        """Return a page of documents. Raises InvalidCursorError, NotFoundError for an unknown topic."""
        after = position_of(page.cursor, _LIST, wanted, order)
        found = await visible_rows(self._access, wanted, order, page.limit, after)
        end = found.end and position_cursor(found.end, _LIST, wanted, order)
        return Page(items=await self._views(found), next_cursor=end)

    async def each(self, wanted: DocumentFilter, order: Order = "newest") -> AsyncIterator[DocumentView]:
        """Yield all documents that match the filter."""
        cursor: str | None = None
        while True:
            page = await self.page(wanted, PageRequest(AT_ONCE, cursor), order)
            for view in page.items:
                yield view
            if (cursor := page.next_cursor) is None:
                return

    async def _views(self, found: DocumentSlice) -> tuple[DocumentView, ...]:
        addresses = await self._access.addresses({row["channel_id"] for row in found.rows})
        return tuple(
            _view(row, found.topics.get(row["source_ref"], ()), addresses.get(row["channel_id"], ChatAddress()))
            for row in found.rows
        )


async def visible_rows(
    access: Access, wanted: DocumentFilter, order: Order, limit: int, after: Position | None = None
) -> DocumentSlice:
    """Return a page of rows of documents that match the filter and may be read. Raises NotFoundError."""
    if wanted.topic_id is not None:
        await access.require_topic(wanted.topic_id)
    wanted = replace(wanted, channel_ids=access.narrowed(wanted.channel_ids))
    return await access.documents.page(wanted, order, limit, after, allowed=access.allowed)


def _view(row: Mapping[str, Any], topics: Sequence[str], address: ChatAddress) -> DocumentView:
    link = message_link(row["channel_id"], row["message_type"], row["source_message_id"], row["thread_id"], address)
    return DocumentView(
        document=ProcessedDocument(**{name: row[name] for name in ProcessedDocument.model_fields}),
        date=row["message_date"],
        message_type=row["message_type"],
        thread_id=row["thread_id"],
        parent_message_id=row["parent_message_id"],
        link=link,
        topics=tuple(topics),
    )
