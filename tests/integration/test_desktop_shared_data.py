"""Real and derived exports agree with the counts written down beside them."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from desktop_files import read

from tg_parser.sample import SAMPLE_EXPORT

NEIGHBOUR = Path(__file__).parents[3] / "shared" / "data"
DATA = Path(os.environ.get("TG_PARSER_SHARED_DATA") or NEIGHBOUR)
EXPORTS = DATA / "tdesktop_export"
BUILDER = Path(__file__).parents[2] / "scripts" / "build_sample.py"
NAMES = (
    "derived_coding_notes_ru", "derived_habr", "derived_naked_science", "derived_spb_events_ru",
    "fixture_roboteam_group", "fixture_tg2md_channel", "fixture_tiny_public_channel", "uponthepath_channel",
)  # fmt: skip
MEDIA = {
    "sticker": "sticker", "video_file": "video", "audio_file": "audio", "voice_message": "voice",
    "animation": "animation", "video_message": "video_message",
}  # fmt: skip

pytestmark = pytest.mark.skipif(
    not (EXPORTS / "expected_counts.json").is_file(),
    reason="the sample exports may not be redistributed: set TG_PARSER_SHARED_DATA to the folder that holds them",
)


@cache
def expected_counts():
    return json.loads((EXPORTS / "expected_counts.json").read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
async def test_an_export_agrees_with_its_expected_counts(name):
    """Messages, services, texts, edits, forwards, replies, media, ids, dates and every character of the texts."""
    expected = expected_counts()[name]
    reading = await read(EXPORTS / name)
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


def test_no_export_there_is_left_untested():
    """Every export of the folder is in the list above."""
    assert sorted(expected_counts()) == sorted(NAMES)


def test_the_bundled_sample_is_what_its_builder_builds(tmp_path):
    """The script gives the bundled bytes from the same data, so nobody edited them by hand."""
    built = tmp_path / "result.json"
    subprocess.run([sys.executable, BUILDER, DATA, built], check=True, capture_output=True, timeout=60)
    assert built.read_bytes() == SAMPLE_EXPORT.read_bytes()


def _facts(messages):
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


def _media_kinds(messages):
    kinds = Counter(item.kind for message in messages for item in message.media)
    return {kind: number for kind, number in kinds.items() if kind in MEDIA.values()}


def _texts_digest(messages):
    return hashlib.sha256("\x1e".join(f"{item.id}\x1f{item.text}" for item in messages).encode()).hexdigest()
