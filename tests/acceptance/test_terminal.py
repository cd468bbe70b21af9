"""What a person sees on a terminal of 80 columns: ids whole, one form of times, bars with right totals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_process import small_export, tg_parser, tg_parser_json
from terminal import on_a_terminal

LONG = "a-source-with-quite-a-long-id-that-a-person-has-chosen-for-it"
_COUNTS = re.compile(r"(?P<step>[\w ]+?)\s+[━╸╺ ]+\s+(?P<done>\d+)/(?P<total>\d+|\?)")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d\S*( \S+)?")


@pytest.fixture(scope="module")
def home(
    tmp_path_factory: pytest.TempPathFactory, sqlite_environment: Callable[..., Any]
) -> tuple[dict[str, str], Path]:
    """Sources with long ids, documents, topics, a backup, and agents that have worked; SQLite."""
    folder = tmp_path_factory.mktemp("home")
    env = sqlite_environment(folder)
    tg_parser(env, "run", small_export(folder, 40), "--multi-agent", "--provider", "local", "--out", "out", cwd=folder)
    tg_parser(env, "sources", "rename", "naked-science", LONG, cwd=folder)
    tg_parser(env, "backup", "create", cwd=folder)
    return env, folder


def _ids(env: dict[str, str], folder: Path, command: tuple[Any, ...], *path: str) -> list[Any]:
    found = tg_parser_json(env, *command, cwd=folder)
    for key in path:
        found = found[key]
    return found


TABLES = {
    ("sources", "list"): lambda env, folder: [LONG, "-1001000724666"],
    ("status",): lambda env, folder: [LONG],
    ("topicize", "--all", "--provider", "local"): lambda env, folder: [LONG],
    ("run", "--all", "--skip-ingest", "--provider", "local"): lambda env, folder: [LONG],
    ("ingest", "--from-export", "result.json"): lambda env, folder: [LONG],
    ("topics", "list"): lambda env, folder: [one["id"] for one in _ids(env, folder, ("topics", "list"), "topics")],
    ("backup", "list"): lambda env, folder: [each["name"] for each in _ids(env, folder, ("backup", "list"), "backups")],
    ("agents", "list"): lambda env, folder: ["orchestrator", "processor"],
    ("agents", "handoffs"): lambda env, folder: [
        each["id"] for each in _ids(env, folder, ("agents", "handoffs"), "handoffs")
    ],
    ("agents", "history", "orchestrator"): lambda env, folder: ["orchestrat"],
    ("prompts", "list"): lambda env, folder: ["processing_batch", "topic_match"],
    ("db", "current"): lambda env, folder: ["ingestion", "processing"],
    ("sentiment", "--source", LONG, "--posts", "--by", "topic"): lambda env, folder: [
        line["key"] for line in _ids(env, folder, ("sentiment", "--source", LONG, "--posts", "--by", "topic"), "lines")
    ],
    ("sentiment", "--source", LONG, "--posts", "--by", "thread"): lambda env, folder: ["t.me/c/1000724666/"],
}


@pytest.mark.parametrize("command", TABLES, ids=" ".join)
def test_no_id_is_cut_or_folded(home: tuple[dict[str, str], Path], command: tuple[Any, ...]) -> None:
    """Every id of every table stands whole on one line, whatever the other columns take, and times say their zone."""
    env, folder = home
    code, shown = on_a_terminal(env, *command, cwd=folder)
    assert code == 0, shown
    wanted = TABLES[command](env, folder)
    assert wanted
    for identifier in wanted:
        if command != ("agents", "history", "orchestrator"):
            assert any(identifier in line for line in shown.splitlines()), f"{identifier}\n{shown}"
    assert "…" not in "".join(line for line in shown.splitlines() if "tg:" in line)
    for moment in _TIME.finditer(shown):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", moment[0]), moment[0]


def test_failures_show_their_messages_whole(home: tuple[dict[str, str], Path]) -> None:
    """The ledger of failures at 80 columns: a message's ref can be copied."""
    env, folder = home
    code, shown = on_a_terminal(env, "status", "--failures", cwd=folder)
    assert (code, shown.strip()) == (0, "No messages have failed.")


def test_times_have_one_form_everywhere(home: tuple[dict[str, str], Path]) -> None:
    """Text: to the second, in UTC, and said so. JSON: ISO with Z."""
    env, folder = home
    for command in (("sources", "show", LONG), ("status", "--source", LONG), ("agents", "status", "orchestrator")):
        shown = tg_parser(env, *command, cwd=folder).stdout
        moments = [moment[0] for moment in _TIME.finditer(shown)]
        assert moments
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", each) for each in moments), shown
        printed = json.dumps(tg_parser_json(env, *command, cwd=folder))
        times = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', printed)
        assert times
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", each) for each in times), printed


def totals(shown: str) -> dict[str, tuple[int, list[int]]]:
    """The last `done` and every total that a bar showed, by step; what was not known yet is left out."""
    found: dict[str, list[Any]] = {}
    for match in _COUNTS.finditer(shown):
        if match["total"] != "?":
            step = found.setdefault(match["step"].strip(), [0, set()])
            step[0] = int(match["done"])
            step[1].add(int(match["total"]))
    return {step: (done, sorted(all_totals)) for step, (done, all_totals) in found.items()}


def test_bars_end_at_their_totals(tmp_path: Path, sqlite_environment: Callable[..., Any]) -> None:
    """Of a whole run over four chats, of a part with --limit, of what is left, and of everything again."""
    env = sqlite_environment(tmp_path)
    export = small_export(tmp_path, 30)
    code, shown = on_a_terminal(env, "ingest", "--from-export", export, "--limit", "10", cwd=tmp_path)
    assert code == 0
    assert totals(shown)["ingest"] == (40, [40])
    code, shown = on_a_terminal(env, "process", "--all", "--provider", "local", cwd=tmp_path)
    assert totals(shown)["process"] == (40, [40])
    code, shown = on_a_terminal(env, "run", export, "--provider", "local", "--out", "out", cwd=tmp_path)
    told = totals(shown)
    assert told["ingest"] == (120, [120])
    assert told["process"] == (80, [80])
    assert told["export"][0] == told["export"][1][-1] > 100
    assert told["topics"][0] == told["topics"][1][-1]
    assert told["embed"][0] == told["embed"][1][-1] if "embed" in told else True
    code, shown = on_a_terminal(env, "process", "--all", "--force", "--provider", "local", cwd=tmp_path)
    assert totals(shown)["process"] == (120, [120])
    code, shown = on_a_terminal(env, "backup", "create", cwd=tmp_path)
    for name in ("ingestion", "raw", "processing"):
        done, all_totals = totals(shown)[f"pages of {name} copied"]
        assert [done] == all_totals
