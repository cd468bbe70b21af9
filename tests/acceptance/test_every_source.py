"""run --all and topicize --all: one source that fails leaves the others alone, and the exit code tells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_process import small_export, tg_parser, tg_parser_json


@pytest.fixture
def home(process_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Four sources from an export, and one that nobody answers for."""
    export = small_export(tmp_path, 12)
    env = {**process_env, "RETRY_MAX_ATTEMPTS": "1"}
    tg_parser(env, "ingest", "--from-export", export, cwd=tmp_path)
    return env


def test_run_all_does_the_rest_when_one_source_fails(home: dict[str, str], tmp_path: Path) -> None:
    """The unreachable source is named with its reason, the others are processed, topicised, exported; exit code 1."""
    tg_parser(home, "sources", "add", "--source-id", "unreachable", "--via", "web", cwd=tmp_path)
    done = tg_parser(home, "run", "--all", "--provider", "local", "--out", "out", cwd=tmp_path, code=1)
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert lines["unreachable"][-1] == "failed"
    assert lines["naked-science"][-1] == "done"
    assert "unreachable: " in done.stderr
    assert "Error: 1 of 5 sources failed; see the reasons above." in done.stderr
    assert "Hint: The other sources are done." in done.stderr
    entries = (tmp_path / "out/kb_entries.ndjson").read_text("utf-8").splitlines()
    channels = {json.loads(line)["source"].get("channel_id") for line in entries}
    assert len(channels - {None}) == 4


def test_run_all_without_trouble_ends_well(home: dict[str, str], tmp_path: Path) -> None:
    """Sources filled from files have nothing to be asked for; what they hold is brought up to date."""
    done = tg_parser_json(home, "run", "--all", "--provider", "local", "--out", "out", cwd=tmp_path)
    assert [each["process"]["processed"] for each in done["sources"]] == [12, 12, 12, 12]
    assert all("error" not in each and each["topicize"] is not None for each in done["sources"])
    assert done["export"]["message_entries"] > 40
    again = tg_parser_json(home, "run", "--all", "--provider", "local", "--out", "out", cwd=tmp_path)
    assert all(each["topicize"]["unchanged"] for each in again["sources"])


def test_topicize_all_takes_each_source_by_itself(home: dict[str, str], tmp_path: Path) -> None:
    """A line a source; the same topics as one after the other would give."""
    tg_parser(home, "process", "--all", "--provider", "local", cwd=tmp_path)
    done = tg_parser_json(home, "topicize", "--all", "--provider", "local", cwd=tmp_path)
    assert [each["source_id"] for each in done["sources"]] == sorted(each["source_id"] for each in done["sources"])
    assert len(done["sources"]) == 4
    alone = tg_parser_json(home, "topicize", "--source", "naked-science", "--provider", "local", cwd=tmp_path)
    assert alone["unchanged"] is True
    shown = tg_parser(home, "topicize", "--all", "--provider", "local", cwd=tmp_path).stdout
    assert re.split(r"\s{2,}", shown.splitlines()[0].strip()) == [
        "source",
        "topics",
        "in a topic",
        "in no topic",
        "outcome",
    ]
    assert len(shown.strip().splitlines()) == 5


def test_every_source_is_asked_for_alone(home: dict[str, str], tmp_path: Path) -> None:
    """--all beside a name is wrong usage, and so are agents over all sources."""
    for arguments in (
        ("run", "--all", "@habr_com"),
        ("run", "--all", "--source", "naked-science"),
        ("run", "--all", "--multi-agent"),
        ("topicize", "--all", "--source", "naked-science"),
    ):
        tg_parser(home, *arguments, cwd=tmp_path, code=2)
