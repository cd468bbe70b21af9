"""With LOG_FORMAT=json every line of stderr is one JSON object, whatever a command has to tell."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_process import SECONDS, begin, small_export, tg_parser
from llm_servers import LlmServer, Reply
from model_readings import well_read


@pytest.fixture
def json_env(sqlite_env: dict[str, str]) -> dict[str, str]:
    return {**sqlite_env, "LOG_FORMAT": "json"}


def objects(stderr: str) -> list[Any]:
    """The lines of stderr, each an object with what it says, how grave it is and when it was said."""
    read = [json.loads(line) for line in stderr.splitlines()]
    assert all({"event", "level", "timestamp"} <= each.keys() for each in read)
    return read


def test_run_tells_notices_in_json(json_env: dict[str, str], tmp_path: Path) -> None:
    """The notice that no key is set, and the log of the run."""
    done = tg_parser(json_env, "run", small_export(tmp_path, 5), "--out", "out", cwd=tmp_path)
    assert any("working offline" in each["event"] for each in objects(done.stderr))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("sources", "show", "nobody"), 1, "There is no source 'nobody'."),
        (("run", "--limit", "0"), 2, "--limit: '0' is not allowed (allowed: 1 or more)."),
        (("nothing",), 2, "No such command 'nothing'."),
        (("export", "--all", "--from", "ever"), 2, "'ever' is not a date."),
        (("backup", "verify", "nothing"), 1, "no backup"),
        (("prompts", "show", "nothing"), 1, "There is no prompt 'nothing'."),
    ],
)
def test_errors_are_one_object_with_hint_and_exit_code(
    json_env: dict[str, str], tmp_path: Path, arguments: tuple[Any, ...], code: int, says: str
) -> None:
    """Also wrong usage, which is found before any setting is read."""
    *_, last = objects(tg_parser(json_env, *arguments, cwd=tmp_path, code=code).stderr)
    assert says in last["event"]
    assert (last["level"], last["exit_code"]) == ("error", code)
    assert last["hint"]


def test_wrong_settings_are_told_in_json(json_env: dict[str, str], tmp_path: Path) -> None:
    """The format is known although another setting, of the log itself even, is wrong."""
    (told,) = objects(tg_parser({**json_env, "LOG_LEVEL": "LOUD"}, "status", cwd=tmp_path, code=2).stderr)
    assert told["event"].startswith("LOG_LEVEL: 'LOUD' is not allowed")


def test_format_may_stand_in_the_file(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """LOG_FORMAT=json in .env counts for usage errors too."""
    (tmp_path / ".env").write_text("LOG_FORMAT=json\n")
    assert objects(tg_parser(sqlite_env, "run", "--limit", "0", cwd=tmp_path, code=2).stderr)


def test_help_of_a_group_and_dates_and_empty_results(json_env: dict[str, str], tmp_path: Path) -> None:
    """A group without a command, the moments that dates became, and nothing found: each one object."""
    (shown,) = objects(tg_parser(json_env, "sources", cwd=tmp_path, code=2).stderr)
    assert "Usage: tg-parser sources" in shown["event"]
    dates, empty = objects(tg_parser(json_env, "entries", "--from", "2026-11", cwd=tmp_path, code=4).stderr)
    assert (dates["event"], dates["from"]) == ("Messages from 2026-11-01 00:00:00 UTC.", "2026-11-01T00:00:00Z")
    assert empty["event"] == "No entries found."


def test_debug_shows_its_traceback_in_json(json_env: dict[str, str], tmp_path: Path) -> None:
    """A traceback is one object too."""
    told = objects(tg_parser(json_env, "sources", "show", "x", "--debug", cwd=tmp_path, code=1).stderr)
    assert "Traceback" in told[0]["event"]


def test_question_without_an_answer_is_told(json_env: dict[str, str], tmp_path: Path) -> None:
    """What asks for a yes and finds nobody says so: wrong usage, and nothing is removed."""
    tg_parser(json_env, "sources", "add", "--source-id", "durov", cwd=tmp_path)
    asked, told = objects(tg_parser(json_env, "sources", "remove", "durov", cwd=tmp_path, code=2).stderr)
    assert "Remove source 'durov'?" in asked["event"]
    assert "--yes" in told["hint"]
    assert "durov" in tg_parser(json_env, "sources", "list", "--json", cwd=tmp_path).stdout


def test_progress_and_ctrl_c_are_told_in_json(json_env: dict[str, str], tmp_path: Path) -> None:
    """Progress comes with its numbers as facts, and Ctrl-C ends with exit code 130 and one object."""
    tg_parser(json_env, "ingest", "--from-export", many_messages(tmp_path), cwd=tmp_path)
    # Each answer takes a while, so that the job is far from its end when the first line of progress is due.
    with LlmServer(lambda asked: Reply(output=well_read(asked), delay=0.5)) as server:
        env = {**json_env, **server.environment("openai"), "LLM_BATCH_SIZE": "1", "PROCESSING_CONCURRENCY": "3"}
        with begin(env, "process", "--all", cwd=tmp_path, stderr=subprocess.PIPE) as process:
            line = next(line for line in iter(process.stderr.readline, "") if '"step"' in line)
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait(SECONDS) == 130
    progress = json.loads(line)
    assert progress["step"] == "process"
    assert 0 <= progress["done"] <= progress["total"] == 400
    *_, last = objects(rest)
    assert (last["exit_code"], last["level"]) == (130, "warning")
    assert last["event"].startswith("Stopped.")


def many_messages(folder: Path) -> Path:
    messages = [
        {
            "id": number,
            "type": "message",
            "date_unixtime": str(1_700_000_000 + number * 60),
            "text": f"{number}. Сегодня в городе открыли новый мост, и движение стало быстрее.",
        }
        for number in range(1, 401)
    ]
    chat = {"name": "Test", "type": "public_channel", "id": 1234567890, "messages": messages}
    path = folder / "result.json"
    path.write_text(json.dumps(chat), "utf-8")
    return path


def test_warnings_of_python_are_logged(json_env: dict[str, str], tmp_path: Path) -> None:
    """What a library warns of is a line of the log."""
    script = (
        "import warnings; from tg_parser.config.logging import configure_logging; "
        "from tg_parser.config.settings import load_settings; configure_logging(load_settings().logging); "
        "warnings.warn('old ways')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=json_env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    (told,) = objects(done.stderr)
    assert "old ways" in told["event"]
