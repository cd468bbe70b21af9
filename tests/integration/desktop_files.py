"""Export files for tests, and how to read one whole."""

import json
from collections import Counter

from tg_parser.ingestion.desktop.export import DesktopExport
from tg_parser.ingestion.source import Window

EVERYTHING = Window()


def message(number, **fields):
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


def chat(*messages, **fields):
    """An export of one channel."""
    return {"name": "News", "type": "public_channel", "id": 1, **fields, "messages": list(messages)}


def write(folder, content, name="result.json"):
    """Write `content` (JSON or bytes) into `folder`; the path."""
    path = folder / name
    path.write_bytes(
        content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False, indent=1).encode()
    )
    return path


class Reading:
    """All that an export gave until its end or its error."""

    def __init__(self):
        self.chats, self.messages, self.batches = [], [], []
        self.skipped, self.notes = Counter(), Counter()
        self.left_out, self.error = [], None

    @property
    def ids(self):
        return [item.id for item in self.messages]


async def read(path, window=EVERYTHING, wanted=None, **options):
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
