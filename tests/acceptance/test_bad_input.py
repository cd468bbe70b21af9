"""Wrong input gives one clear line with a hint and the right exit code, and loses nothing."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_process import SECONDS, command, exported, small_export, tg_parser, tg_parser_json

CHAT = {"name": "Test", "type": "public_channel", "id": 1234567890}


def write_export(folder: Path, messages: list[Any], **chat: Any) -> Path:
    path = folder / "result.json"
    path.write_text(json.dumps({**CHAT, **chat, "messages": messages}, ensure_ascii=True), "utf-8")
    return path


def post(number: int | str, text: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "message",
        "date_unixtime": str(1_700_000_000 + int(number) * 60),
        "text": text,
        **fields,
    }


def entries(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "kb_entries.ndjson").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("this is no JSON", "not"),
        ("[1, 2, 3]", "not a Telegram Desktop export"),
        ('{"some": "other thing"}', "not a Telegram Desktop export"),
        ("", "empty"),
    ],
)
def test_what_is_no_export_is_said_in_one_line(
    sqlite_env: dict[str, str], tmp_path: Path, content: str, says: str
) -> None:
    """Another file than an export: what is wrong, what to do, exit code 1, no traceback, nothing registered."""
    path = tmp_path / "result.json"
    path.write_text(content)
    done = tg_parser(sqlite_env, "run", "--from-export", path, cwd=tmp_path, code=1)
    error, hint = done.stderr.strip().splitlines()[-2:]
    assert error.startswith("Error: ")
    assert says in error
    assert hint.startswith("Hint: ")
    assert "Traceback" not in done.stderr
    assert tg_parser_json(sqlite_env, "sources", "list", cwd=tmp_path) == {"sources": []}


def test_missing_file_is_named(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """A path that is not there."""
    done = tg_parser(sqlite_env, "run", "--from-export", "nowhere.json", cwd=tmp_path, code=1)
    assert "nowhere.json" in done.stderr


def test_cut_export_keeps_what_is_complete(process_env: dict[str, str], tmp_path: Path) -> None:
    """Everything before the cut is stored, the run says where it stopped, and the whole export completes it later."""
    messages = [post(number, f"Сообщение номер {number} о разном") for number in range(1, 301)]
    whole = write_export(tmp_path, messages).read_bytes()
    cut = tmp_path / "cut.json"
    cut.write_bytes(whole[: len(whole) // 2])
    done = tg_parser(process_env, "run", "--from-export", cut, "--out", "out", cwd=tmp_path, code=1)
    assert "is truncated" in done.stderr
    (source,) = tg_parser_json(process_env, "status", cwd=tmp_path)["sources"]
    held = source["messages"]["posts"]
    assert 100 < held < 200
    assert f"{held}" in done.stderr
    assert source["source"]["fail_count"] == 1
    tg_parser(process_env, "run", "--source", "test", "--skip-ingest", "--out", "half", cwd=tmp_path)
    assert len([each for each in entries(tmp_path / "half") if each["id"].startswith("kb:msg:")]) == held
    again = tg_parser_json(process_env, "run", "--from-export", tmp_path / "result.json", "--out", "out", cwd=tmp_path)
    assert again["ingest"][0]["counts"]["new"] == 300 - held


def test_odd_messages_are_taken_and_counted(process_env: dict[str, str], tmp_path: Path) -> None:
    """Ids as text, no zone, unknown type, twice the same id, NUL, half an emoji, right-to-left marks, 1 MB, no id."""
    odd = [
        post("1", "id as text"),
        {"id": 2, "type": "message", "date": "2023-11-14T22:15:20", "text": "date without a zone"},
        {**post(3, "of a type nobody knows"), "type": "hologram"},
        post(4, "first of two"),
        post(4, "first of two"),
        post(5, "NUL \x00 and half an emoji \ud83d"),
        post(6, "\u200fשלום עולם\u200e and marks"),
        post(7, "длинный текст " * 75_000),
        {"type": "message", "text": "no id"},
        {"id": 8, "type": "service", "date_unixtime": "1700000480", "action": "pin_message", "text": ""},
    ]
    path = write_export(tmp_path, odd)
    done = tg_parser_json(process_env, "run", "--from-export", path, "--out", "out", cwd=tmp_path)
    counts = done["ingest"][0]["counts"]
    assert (counts["new"], counts["service"], counts["skipped:no_id"]) == (8, 1, 1)
    assert counts["note:date_without_zone"] == 1
    found = {each["source"]["message_id"]: each for each in entries(tmp_path / "out") if "message_id" in each["source"]}
    assert sorted(found) == ["1", "2", "3", "4", "5", "6", "7"]
    assert "\x00" not in found["5"]["content"]
    assert len(found["7"]["content"]) > 1_000_000
    assert "שלום" in found["6"]["content"]


@pytest.mark.parametrize(
    ("messages", "documents", "exported_messages"),
    [
        ([], 0, 0),
        ([post(1, "Единственное сообщение канала")], 1, 1),
        ([post(number, "🔥🔥" if number % 2 else "😂") for number in range(1, 21)], 20, 20),
        ([post(1, "", photo="(File not included.)")], 1, 0),
    ],
    ids=["empty", "one message", "emoji only", "photo alone"],
)
def test_small_channels_go_through(
    process_env: dict[str, str],
    tmp_path: Path,
    messages: list[dict[str, Any]],
    documents: int,
    exported_messages: int,
) -> None:
    """A channel without messages, with one, with emoji or a photo alone, ends well; without any entry it says so."""
    path, code = write_export(tmp_path, messages), 0 if exported_messages else 4
    ended = tg_parser(process_env, "run", "--from-export", path, "--out", "out", "--json", cwd=tmp_path, code=code)
    done = json.loads(ended.stdout)
    assert done["process"]["processed"] == documents
    assert done["export"]["message_entries"] == exported_messages
    written = ["kb_entries.ndjson", "topics.json"] if exported_messages else []
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == written


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run"], 2, "--source"),
        (["run", "--mode", "sideways"], 2, "sideways"),
        (["process", "--source", "a", "--all"], 2, "Give exactly one of --source or --channel or --all."),
        (["export", "--source", "nobody"], 1, "no source 'nobody'"),
        (["process", "--channel", "@nobody"], 1, "@nobody"),
        (["add-source", "--source-id", "a b"], 2, "does not name a chat"),
        (["add-source", "--source-id", "a", "--channel-id", "x:y"], 2, "does not name"),
        (["export", "--all", "--from", "yesterday"], 2, "not a date"),
        (["topicize"], 2, "--source"),
        (["db", "downgrade", "nowhere", "--yes"], 2, "cannot be changed to that revision"),
    ],
)
def test_wrong_usage_is_told(
    sqlite_env: dict[str, str], tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    """What the command line cannot mean ends with exit code 2, what the data do not hold with 1, in plain words."""
    done = tg_parser(sqlite_env, *arguments, cwd=tmp_path, code=code)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_setting_stops_the_start(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """A value outside its range is refused with the variable's name."""
    done = tg_parser({**sqlite_env, "RETRY_JITTER": "7"}, "status", cwd=tmp_path, code=2)
    assert "RETRY_JITTER: '7' is not allowed (allowed: 0 to 1)." in done.stderr


def test_debug_shows_the_traceback(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Only --debug, anywhere on the line, shows where an error came from."""
    done = tg_parser(sqlite_env, "sources", "show", "x", "--debug", cwd=tmp_path, code=1)
    assert "Traceback" in done.stderr
    assert "Error: There is no source 'x'." in done.stderr


def test_place_that_cannot_be_written_leaves_no_trace(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """A file where the folder should be."""
    export = small_export(tmp_path, 5)
    (tmp_path / "out").write_text("mine")
    done = tg_parser(sqlite_env, "run", "--from-export", export, "--out", "out", cwd=tmp_path, code=1)
    assert "out is a file" in done.stderr
    assert (tmp_path / "out").read_text() == "mine"


def test_full_disk_leaves_the_old_files_whole(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """When no more can be written in the middle of an export, every old file stays and no half file is left."""
    export = small_export(tmp_path, 24)
    tg_parser(sqlite_env, "run", "--from-export", export, "--out", "out", cwd=tmp_path)
    before = exported(tmp_path / "out")
    limit = (tmp_path / "out/kb_entries.ndjson").stat().st_size // 2
    done = tg_parser(sqlite_env, "export", "--all", "--out", "out", cwd=tmp_path, code=1, file_size=limit)
    assert "Cannot write" in done.stderr
    assert exported(tmp_path / "out") == before


@pytest.mark.parametrize("arguments", [("status",), ("status", "--json"), ("--help",)])
def test_full_disk_behind_stdout_is_told_in_one_line(
    sqlite_env: dict[str, str], tmp_path: Path, arguments: tuple[Any, ...]
) -> None:
    """What is sent to a file on a full disk ends with exit code 1 and a hint, long results and short ones."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command(*arguments), env=sqlite_env, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: Cannot write the result to stdout: No space left on device.",
        "Hint: Free some space, or redirect the output to another place; finished work is kept.",
    ]


def test_closed_stdout_ends_no_command(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Who closes stdout wants nothing of the result; the command does its work."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"{shlex.join(command('init'))} >&-"], env=sqlite_env, cwd=tmp_path, timeout=SECONDS,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_while_it_starts_is_silent(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Before the command line is loaded nothing can be lost: the process ends by the signal, without a traceback."""
    code = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "tg_parser.cli.app":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from tg_parser.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=sqlite_env, cwd=tmp_path, timeout=SECONDS, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_folder_that_is_called_like_a_chat_is_pointed_out(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """A bare name is a chat; where a folder is called so too, the run says how to read that one."""
    (tmp_path / "exported").mkdir()
    done = tg_parser({**sqlite_env, "RETRY_MAX_ATTEMPTS": "1"}, "run", "exported", cwd=tmp_path, code=1)
    assert "for the export in this folder: tg-parser run ./exported" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ingest", "--from-export", "result.json", "--all"), "--all reads from Telegram"),
        (("ingest", "--from-export", "result.json", "--recheck", "5"), "--recheck reads from Telegram"),
        (("run", "--from-export", "result.json", "--recheck", "7d"), "--recheck reads from Telegram"),
        (("ingest", "--source", "s", "--recheck", "soon"), "is not a number of posts"),
        (("ingest", "--source", "s", "--recheck", "0"), "is not a number of posts"),
        (("ingest", "--source", "s", "--all"), "exactly one of --source or --channel or --all"),
        (("ingest",), "exactly one of --source or --channel or --all"),
        (("run", "https://t.me/+AbCdEf"), "An invitation does not name its chat"),
        (("run",), "tg-parser run @name, or the path of an export"),
        (("run", "@a"), "does not name a Telegram chat"),
        (("run", "https://example.org/x"), "does not name a Telegram chat"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(
    arguments: tuple[Any, ...], said: str, sqlite_env: dict[str, str], tmp_path: Path
) -> None:
    """A wrong combination or a wrong value is wrong usage: exit code 2, one sentence, nothing collected."""
    refused = tg_parser(sqlite_env, *arguments, cwd=tmp_path, code=2)
    assert said in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr
