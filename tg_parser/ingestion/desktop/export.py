"""A Telegram Desktop export as message sources: one chat or a whole account, read in one pass."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Protocol

from tg_parser.domain.errors import ExportFormatError, SourceError
from tg_parser.domain.messages import Adapter, Chat
from tg_parser.ingestion.desktop.encoding import cannot_be_read, known_encoding, require_legible
from tg_parser.ingestion.desktop.html.files import HtmlExport, find_html_export
from tg_parser.ingestion.desktop.html.page import EXPORT_HINT
from tg_parser.ingestion.desktop.html.reader import HtmlExportReader
from tg_parser.ingestion.desktop.json_reader import JsonExportReader
from tg_parser.ingestion.source import Batch, Window
from tg_parser.storage.engine.threads import in_thread

_RESULT = "result.json"

ChatFilter = Callable[[Chat], bool]


class ExportReader(Protocol):
    """One pass over an export, currently at chat number `index`; `alone` if it contains only one chat. Synchronous.

    Its methods raise SourceError; everything returned before the error is valid.
    """

    index: int
    alone: bool

    @property
    def offset(self) -> int:
        """How many bytes have been read."""
        ...

    def next_chat(self) -> Chat | None:
        """The next chat, no matter how much of the last one was read; None after the last."""
        ...

    def next_batch(self, window: Window) -> Batch | None:
        """The next messages of the current chat that `window` wants; None after the last."""
        ...

    def close(self) -> None:
        """Close the file. Nothing can be read afterwards."""
        ...


class DesktopExport:
    """An export in JSON or HTML, given as a file or its folder. Read in a thread, in memory independent of its size."""

    def __init__(
        self,
        path: Path | str,
        *,
        encoding: str | None = None,
        batch_size: int = 1000,
        batch_bytes: int = 8 * 1024 * 1024,
    ) -> None:
        self._encoding = known_encoding(encoding) if encoding else None
        self._found = found = locate_export(Path(path), self._encoding)
        self.path = found.path if isinstance(found, HtmlExport) else found
        self.size = found.size if isinstance(found, HtmlExport) else found.stat().st_size
        self.left_out: list[Chat] = []
        self._batch_size, self._batch_bytes = batch_size, batch_bytes
        self._reader = self._new_reader()

    @property
    def offset(self) -> int:
        """How many of the export's `size` bytes have been read."""
        return self._reader.offset

    @property
    def alone(self) -> bool:
        """Whether it is an export of one chat, as far as it has been read."""
        return self._reader.alone

    async def chats(self, wanted: ChatFilter | None = None) -> AsyncGenerator[ExportedChat, None]:
        """The chats one after another; read each one before asking for the next. Raises SourceError.

        From the export of an account, yields channels and groups unless `wanted` decides otherwise; from the export of
        one chat, that chat. The others are listed in `left_out`. The encoding of the whole export is checked before the
        first chat.
        """
        self.left_out = []
        await in_thread(self._require_legible)
        self._reader = reader = self._new_reader()
        while (chat := await in_thread(reader.next_chat)) is not None:
            if wanted(chat) if wanted else reader.alone or chat.kind != "private":
                yield ExportedChat(chat, reader, self._new_reader)
            else:
                self.left_out.append(chat)

    def _require_legible(self) -> None:
        found = self._found
        require_legible(found.existing_pages if isinstance(found, HtmlExport) else [found], self._encoding)

    def _new_reader(self) -> ExportReader:
        at_a_time = {"batch_size": self._batch_size, "batch_bytes": self._batch_bytes}
        if isinstance(self._found, HtmlExport):
            return HtmlExportReader(self._found, **at_a_time)
        return JsonExportReader(self._found, encoding=self._encoding, **at_a_time)


class ExportedChat:
    """One chat of an export: a MessageSource."""

    def __init__(self, chat: Chat, reader: ExportReader, new_reader: Callable[[], ExportReader]) -> None:
        self._chat, self._reader, self._new_reader = chat, reader, new_reader
        self._index = reader.index
        self._started = False

    @property
    def chat(self) -> Chat:
        """The chat the messages belong to."""
        return self._chat

    @property
    def via(self) -> Adapter:
        """The adapter's name."""
        return "export"

    @property
    def newest_first(self) -> bool:
        """An export is in ascending id order."""
        return False

    @property
    def follows_cursor(self) -> bool:
        """An export may cover only a part of the chat."""
        return False

    async def batches(self, window: Window) -> AsyncGenerator[Batch, None]:
        """Batches in id order. The cursor does not limit them: a newer export may contain older history and edits."""
        if self._started or self._reader.index != self._index:
            async with aclosing(self._batches_again(window)) as again:
                async for batch in again:
                    yield batch
            return
        self._started = True
        async for batch in _batches(self._reader, window):
            yield batch

    async def _batches_again(self, window: Window) -> AsyncGenerator[Batch, None]:
        reader = self._new_reader()
        try:
            while reader.index < self._index:
                await in_thread(reader.next_chat)
            async for batch in _batches(reader, window):
                yield batch
        finally:
            reader.close()


def locate_export(path: Path, encoding: str | None = None) -> Path | HtmlExport:
    """The result.json that `path` is or contains, else the pages that it is or contains. Raises SourceError.

    In a folder with both, the JSON is used, because it contains more.
    """
    try:
        result = path / _RESULT if path.is_dir() else path
        if result != path and result.exists():
            return result
        if (pages := find_html_export(path, encoding)) is not None:
            return pages
        if result.exists():
            return result
    except OSError as error:
        raise cannot_be_read(path, error) from error
    if result == path:
        raise SourceError(f"There is no file {path}.", EXPORT_HINT)
    raise ExportFormatError(f"{path} contains no {_RESULT} and no messages.html.", EXPORT_HINT)


async def _batches(reader: ExportReader, window: Window) -> AsyncGenerator[Batch, None]:
    while (batch := await in_thread(lambda: reader.next_batch(window))) is not None:
        yield batch
