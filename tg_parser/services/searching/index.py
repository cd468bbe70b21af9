"""Builds and repairs the search index, batch by batch: whatever ends it, what is done stays done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.search_entries import SearchEntry
from tg_parser.nlp.indexing import Indexed, entry_of
from tg_parser.services.views.search import IndexReport
from tg_parser.storage.stores.search_index import SearchIndex

_AT_ONCE = 1_000


class IndexService:
    """The upkeep of the index."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    async def build(self, *, rebuild: bool = False, report: ReportProgress = silent) -> IndexReport:
        """Index every document that is not indexed; first forget all entries if `rebuild`, or if they were lost."""
        forget = rebuild or await self._index.is_lost()
        if forget:
            await self._index.forget_all()
        waiting, added = await self._index.missing(), 0
        async for page in self._index.without_entry(_AT_ONCE):
            entries = await asyncio.to_thread(_entries, page)
            await self._index.add(entries, {row["source_ref"]: row["processed_at"] for row in page})
            added += len(page)
            report(Progress("index", added, waiting))
        indexed, documents = await self.state()
        return IndexReport(added=added, indexed=indexed, documents=documents, rebuilt=forget)

    async def state(self) -> tuple[int, int]:
        """How many documents are indexed, and how many there are."""
        documents = await self._index.documents()
        lost = await self._index.is_lost()
        return (0 if lost else documents - await self._index.missing()), documents


def _entries(page: Sequence[Mapping[str, Any]]) -> dict[str, SearchEntry]:
    return {row["source_ref"]: entry_of(Indexed.of_stored(row)) for row in page}
