"""Reads everything that is stored: messages, documents, entries, topics."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tg_parser.services.reading.access import Access
from tg_parser.services.reading.documents import DocumentReader
from tg_parser.services.reading.entries import EntryReader
from tg_parser.services.reading.messages import MessageReader
from tg_parser.services.reading.topics import TopicReader


class ReadingService:
    """Each part returns one item by id (`one`), a page (`page`), or a stream (`each`)."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self.messages = MessageReader(access)
        self.documents = DocumentReader(access)
        self.entries = EntryReader(access)
        self.topics = TopicReader(access)

    def restricted_to(self, channel_ids: Collection[str]) -> ReadingService:
        """Return the same service for a reader limited to these channels."""
        allowed = self._access.narrowed(tuple(channel_ids)) or ()
        return ReadingService(replace(self._access, allowed=frozenset(allowed)))
