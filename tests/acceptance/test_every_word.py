"""All words of a message reach the knowledge base; what is not understood is told; what was read worse is repaired."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from fake_telegram import tl
from fake_telegram_server import fake_telegram
from rich_content import as_api, as_json
from telegram_worlds import SOURCE, add_source, plain_channel, telegram_env

REPORT = [("heading", ["Harvest"]), ("paragraph", ["The wheat came in early"])]
POLL = {"question": "Which planet turns slowest?", "answers": [{"text": "Venus"}, {"text": "Mars"}]}
WORDS = {
    "1": "Harvest\n\nThe wheat came in early",
    "2": "Which planet turns slowest?\n- Venus\n- Mars",
    "3": "Moving the office\n- Boxes",
    "4": "Winter course\nTwelve lessons",
}


def post(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": number, "type": "message", "date_unixtime": str(1_700_000_000 + 60 * number), "text": "", **fields}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export with every kind of words, a photo alone, and two messages that nobody can understand yet."""
    messages = [
        {**as_json(REPORT), **post(1)},
        post(2, poll=POLL),
        post(3, todo_list={"title": "Moving the office", "answers": [{"text": "Boxes", "id": 1}]}),
        post(4, invoice_information='{"title": "Winter course", "description": "Twelve lessons"}'),
        post(5, photo="photos/1.jpg"),
        post(6, rich_thing={"said": "words to come"}),
        post(7, rich_thing={"said": "more of them"}),
    ]
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"name": "Farms", "type": "public_channel", "id": 1500000007, "messages": messages}))
    return path


def entries(folder: Path) -> dict[str, str]:
    lines = (folder / "kb_entries.ndjson").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return {each["id"].rsplit(":", 1)[1]: each["content"] for each in found if each["id"].startswith("kb:msg:")}


def forget(env: dict[str, str], *columns: str) -> None:
    """Leave what an earlier version stored: payloads, but not what this one reads from them."""
    with sqlite3.connect(env["RAW_STORAGE_DB_PATH"]) as raw:
        raw.execute(f"UPDATE raw_messages SET {', '.join(columns)}")
    raw.close()


def test_every_message_with_words_is_an_entry_and_the_rest_is_told(
    process_env: dict[str, str], export: Path, tmp_path: Path
) -> None:
    """Rich messages, polls, lists and bills are entries; a photo alone is without text and no noise."""
    done = tg_parser_json(process_env, "run", "--from-export", export, "--out", "out", cwd=tmp_path)
    assert entries(tmp_path / "out") == WORDS
    assert (done["process"]["noise"], done["process"]["without_text"]) == (0, 3)
    (collected,) = done["ingest"]
    assert collected["unknown"] == {"rich_thing": 2}
    (source,) = tg_parser_json(process_env, "status", cwd=tmp_path)["sources"]
    assert (source["documents"], source["noise"], source["without_text"]) == (7, 0, 3)
    said = tg_parser(process_env, "ingest", "--from-export", export, cwd=tmp_path).stdout
    assert "farms: messages of unknown kinds, stored unchanged: 2 rich_thing." in said


def test_what_an_earlier_version_read_is_repaired_and_processed_again(
    sqlite_env: dict[str, str], export: Path, tmp_path: Path
) -> None:
    """`ingest --reread` says what it did; then only what reads otherwise is waiting, and its words are entries."""
    tg_parser(sqlite_env, "ingest", "--from-export", export, cwd=tmp_path)
    forget(sqlite_env, "text = ''", "media_json = NULL")
    assert tg_parser_json(sqlite_env, "process", "--all", cwd=tmp_path)["without_text"] == 7
    (report,) = tg_parser_json(sqlite_env, "ingest", "--reread", "--all", cwd=tmp_path)["sources"]
    assert (report["read"], report["repaired"], report["not_in_payload"]) == (7, 5, 2)
    assert report["kinds"] == {"checklist": 1, "invoice": 1, "photo": 1, "poll": 1, "rich_message": 1}
    processed = tg_parser_json(sqlite_env, "process", "--all", cwd=tmp_path)
    assert (processed["waiting"], processed["without_text"]) == (4, 0)
    tg_parser(sqlite_env, "export", "--source", "farms", "--out", "out", cwd=tmp_path)
    assert entries(tmp_path / "out") == WORDS
    again = tg_parser(sqlite_env, "ingest", "--reread", "--source", "farms", cwd=tmp_path).stdout
    assert "not in payload" in again
    assert "tg-parser process" not in again


def test_reading_again_goes_with_no_way_of_collecting(sqlite_env: dict[str, str], export: Path, tmp_path: Path) -> None:
    """A call that asks for both is refused as wrong usage."""
    for option in (("--from-export", export), ("--recheck", "7d"), ("--limit", "5")):
        done = tg_parser(sqlite_env, "ingest", "--reread", "--all", *option, cwd=tmp_path, code=2)
        assert option[0] in done.stderr


def test_a_second_look_brings_the_words_that_no_payload_holds(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Where not even the payload was kept, Telegram is asked again: a fuller reading, not an edit."""
    news = plain_channel(1)
    news.post("", rich_message=as_api(REPORT).rich_message)
    news.post("", media=tl.MessageMediaUnsupported())
    with fake_telegram(news.world) as server:
        env = telegram_env(sqlite_env, server)
        add_source(env, tmp_path)
        (first,) = tg_parser_json(env, "ingest", "--source", SOURCE, cwd=tmp_path)["sources"]
        assert first["unknown"] == {"MessageMediaUnsupported": 1}
        forget(env, "text = CASE WHEN id = '2' THEN '' ELSE text END", "raw_payload_json = NULL")
        (report,) = tg_parser_json(env, "ingest", "--reread", "--all", cwd=tmp_path)["sources"]
        assert (report["repaired"], report["not_in_payload"]) == (0, 2)
        tg_parser(env, "ingest", "--source", SOURCE, "--recheck", "10", cwd=tmp_path)
    with sqlite3.connect(env["RAW_STORAGE_DB_PATH"]) as raw:
        assert raw.execute("SELECT reason, text FROM raw_revisions").fetchall() == [("richer_source", WORDS["1"])]
    raw.close()
