"""One pass over a JSON export: its chats in file order, the messages of each in batches. Synchronous."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tg_parser.domain.errors import SourceError
from tg_parser.domain.messages import Chat
from tg_parser.ingestion.desktop.batch import GrowingBatch
from tg_parser.ingestion.desktop.json_stream import ChatEnd, ChatStart, ExportParser, StreamItem
from tg_parser.ingestion.desktop.mapping import MessageMapper, map_chat
from tg_parser.ingestion.desktop.repair import RepairingReader
from tg_parser.ingestion.desktop.values import RawItem
from tg_parser.ingestion.source import Batch, Window


class JsonExportReader:
    """Reads one chat at a time; next_chat() goes on to the next, no matter how much of the last one was read."""

    def __init__(self, path: Path, *, batch_size: int, batch_bytes: int, encoding: str | None = None) -> None:
        self._path, self._encoding = path, encoding
        self._batch_size, self._batch_bytes = batch_size, batch_bytes
        self._reader = RepairingReader(path, encoding)
        self._items = ExportParser(self._reader).items()
        self._mapper: MessageMapper | None = None
        self._pushed_back: StreamItem | None = None
        self._error: SourceError | None = None
        self._headers: list[dict[str, Any]] | None = None
        self._reported: Counter[str] = Counter()
        self._taken = 0
        self.index = -1
        self.alone = False

    @property
    def offset(self) -> int:
        """How many bytes of the file have been read."""
        return self._reader.offset

    def next_chat(self) -> Chat | None:
        """The next chat of the file; None after the last. Raises SourceError."""
        self._pushed_back, self._mapper, self._taken = None, None, 0
        self._raise_held_error()
        for item in self._items:
            if isinstance(item, ChatStart):
                self.index, self.alone = self.index + 1, item.alone
                self._hold_first()
                first = self._pushed_back.value if isinstance(self._pushed_back, RawItem) else None
                self._mapper = MessageMapper(map_chat(self._header(item), first))
                return self._mapper.chat
        self.index += 1
        return None

    def next_batch(self, window: Window) -> Batch | None:
        """The next messages of the current chat that `window` wants; None after the last. Raises SourceError."""
        self._raise_held_error()
        batch = GrowingBatch()
        try:
            self._fill(batch, window)
        except SourceError as error:
            # Everything complete before the damage is returned first; the next call raises the error.
            self._error = error
        self._taken += len(batch.messages)
        batch.notes.update(self._reader.repairs - self._reported)
        self._reported = self._reader.repairs.copy()
        if batch.is_empty():
            self._raise_held_error()
            return None
        return batch.finished()

    def close(self) -> None:
        """Close the file. Nothing can be read afterwards."""
        self._items.close()

    def _fill(self, batch: GrowingBatch, window: Window) -> None:
        room = self._batch_size if window.limit is None else min(self._batch_size, window.limit - self._taken)
        until = self.offset + self._batch_bytes
        while self._mapper is not None and len(batch.messages) < room and (self.offset <= until or batch.is_empty()):
            item = self._pushed_back or next(self._items, None)
            self._pushed_back = None
            if not isinstance(item, RawItem):
                self._mapper = None
            elif not batch.add(self._mapper.map(item.value), window):
                self._pushed_back = item
                return

    def _hold_first(self) -> None:
        """Read the first message of a chat in advance: it shows when the export was made."""
        try:
            self._pushed_back = next(self._items, None)
        except SourceError as error:
            self._error = error

    def _header(self, start: ChatStart) -> dict[str, Any]:
        """The fields of a chat, even if they come after its messages (in files with sorted keys)."""
        if {"id", "type"} <= start.fields.keys():
            return start.fields
        if self._headers is None:
            self._headers = _headers(self._path, self._encoding)
        return self._headers[self.index] if self.index < len(self._headers) else start.fields

    def _raise_held_error(self) -> None:
        if self._error is not None:
            raise self._error


def _headers(path: Path, encoding: str | None) -> list[dict[str, Any]]:
    """The complete headers of all chats, read in a separate pass; if the file is damaged, those before the damage."""
    headers: list[dict[str, Any]] = []
    try:
        for item in ExportParser(RepairingReader(path, encoding)).items():
            if isinstance(item, ChatEnd):
                headers.append(item.fields)  # noqa: PERF401 - what came before an error stays
    except SourceError:
        # The main pass meets the same damage and reports it.
        return headers
    return headers
