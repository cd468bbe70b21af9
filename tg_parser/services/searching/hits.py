"""Hits as they are shown: with the facts of their messages, a snippet and links."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from tg_parser.export.links import ChatAddress, message_link
from tg_parser.search.searcher import Found, Hit
from tg_parser.search.snippets import snippet
from tg_parser.services.reading.access import Access
from tg_parser.services.views.search import CopyView, SearchHit, SnippetView
from tg_parser.storage.stores.document_reading import DocumentFilter

Row = Mapping[str, Any]
_DECIMALS = 4


async def hit_views(access: Access, found: Found) -> tuple[SearchHit, ...]:
    """The hits in their order; those whose document has gone meanwhile are left out."""
    refs = [ref for hit in found.hits for ref in (hit.ranked.source_ref, *hit.copies)]
    wanted = DocumentFilter(source_refs=tuple(refs), channel_ids=access.narrowed(None), with_facts=True)
    page = await access.documents.page(wanted, "newest", max(1, len(refs)), allowed=access.allowed)
    rows = {row["source_ref"]: row for row in page.rows}
    addresses = await access.addresses({row["channel_id"] for row in page.rows})
    links = {ref: _link(row, addresses) for ref, row in rows.items()}
    return tuple(
        _view(hit, rows[ref], links, tuple(page.topics.get(ref, ())), found.terms)
        for hit in found.hits
        if (ref := hit.ranked.source_ref) in rows
    )


def _view(hit: Hit, row: Row, links: Mapping[str, str | None], topics: tuple[str, ...], terms: Set[str]) -> SearchHit:
    ranked = hit.ranked
    return SearchHit(
        source_ref=ranked.source_ref,
        channel_id=row["channel_id"],
        message_id=row["source_message_id"],
        message_type=row["message_type"],
        date=row["message_date"],
        author=row["author_name"],
        link=links[ranked.source_ref],
        language=row["language"],
        tone=row["sentiment"] and row["sentiment"]["label"],
        score=round(ranked.score, _DECIMALS),
        words=round(ranked.words, _DECIMALS),
        meaning=round(ranked.meaning, _DECIMALS),
        snippet=SnippetView.copied_from(snippet(row["text_clean"], terms)),
        topics=topics,
        copies=tuple(CopyView(source_ref=ref, link=links[ref]) for ref in hit.copies if ref in links),
    )


def _link(row: Row, addresses: Mapping[str, ChatAddress]) -> str | None:
    address = addresses.get(row["channel_id"], ChatAddress())
    return message_link(row["channel_id"], row["message_type"], row["source_message_id"], row["thread_id"], address)
