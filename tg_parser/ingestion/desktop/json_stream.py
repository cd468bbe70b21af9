"""Parses the JSON of an export as a stream: where each chat begins and ends, and its messages one by one."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import ijson

from tg_parser.domain.errors import ExportFormatError, ExportTruncatedError, TgParserError
from tg_parser.ingestion.desktop.repair import RepairingReader
from tg_parser.ingestion.desktop.values import ElementBuilder, Events, RawItem

JSON_HINT = (
    "In Telegram Desktop choose Export chat history with the format “Machine-readable JSON”, "
    "and give its result.json or the folder that contains it."
)
_ALONE = ("",)
_CHAT_PATHS = frozenset({_ALONE, ("", "chats", "list", "item"), ("", "left_chats", "list", "item")})
_HEADER = frozenset({"name", "type", "id"})
_ITEM = "item"


class ChatStart(NamedTuple):
    """A chat whose messages follow. `fields` are those read so far; `alone` if it is the export of one chat."""

    fields: dict[str, Any]
    alone: bool


class ChatEnd(NamedTuple):
    """The end of a chat, with all its fields."""

    fields: dict[str, Any]


StreamItem = ChatStart | RawItem | ChatEnd


class ExportParser:
    """Turns an export into StreamItems. Raises ExportFormatError, ExportTruncatedError; earlier items are valid."""

    def __init__(self, reader: RepairingReader) -> None:
        self._reader = reader
        self._events = ijson.sendable_list()
        self._json = ijson.basic_parse_coro(self._events)
        self._path: list[tuple[str, bool]] = []
        self._names: tuple[str, ...] = ()
        self._key = ""
        self._root_keys: list[str] = []
        self._chat: dict[str, Any] = {}
        self._chats = 0
        self._in_chat = False
        self._in_messages = False
        self._messages = ElementBuilder()

    def items(self) -> Generator[StreamItem, None, None]:
        """Everything in the file, in file order."""
        for piece in self._reader.pieces():
            error = self._parse(piece)
            yield from self._found()
            if error is not None:
                raise self._damaged(error)
        if self._parse(None) is not None:
            raise self._cut_short()
        if not self._chats:
            raise self._of_another_shape()

    def _parse(self, piece: bytes | None) -> ijson.JSONError | None:
        try:
            if piece is None:
                self._json.close()
            else:
                self._json.send(piece)
        except ijson.JSONError as error:
            return error
        return None

    def _found(self) -> Iterator[StreamItem]:
        events = iter(self._events)
        switched = True
        while switched:
            switched = yield from self._messages.read(events) if self._in_messages else self._skim(events)
            self._in_messages ^= switched
        self._events.clear()

    def _skim(self, events: Events) -> Generator[StreamItem, None, bool]:
        """Read what surrounds the messages; True when messages begin."""
        for event, value in events:
            if event == "map_key":
                self._key = value
                if self._names == _ALONE:
                    self._root_keys.append(value)
            elif event in ("start_map", "start_array"):
                if event == "start_array" and self._key == "messages" and self._names in _CHAT_PATHS:
                    self._in_chat = True
                    self._chats += 1
                    yield ChatStart(dict(self._chat), self._names == _ALONE)
                    return True
                self._enter(is_array=event == "start_array")
            elif event in ("end_map", "end_array"):
                if self._in_chat and self._names in _CHAT_PATHS:
                    self._in_chat = False
                    yield ChatEnd(dict(self._chat))
                self._leave()
            elif self._names in _CHAT_PATHS and self._key in _HEADER:
                self._chat[self._key] = value
        return False

    def _enter(self, *, is_array: bool) -> None:
        if not self._path and is_array:
            raise self._of_another_shape()
        self._path.append((self._key, is_array))
        self._names = tuple(name for name, _ in self._path)
        self._key = _ITEM if is_array else ""
        if self._names in _CHAT_PATHS:
            self._chat = {}

    def _leave(self) -> None:
        self._path.pop()
        self._names = tuple(name for name, _ in self._path)
        self._key = _ITEM if self._path and self._path[-1][1] else ""

    def _damaged(self, error: ijson.JSONError) -> TgParserError:
        if not self._root_keys:
            return _not_json(self._reader)
        reason = str(error).splitlines()[0]
        return ExportFormatError(
            f"{self._reader.path} is damaged before byte {self._reader.offset:,} ({reason}); {self._last_complete()}.",
            "Everything before the damage was read. Export the chat again to get the rest.",
        )

    def _cut_short(self) -> TgParserError:
        if not self._path and not self._root_keys:
            return _not_json(self._reader)
        return ExportTruncatedError(
            f"{self._reader.path} is truncated at byte {self._reader.offset:,}; {self._last_complete()}.",
            "Everything before that point was read. Export the chat again to get the rest.",
            path=str(self._reader.path),
        )

    def _last_complete(self) -> str:
        last = self._messages.last
        return (
            f"message {last.get('id')} is the last complete one" if isinstance(last, dict) else "no message is complete"
        )

    def _of_another_shape(self) -> TgParserError:
        keys = ", ".join(self._root_keys[:8])
        found = f"it has {keys}, but no chat with messages" if keys else "it has no chat with messages"
        return ExportFormatError(f"{self._reader.path} is JSON, but not a Telegram Desktop export: {found}.", JSON_HINT)


def _not_json(reader: RepairingReader) -> ExportFormatError:
    with reader.path.open("rb") as file:
        start = file.read(1024).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if not start:
        return ExportFormatError(f"{reader.path} is empty.", JSON_HINT)
    kind = "an HTML page" if start.startswith(b"<") else "not JSON"
    return ExportFormatError(f"{reader.path} is {kind}, so it is not a JSON export of Telegram Desktop.", JSON_HINT)
