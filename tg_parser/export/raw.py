"""Writes raw messages to a file, by ref: one per line as it was first seen, with its present text and its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.utc_time import iso_z
from tg_parser.export.writers import to_json
from tg_parser.storage.engine.threads import in_thread
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.raw_rows import Revision, StoredMessage
from tg_parser.storage.stores.revision_log import RevisionLog

PAGE = 200
"""Payloads may have 256 KiB each, and memory holds a page of them."""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """Which messages. Dates are half-open; payloads are the adapter's input, kept for inspection."""

    channel_ids: Sequence[str]
    date_from: datetime | None = None
    date_to: datetime | None = None
    with_payload: bool = True


class RawExporter:
    """Writes RawMessages as NDJSON; the same data give the same bytes."""

    def __init__(self, raw: RawStorage, log: RevisionLog) -> None:
        self._raw = raw
        self._log = log

    async def write(self, file: BinaryIO, request: RawRequest, report: ReportProgress = silent) -> int:
        """Write all messages of `request`; returns their number."""
        count = 0
        for channel_id in sorted(set(request.channel_ids), key=lambda channel: f"tg:{channel}:"):
            sent = (request.date_from, request.date_to)
            async for page in self._raw.pages(channel_id, PAGE, sent=sent):
                edited = [stored.message.source_ref for stored in page if stored.revision]
                logs = await self._log.of(edited)
                await in_thread(_write, file, page, logs, request.with_payload)
                count += len(page)
                report(Progress("messages", count))
        return count


def _write(
    file: BinaryIO, page: Sequence[StoredMessage], logs: Mapping[str, Sequence[Revision]], with_payload: bool
) -> None:
    for stored in page:
        log = logs.get(stored.message.source_ref, [])
        file.write(to_json(raw_line(stored, log, with_payload=with_payload)) + b"\n")


def raw_line(stored: StoredMessage, log: Sequence[Revision], *, with_payload: bool = True) -> dict[str, Any]:
    """One message as `domain.messages.ExportedMessage` describes it."""
    left_out = set() if with_payload else {"raw_payload"}
    return {
        "message": stored.message.model_dump(mode="json", exclude=left_out),
        "current_text": stored.current_text,
        "deleted_at": None if stored.deleted_at is None else iso_z(stored.deleted_at),
        "revisions": [
            {
                "revision": each.revision,
                "observed_at": iso_z(each.observed_at),
                "reason": each.reason,
                "text": each.text,
                "edited_at": None if each.edited_at is None else iso_z(each.edited_at),
            }
            for each in log
        ],
    }
