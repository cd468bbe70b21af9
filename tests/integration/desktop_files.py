"""Export files for tests, and how to read one whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.ingestion.desktop.export import DesktopExport
from tg_parser.ingestion.source import Window

EVERYTHING = Window()


def message(number: int, **fields: Any) -> dict[str, Any]:
    """A message as Telegram Desktop writes it: message `number` was sent `number` minutes after 2024-09-12T00:00Z."""
    return {
        "id": number,
        "type": "message",
        "date_unixtime": str(1_726_099_200 + 60 * number),
        "from": "News",
        "from_id": "channel1",
        "text": f"text {number}",
        "text_entities": [{"type": "plain", "text": f"text {number}"}],
    } | fields


def chat(*messages: Any, **fields: Any) -> dict[str, Any]:
    """An export of one channel."""
    return {"name": "News", "type": "public_channel", "id": 1, **fields, "messages": list(messages)}


def write(folder: Path, content: bytes | dict[str, Any], name: str = "result.json") -> Path:
    """Write `content` (JSON or bytes) into `folder`; the path."""
    path = folder / name
    path.write_bytes(
        content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False, indent=1).encode()
    )
    return path


class Reading:
    """All that an export gave until its end or its error."""

    def __init__(self) -> None:
        self.chats: list[Chat] = []
        self.messages: list[RawMessage] = []
        self.batches: list[int] = []
        self.skipped: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.left_out: Sequence[Any] = []
        self.error: Any = None

    @property
    def ids(self) -> list[str]:
        return [item.id for item in self.messages]


async def read(
    path: str | Path, window: Window = EVERYTHING, wanted: Callable[..., Any] | None = None, **options: Any
) -> Reading:
    """Read an export as a stage would, keeping the error it ends with."""
    reading = Reading()
    try:
        export = DesktopExport(path, **options)
        async for source in export.chats(wanted):
            reading.chats.append(source.chat)
            reading.left_out = export.left_out
            async for batch in source.batches(window):
                reading.batches.append(len(batch.messages))
                reading.messages.extend(batch.messages)
                reading.skipped.update(batch.skipped)
                reading.notes.update(batch.notes)
        reading.left_out = export.left_out
    except Exception as error:  # noqa: BLE001 - the tests look at it
        reading.error = error
    return reading
