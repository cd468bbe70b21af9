"""From old SQLite files to new ones as a person does it: processes, the hint's own command, SIGKILL, the way back."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cli_process import SECONDS, begin, tg_parser, tg_parser_json
from conftest import process_environment
from legacy_files import CHANNEL, LegacyFiles, full_files
from warm_child import WarmChild

FILES = {"ingestion_state.sqlite", "raw_storage.sqlite", "processing_storage.sqlite"}
MIGRATE = ("db", "migrate-from-sqlite", "--sqlite-dir", "data")


@pytest.fixture
def env() -> dict[str, str]:
    """An environment that names no place."""
    return process_environment({})


def held(folder: Path) -> dict[str, Any]:
    """Every row of every table of the new files, but for the notes of the run."""
    found = {}
    for path in sorted(folder.glob("*.sqlite")):
        with closing(sqlite3.connect(path)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                if not name.startswith(("migration_", "sqlite_")):
                    found[name] = sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr)
    return found


def test_the_command_of_the_hint_leads_to_the_end(env: dict[str, str], tmp_path: Path) -> None:
    """Old files in ./data: the hint's command, word for word, then everything works in the new folder."""
    files = full_files(tmp_path / "data", "B")
    files.run("processed_documents", "UPDATE processed_documents SET summary = 'About ' || source_message_id")
    refused = tg_parser(env, "status", cwd=tmp_path, code=1)
    (hint,) = (line for line in refused.stderr.splitlines() if line.startswith("Hint: "))
    named = hint.partition("tg-parser ")[2].partition(" (")[0]
    tg_parser(env, *shlex.split(named), "--verify", cwd=tmp_path)
    new = {**env, "TG_PARSER_HOME": "data-new"}
    (source,) = tg_parser_json(new, "status", cwd=tmp_path)["sources"]
    assert (source["messages"]["posts"], source["documents"], source["topics"]) == (5, 5, 1)
    tg_parser(new, "export", "--source", "news", "--out", "out", cwd=tmp_path)
    lines = (tmp_path / "out/kb_entries.ndjson").read_text("utf-8").splitlines()
    assert [json.loads(line)["title"] for line in lines] == [*(f"About {number}" for number in range(1, 6)), "Title"]


def test_target_is_the_home_where_no_folder_is_named(env: dict[str, str], tmp_path: Path) -> None:
    """`--to-sqlite` alone means the files of the settings, wherever it stands on the line."""
    full_files(tmp_path / "data")
    done = tg_parser_json(env, *MIGRATE, "--to-sqlite", "--verify", "--data-dir", "home", cwd=tmp_path)
    assert done["good"] is True
    assert {path.name for path in (tmp_path / "home").iterdir()} >= FILES


def test_dry_run_leaves_nothing(env: dict[str, str], tmp_path: Path) -> None:
    """Not even empty files in the folder that was named."""
    full_files(tmp_path / "data")
    done = tg_parser_json(env, *MIGRATE, "--to-sqlite", "new", "--dry-run", cwd=tmp_path)
    assert (done["good"], done["run_id"], done["target"]) == (True, None, str(tmp_path / "new"))
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_rollback_takes_everything_back(env: dict[str, str], tmp_path: Path) -> None:
    """The run that the output names is undone, once; after a change it is refused."""
    full_files(tmp_path / "data")
    done = tg_parser_json(env, *MIGRATE, "--to-sqlite", "new", cwd=tmp_path)
    back = ("db", "migrate-from-sqlite", "--to-sqlite", "new", "--rollback", done["run_id"])
    assert tg_parser_json(env, *back, cwd=tmp_path)["removed"]["raw_messages"] == 5
    assert held(tmp_path / "new")["raw_messages"] == []
    assert "already been rolled back" in tg_parser(env, *back, cwd=tmp_path, code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--to-sqlite", "data"), 1, "earlier version"),
        (("--to-sqlite",), 1, "earlier version"),
        (("--to-sqlite", "new", "--postgres-url", "postgresql://x/y"), 2, "Give only one target"),
        ((), 2, "--to-sqlite FOLDER"),
    ],
)
def test_wrong_targets_are_refused(
    env: dict[str, str], tmp_path: Path, arguments: tuple[Any, ...], code: int, words: str
) -> None:
    """The source itself, two targets, none: one clear sentence each, and the old files stay as they are."""
    full_files(tmp_path / "data")
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    assert words in tg_parser(env, *MIGRATE, *arguments, cwd=tmp_path, code=code).stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()} == before


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `data` of 6,000 messages of the earlier version, some of them odd."""
    folder = tmp_path_factory.mktemp("many")
    files = LegacyFiles(folder / "data")
    files.source()
    files.message(1)
    files.run(
        "raw_messages",
        "INSERT INTO raw_messages WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
        f" SELECT 'tg:{CHANNEL}:post:' || i, i, message_type, channel_id, CASE WHEN i % 500 = 0 THEN 'never' ELSE date"
        " END, CASE WHEN i % 300 = 0 THEN 'nul' || char(0) ELSE 'text ' || i END, thread_id, parent_message_id,"
        " language, raw_payload_json, 0, NULL, inserted_at FROM raw_messages, n",
    )
    tg_parser(process_environment({}), *MIGRATE, "--to-sqlite", "undisturbed", cwd=folder)
    return folder


@pytest.mark.parametrize("batches", [0, 1, 9])
def test_killed_it_is_finished_by_resume(env: dict[str, str], many: Path, batches: int, tmp_path: Path) -> None:
    """SIGKILL once so many batches are in; --resume finishes, nothing is lost or doubled, and every row compares."""
    arguments = (*MIGRATE, "--to-sqlite", tmp_path / "new", "--batch-size", "300")
    process = begin(env, *arguments, cwd=many)
    wait_for_batches(tmp_path / "new/raw_storage.sqlite", batches, process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert tg_parser_json(env, *arguments, "--resume", "--verify", cwd=many)["good"] is True
    assert held(tmp_path / "new") == held(many / "undisturbed")


def wait_for_batches(path: Path, count: int, process: WarmChild) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and noted(path) >= count:
            return


def noted(path: Path) -> int:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*) FROM migration_batches").fetchone()[0]
    except sqlite3.OperationalError:
        return -1
