"""Raw messages as NDJSON: whole, in order, the same bytes from the same data."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW, message

from tg_parser.domain.messages import ExportedMessage
from tg_parser.export.raw import PAGE, RawExporter, RawRequest
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.revision_log import RevisionLog

OTHER = "-1009"


@pytest.fixture
async def exporter(databases: Databases) -> RawExporter:
    raw = RawStorage(databases.raw)
    await raw.store([message(number, f"Text {number}", raw_payload={"n": number}) for number in range(1, 6)], NOW)
    await raw.store([message(1, "Elsewhere", channel=OTHER)], NOW)
    await raw.store([message(2, "Text 2, edited")], NOW + timedelta(hours=1))
    await raw.store([message(2, "Text 2, edited twice")], NOW + timedelta(hours=2))
    await raw.mark_deleted(["tg:-100123:post:3"], NOW + timedelta(hours=3))
    return RawExporter(raw, RevisionLog(databases.raw))


async def written(exporter: RawExporter, *channels: str, **wanted: Any) -> list[bytes]:
    file = io.BytesIO()
    count = await exporter.write(file, RawRequest(channels, **wanted))
    lines = file.getvalue().splitlines()
    assert count == len(lines)
    return lines


async def test_every_message_is_a_line_of_the_contract(exporter: RawExporter) -> None:
    """As first seen, with its present text, its log and its deletion; by ref, channel by channel."""
    lines = [json.loads(line) for line in await written(exporter, OTHER, CHANNEL)]
    assert [each["message"]["source_ref"] for each in lines] == [
        *(f"tg:-100123:post:{number}" for number in range(1, 6)), "tg:-1009:post:1",
    ]  # fmt: skip
    assert all(ExportedMessage.model_validate(each) for each in lines)
    edited, deleted = lines[1], lines[2]
    assert (edited["message"]["text"], edited["current_text"]) == ("Text 2", "Text 2, edited twice")
    assert [(each["revision"], each["reason"], each["text"]) for each in edited["revisions"]] == [
        (1, "edited", "Text 2, edited"), (2, "edited", "Text 2, edited twice"),
    ]  # fmt: skip
    assert edited["revisions"][0]["observed_at"] == "2024-11-27T10:00:00Z"
    assert deleted["deleted_at"] == "2024-11-27T12:00:00Z"
    assert edited["message"]["raw_payload"] == {"n": 2}


async def test_filters_and_payload(exporter: RawExporter) -> None:
    """Dates of messages are half-open; without payload the rest is the same."""
    span = {"date_from": NOW + timedelta(minutes=2), "date_to": NOW + timedelta(minutes=4)}
    lines = [json.loads(line) for line in await written(exporter, CHANNEL, with_payload=False, **span)]
    assert [each["message"]["id"] for each in lines] == ["2", "3"]
    assert "raw_payload" not in lines[0]["message"]


async def test_same_data_same_bytes(exporter: RawExporter) -> None:
    """Two exports do not differ."""
    assert await written(exporter, CHANNEL) == await written(exporter, CHANNEL)


async def test_more_than_a_page(databases: Databases) -> None:
    """Nothing is lost or doubled where a page ends."""
    raw = RawStorage(databases.raw)
    await raw.store([message(number) for number in range(1, 2 * PAGE + 2)], NOW)
    lines = await written(RawExporter(raw, RevisionLog(databases.raw)), CHANNEL)
    assert len({json.loads(line)["message"]["id"] for line in lines}) == len(lines) == 2 * PAGE + 1
