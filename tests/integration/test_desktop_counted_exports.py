"""Real and derived exports agree with the counts written down beside them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from desktop_files import read
from sample_data import DATA, LENT, present, sample

from tg_parser.domain.messages import RawMessage

NAMES = (
    "derived_coding_notes_ru", "derived_habr", "derived_naked_science", "derived_spb_events_ru",
    "fixture_roboteam_group", "fixture_tg2md_channel", "fixture_tiny_public_channel", "uponthepath_channel",
)  # fmt: skip
MEDIA = {
    "sticker": "sticker", "video_file": "video", "audio_file": "audio", "voice_message": "voice",
    "animation": "animation", "video_message": "video_message",
}  # fmt: skip


@cache
def expected_counts() -> dict[str, dict[str, Any]]:
    """Those of the repository, and of all that are lent."""
    files = [root / "tdesktop_export" / "expected_counts.json" for root in (DATA, LENT)]
    return {name: one for file in files if file.exists() for name, one in json.loads(file.read_text("utf-8")).items()}


@pytest.mark.parametrize("name", present("tdesktop_export", *NAMES))
async def test_an_export_agrees_with_its_expected_counts(name: str) -> None:
    """Messages, services, texts, edits, forwards, replies, media, ids, dates and every character of the texts."""
    expected = expected_counts()[name]
    reading = await read(sample("tdesktop_export", name))
    # The counts take only elements of the type "message" for messages.
    written = [item for item in reading.messages if item.raw_payload.get("type") == "message"]
    services = Counter(item.service_action for item in reading.messages if item.service_action)
    assert (reading.error, reading.skipped) == (None, {})
    assert (reading.chats[0].title, len(reading.messages)) == (expected["name"], expected["messages"])
    assert services == expected["service_actions"]
    assert len(written) == expected["by_type"].get("message", 0)
    assert _facts(written) == {key: expected[key] for key in _facts([])}
    assert _texts_digest(written) == expected["text_sha256"]
    ids = [int(item.id) for item in reading.messages]
    assert (ids[0], ids[-1], len(set(ids))) == (expected["min_id"], expected["max_id"], expected["distinct_ids"])
    assert ids == sorted(ids)
    dates = (reading.messages[0].raw_payload["date"], reading.messages[-1].raw_payload["date"])
    assert dates == (expected["first_date"], expected["last_date"])
    assert _media_kinds(written) == {MEDIA[kind]: number for kind, number in expected["media_type"].items()}


def test_no_export_there_is_left_untested() -> None:
    """Every export of the folder is in the list above."""
    assert sorted(expected_counts()) == sorted(present("tdesktop_export", *NAMES))


def _facts(messages: list[RawMessage]) -> dict[str, int]:
    media = [item for message in messages for item in message.media]
    return {
        "with_text": sum(bool(item.text) for item in messages),
        "text_chars_total": sum(len(item.text) for item in messages),
        "edited": sum(item.edited_at is not None for item in messages),
        "forwarded_from": sum(item.forward is not None for item in messages),
        "reply_to_message_id": sum(item.reply_to_message_id is not None for item in messages),
        "reactions": sum(bool(item.reactions) for item in messages),
        "photo": sum(item.kind == "photo" for item in media),
        "poll": sum(item.kind == "poll" for item in media),
        "file": sum(item.kind not in ("photo", "poll") for item in media),
    }


def _media_kinds(messages: list[RawMessage]) -> dict[str, int]:
    kinds = Counter(item.kind for message in messages for item in message.media)
    return {kind: number for kind, number in kinds.items() if kind in MEDIA.values()}


def _texts_digest(messages: list[RawMessage]) -> str:
    return hashlib.sha256("\x1e".join(f"{item.id}\x1f{item.text}" for item in messages).encode()).hexdigest()
