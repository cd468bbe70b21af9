"""One pass over an HTML export: its chats one after another, the messages of each in batches. Synchronous."""

from __future__ import annotations

from tg_parser.domain.messages import Chat
from tg_parser.ingestion.desktop.batch import GrowingBatch
from tg_parser.ingestion.desktop.html.chat import ChatReading, described
from tg_parser.ingestion.desktop.html.files import HtmlExport
from tg_parser.ingestion.source import Batch, Window


class HtmlExportReader:
    """Reads one chat at a time; next_chat() goes on to the next, no matter how much of the last one was read."""

    def __init__(self, export: HtmlExport, *, batch_size: int, batch_bytes: int) -> None:
        self._export = export
        self._batch_size, self._batch_bytes = batch_size, batch_bytes
        self._reading: ChatReading | None = None
        self._passed = 0
        self.index = -1
        self.alone = export.alone

    @property
    def offset(self) -> int:
        """How many bytes of all pages have been read."""
        return self._passed + (self._reading.offset if self._reading else 0)

    def next_chat(self) -> Chat | None:
        """The next chat; None after the last. Raises SourceError if a chat that is in no list cannot be read."""
        self.close()
        self.index += 1
        if self.index >= len(self._export.chats):
            return None
        pages = self._export.chats[self.index]
        encoding = self._export.encoding
        self._reading = ChatReading(pages, pages.chat or described(pages, encoding), encoding)
        return self._reading.chat

    def next_batch(self, window: Window) -> Batch | None:
        """The next messages of the current chat that `window` wants; None after the last. Raises SourceError."""
        reading = self._reading
        if reading is None:
            return None
        room = self._batch_size if window.limit is None else min(self._batch_size, window.limit - reading.taken)
        batch = GrowingBatch()
        self._fill(batch, reading, window, room)
        reading.taken += len(batch.messages)
        batch.notes.update(reading.new_notes())
        if not batch.is_empty():
            return batch.finished()
        if room > 0:
            reading.raise_problems()
        return None

    def close(self) -> None:
        """Leave the current chat."""
        self._passed = self.offset
        self._reading = None

    def _fill(self, batch: GrowingBatch, reading: ChatReading, window: Window, room: int) -> None:
        taken = 0
        while len(batch.messages) < room and (taken < self._batch_bytes or batch.is_empty()):
            element = reading.next_element()
            if element is None:
                return
            if not batch.add(reading.mapped(element), window):
                reading.hold(element)
                return
            taken += len(element.html)
