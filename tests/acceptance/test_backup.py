"""tg-parser backup as processes: there and back, questions, kills, full disks."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import pytest
from backup_samples import count, fill, programs, with_backups
from cli_process import begin, exported, tg_parser, tg_parser_json
from knowledge_bases import knowledge_base
from warm_child import WarmChild

from tg_parser.config.settings import Settings

KILLS = 4


@pytest.fixture
def env(process_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a process on fresh databases, with a folder for backups."""
    return {**process_env, "BACKUP_DIR": str(tmp_path / "backups"), "PG_BIN_DIR": str(programs())}


@pytest.fixture
def settings(database_environment: dict[str, str], tmp_path: Path) -> Settings:
    """The same as settings, to look from this process."""
    return with_backups(database_environment, tmp_path / "backups")


def answered(env: dict[str, str], answer: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return tg_parser(env, *arguments, cwd=cwd, code=None, answer=answer)


def states(env: dict[str, str], cwd: Path) -> list[str]:
    return [each["state"] for each in tg_parser_json(env, "backup", "list", cwd=cwd)["backups"]]


def test_knowledge_base_comes_back(backend: str, tmp_path: Path) -> None:
    """Backup, loss of everything, restore, export: the files are those from before, byte for byte."""
    with knowledge_base(backend, tmp_path) as knowledge:
        env = {**knowledge.env, "BACKUP_DIR": str(tmp_path / "backups"), "PG_BIN_DIR": str(programs())}
        made = tg_parser_json(env, "backup", "create", cwd=tmp_path)
        assert tg_parser_json(env, "backup", "verify", "--latest", cwd=tmp_path)["good"] is True
        for database in ("processing", "raw", "ingestion"):
            tg_parser(env, "db", "downgrade", "base", "--db", database, "--yes", cwd=tmp_path)
        tg_parser(env, "backup", "restore", made["name"], cwd=tmp_path)
        tg_parser(env, "export", "--all", "--out", "after", cwd=tmp_path)
    assert len(exported(knowledge.out)) > 2
    assert exported(tmp_path / "after") == exported(knowledge.out)


def test_restore_asks_and_takes_no_for_an_answer(env: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    """It says what will go; no and silence change nothing, yes restores."""
    fill(settings)
    name = tg_parser_json(env, "backup", "create", cwd=tmp_path)["name"]
    fill(settings, range(100, 110))
    for answer, code in (("n\n", 1), ("", 2)):
        refused = answered(env, answer, "backup", "restore", name, cwd=tmp_path)
        assert refused.returncode == code
        assert "raw_messages: 30 rows" in refused.stderr
        assert count(settings, "raw_messages") == 30
    assert answered(env, "y\n", "backup", "restore", name, cwd=tmp_path).returncode == 0
    assert count(settings, "raw_messages") == 20


def test_killed_backups_are_never_good(env: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    """SIGKILL at any moment: what is listed as good verifies, and the next backup is not disturbed."""
    fill(settings, range(3000))
    moments = random.Random(7)
    for _ in range(KILLS):
        process = begin(env, "backup", "create", cwd=tmp_path)
        wait_for_partial(process, tmp_path / "backups")
        time.sleep(moments.uniform(0, 0.2))
        process.kill()
        process.wait()
    found = tg_parser_json(env, "backup", "list", cwd=tmp_path)["backups"]
    assert {each["problem"] for each in found if each["state"] == "broken"} == {"it was not finished"}
    for name in (each["name"] for each in found if each["state"] == "good"):
        tg_parser(env, "backup", "verify", name, cwd=tmp_path)
    tg_parser(env, "backup", "create", cwd=tmp_path)
    tg_parser(env, "backup", "verify", "--latest", cwd=tmp_path)


def wait_for_partial(process: WarmChild, folder: Path) -> None:
    while process.poll() is None and not list(folder.glob("*.partial")):
        time.sleep(0.005)


def test_killed_restores_leave_no_half_table(env: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    """SIGKILL at any moment: a table is as it was or as in the backup, and the next restore does it all."""
    fill(settings, range(2000))
    name = tg_parser_json(env, "backup", "create", cwd=tmp_path)["name"]
    started, moments = time.monotonic(), random.Random(11)
    tg_parser(env, "backup", "restore", name, "--yes", cwd=tmp_path)
    undisturbed = time.monotonic() - started
    fill(settings, range(2000, 3000))
    for _ in range(KILLS):
        process = begin(env, "backup", "restore", name, "--yes", cwd=tmp_path)
        with_patience(process, moments.uniform(0.4, 1.0) * undisturbed)
        assert count(settings, "raw_messages") in {2000, 3000}
        assert count(settings, "processed_documents") in {2000, 3000}
    wait_until_restored(env, name, tmp_path)
    assert (count(settings, "raw_messages"), count(settings, "processed_documents")) == (2000, 2000)


def with_patience(process: WarmChild, seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until_restored(env: dict[str, str], name: str, cwd: Path) -> None:
    """The server may need a moment to see that a killed process has left."""
    for _ in range(50):
        done = answered(env, "", "backup", "restore", name, "--yes", cwd=cwd)
        if "in use" not in done.stderr:
            break
        time.sleep(0.1)
    assert done.returncode == 0, done.stderr


def test_full_disk_leaves_no_backup(env: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    """What cannot be written to its end is an error of one line, and nothing of it stays."""
    fill(settings, range(3000))
    done = tg_parser(env, "backup", "create", cwd=tmp_path, code=1, file_size=100_000)
    assert done.stderr.startswith("Error: ")
    assert "Hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert states(env, tmp_path) == []
    tg_parser(env, "backup", "create", cwd=tmp_path)
    assert states(env, tmp_path) == ["good"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_create_prunes(env: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    """After a backup the retention applies; what was pruned is told."""
    fill(settings)
    first = tg_parser_json(env, "backup", "create", cwd=tmp_path)["name"]
    second = tg_parser_json(env, "backup", "create", cwd=tmp_path)
    assert second["pruned"] == [first]
    assert states(env, tmp_path) == ["good"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--dry-run",), "Nothing would be removed: the BACKUP_KEEP_* settings keep all backups.\n"),
        ((), "Nothing was removed: the BACKUP_KEEP_* settings keep all backups.\n"),
    ],
)
def test_prune_says_so_where_nothing_goes(
    sqlite_env: dict[str, str], tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    """A command that found nothing to do is not silent."""
    tg_parser(sqlite_env, "init", cwd=tmp_path)
    tg_parser(sqlite_env, "backup", "create", "--dir", "kept", cwd=tmp_path)
    assert tg_parser(sqlite_env, "backup", "prune", "--dir", "kept", *options, cwd=tmp_path).stdout == said


@pytest.mark.parametrize("backend", ["sqlite"])
def test_spoilt_backup_fails_verify(env: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    """Exit code 1 with what differs; a cut file is not even listed as good."""
    fill(settings)
    made = tg_parser_json(env, "backup", "create", cwd=tmp_path)
    manifest = tmp_path / "backups" / made["name"] / "manifest.json"
    told = json.loads(manifest.read_text())
    table = next(name for name in told["contents"]["tables"] if name.endswith("raw_messages"))
    told["contents"]["tables"][table]["rows"] = 21
    manifest.write_text(json.dumps(told))
    done = tg_parser(env, "backup", "verify", made["name"], cwd=tmp_path, code=1)
    assert f"{table}: 20 rows instead of 21" in done.stderr
    data = max(manifest.parent.iterdir(), key=lambda path: path.stat().st_size)
    data.write_bytes(data.read_bytes()[:-1])
    assert states(env, tmp_path) == ["broken"]
    assert "cannot be used" in tg_parser(env, "backup", "verify", made["name"], cwd=tmp_path, code=1).stderr


def test_wrong_use_is_told(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """A name and --latest together, neither of them, a folder that is a file: a line each."""
    tg_parser(sqlite_env, "backup", "verify", cwd=tmp_path, code=2)
    tg_parser(sqlite_env, "backup", "verify", "x", "--latest", cwd=tmp_path, code=2)
    (tmp_path / "file").touch()
    tg_parser(sqlite_env, "init", cwd=tmp_path)
    done = tg_parser(sqlite_env, "backup", "create", "--dir", "file/x", cwd=tmp_path, code=1)
    assert "a file exists where a folder is needed" in done.stderr
    assert "There is no backup 'x'" in tg_parser(sqlite_env, "backup", "restore", "x", cwd=tmp_path, code=1).stderr
