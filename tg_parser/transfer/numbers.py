"""Refuses files of this format with wrong chat numbers: their revisions correct those, a copy does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tg_parser.domain.errors import StorageError
from tg_parser.domain.renumbering.numbers import right_source_number
from tg_parser.storage.engine.migrator import known_revisions, version_table
from tg_parser.storage.renumbering.common import Ask, channels_in_refs, right_numbers
from tg_parser.storage.renumbering.processing import channels_of_documents
from tg_parser.storage.tables import DatabaseName
from tg_parser.transfer.source.snapshot import Snapshot

_PUT_RIGHT_BY = {"ingestion": "ingestion_0004", "raw": "raw_0002", "processing": "processing_0004"}


def require_right_numbers(snapshot: Snapshot) -> None:
    """Raises StorageError if a chat has a wrong number: it may have rows under the right one too."""

    def ask(statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        cursor = snapshot.connection.execute(statement, values)
        return [dict(zip([each[0] for each in cursor.description], row, strict=True)) for row in cursor]

    versioned = {name for name, file in snapshot.files.items() if version_table(name) in file.tables}
    behind = {name for name in versioned if snapshot.files[name].format == "present" and _is_behind(name, ask)}
    channels = set[str]()
    if "raw" in behind:
        channels |= set(channels_in_refs(ask, "raw.raw_messages"))
    if "processing" in behind:
        channels |= set(channels_of_documents(ask))
    if "ingestion" in behind:
        channels |= {row["channel_id"] for row in ask("SELECT channel_id FROM ingestion.ingestion_state", {})}
    raw = snapshot.files.get("raw")
    wrong = set(right_numbers(ask, channels, with_messages=raw is not None and raw.format == "present"))
    if "ingestion" in behind:
        wrong |= set(_wrong_sources(snapshot, ask))
    if wrong:
        raise StorageError(
            f"The files contain chats under wrong numbers, written by an earlier version: {', '.join(sorted(wrong))}.",
            case="wrong_numbers",
            channels=sorted(wrong),
        )


def _is_behind(name: DatabaseName, ask: Ask) -> bool:
    rows = ask(f"SELECT version_num FROM {name}.{version_table(name)}", {})
    known = known_revisions(name)
    return bool(rows) and rows[0]["version_num"] in known[known.index(_PUT_RIGHT_BY[name]) + 1 :]


def _wrong_sources(snapshot: Snapshot, ask: Ask) -> Iterator[str]:
    with_access = "telegram_access" in snapshot.files["ingestion"].tables
    access = ask("SELECT channel_id FROM ingestion.telegram_access", {}) if with_access else ()
    seen = {row["channel_id"] for row in access}
    for row in ask("SELECT channel_id, channel_kind, channel_username, via FROM ingestion.ingestion_state", {}):
        channel, has_name = row["channel_id"], row["channel_username"] is not None or row["channel_id"] in seen
        if right_source_number(channel, row["channel_kind"], row["via"], has_name=has_name) is not None:
            yield channel
