"""The same messages through the API's mapping and through a Telegram Desktop export give the same fields."""

from __future__ import annotations

import json
from typing import Any

import pytest
from desktop_files import read
from sample_data import LENT
from telegram_samples import undump

from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.ingestion.telegram.mapping import map_message


@pytest.mark.parametrize(("name", "messages"), [("coding_notes_ru", 27), ("spb_events_ru", 655)])
async def test_a_dump_and_the_export_of_the_same_chat_agree(name: str, messages: int) -> None:
    """Id, date, text, author, links, reactions, answer, edit, service action, and media agree."""
    dump = json.loads((LENT / "telethon_dump" / f"{name}.json").read_text("utf-8"))
    exported = await read(LENT / "tdesktop_export" / f"derived_{name}")
    mapped = [map_message(undump(item), exported.chats[0], {}, {}) for item in dump]
    mapped.sort(key=lambda message: int(message.id))
    assert len(mapped) == messages
    assert [_shared(message) for message in mapped] == [_shared(message) for message in exported.messages]


@pytest.mark.parametrize(
    "name", ["coding_notes_ru", "spb_events_ru", "ria_2024_04_ru", "regional_news_uk_ru", "crypto_templated_en"]
)
def test_the_payload_of_every_message_is_plain_json(name: str) -> None:
    """What is kept for debugging can be written as JSON and read back unchanged."""
    dump = json.loads((LENT / "telethon_dump" / f"{name}.json").read_text("utf-8"))
    chat = Chat(channel_id=f"-100{dump[0]['peer_id']['channel_id']}", title=name)
    payloads = [map_message(undump(item), chat, {}, {}).raw_payload for item in dump]
    assert json.loads(json.dumps(payloads)) == payloads
    assert [each["id"] for each in payloads] == [item["id"] for item in dump]


def _shared(message: RawMessage) -> dict[str, Any]:
    """What both tell: the derived exports know no sizes of photos and no names of other chats."""
    origin = message.forward.peer_id if message.forward else None
    media = [item.model_copy(update={"size": None}) if item.kind == "photo" else item for item in message.media]
    same = message.model_dump(
        include={
            "id", "message_type", "source_ref", "date", "text", "parent_message_id", "thread_id",
            "reply_to_message_id", "author", "reactions", "links", "service_action", "edited_at",
        }
    )  # fmt: skip
    return same | {"media": media, "origin": origin}
