"""The commands that show what is held, as processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from cli_process import SECONDS, begin, small_export, tg_parser, tg_parser_json


@pytest.fixture(scope="module")
def home(
    tmp_path_factory: pytest.TempPathFactory, sqlite_environment: Callable[..., Any]
) -> tuple[dict[str, str], Path]:
    """Four small channels, processed, with topics; SQLite."""
    folder = tmp_path_factory.mktemp("home")
    env = sqlite_environment(folder)
    tg_parser(env, "run", small_export(folder, 60), "--provider", "local", "--out", "out", cwd=folder)
    return env, folder


def ndjson(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_list_leads_to_topic_leads_to_message(home: tuple[dict[str, str], Path]) -> None:
    """An id of the list shows its topic, a ref of the topic its message, in text and in JSON."""
    env, folder = home
    listed = tg_parser_json(env, "topics", "list", "--source", "naked-science", "--limit", "2", cwd=folder)["topics"]
    assert 0 < len(listed) <= 2
    shown = tg_parser_json(env, "topics", "show", listed[0]["id"], cwd=folder)
    assert shown["card"]["title"] == listed[0]["title"]
    assert len(shown["members"]) == listed[0]["messages"]
    member = shown["members"][0]
    seen = tg_parser_json(env, "messages", "show", member["source_ref"], cwd=folder)
    assert seen["document"]["text_clean"] == member["text"]
    assert tg_parser_json(env, "messages", "show", member["link"], cwd=folder) == seen
    text = tg_parser(env, "topics", "show", listed[0]["id"], cwd=folder).stdout
    assert member["source_ref"] in text
    assert member["link"] in text
    assert member["text"] in text
    assert listed[0]["id"] in tg_parser(env, "messages", "show", member["source_ref"], cwd=folder).stdout


def test_entries_are_those_of_the_export(home: tuple[dict[str, str], Path]) -> None:
    """NDJSON of all messages says what kb_entries.ndjson says."""
    env, folder = home
    lines = ndjson(tg_parser(env, "entries", "--limit", "1000", "--json", cwd=folder).stdout)
    exported = ndjson((folder / "out/kb_entries.ndjson").read_text("utf-8"))
    assert lines == [each for each in exported if each["source"]["type"] == "telegram_message"]


def test_dates_are_told(home: tuple[dict[str, str], Path]) -> None:
    """Which moments `2014` and the like have become stands on stderr, with the zone."""
    env, folder = home
    done = tg_parser(env, "entries", "--from", "2024-11", "--to", "2024-11-30", "--json", cwd=folder)
    assert "Messages from 2024-11-01 00:00:00 UTC to 2024-11-30 00:00:00 UTC." in done.stderr
    dates = [each["metadata"]["date"] for each in ndjson(done.stdout)]
    assert dates
    assert all("2024-11-01T00:00:00Z" <= date < "2024-11-30T00:00:00Z" for date in dates)


def test_raw_messages_go_to_stdout_or_a_file(home: tuple[dict[str, str], Path]) -> None:
    """The same lines in both; a file appears whole, and says how many."""
    env, folder = home
    printed = tg_parser(env, "messages", "export", "--source", "naked-science", cwd=folder).stdout
    told = tg_parser(env, "messages", "export", "--source", "naked-science", "--out", "raw/n.ndjson", cwd=folder)
    assert "Wrote 60 messages to raw/n.ndjson." in told.stderr
    assert (folder / "raw/n.ndjson").read_text("utf-8") == printed
    assert len(ndjson(printed)) == 60
    assert [path.name for path in (folder / "raw").iterdir()] == ["n.ndjson"]


def test_reader_that_has_had_enough_is_no_error(home: tuple[dict[str, str], Path]) -> None:
    """`… | head` ends quietly."""
    env, folder = home
    with begin(env, "messages", "export", "--all", cwd=folder, stdout=PIPE, stderr=PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        process.wait(SECONDS)
    assert said == ""


def test_path_given_to_run_is_an_export(home: tuple[dict[str, str], Path], tmp_path: Path) -> None:
    """Its file or its folder, without --from-export."""
    env, folder = home
    done = tg_parser_json(env, "run", "./result.json", "--provider", "local", "--out", tmp_path / "o", cwd=folder)
    assert done["ingest"][0]["counts"]["unchanged"] == 60
    (folder / "ChatExport_2026-11-01").mkdir()
    (folder / "ChatExport_2026-11-01/result.json").write_bytes((folder / "result.json").read_bytes())
    again = tg_parser_json(env, "run", "ChatExport_2026-11-01", "--skip-export", "--provider", "local", cwd=folder)
    assert again["ingest"][0]["counts"]["unchanged"] == 60


def test_version_is_told(home: tuple[dict[str, str], Path]) -> None:
    """--version answers without a command."""
    env, folder = home
    assert tg_parser(env, "--version", cwd=folder).stdout.startswith("tg-parser 3.")
