"""Where the files are: earlier files stay untouched, a missing one is told, one setting moves them all."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cli_process import small_export, tg_parser, tg_parser_json
from conftest import process_environment
from legacy_files import full_files

FILES = ("ingestion_state.sqlite", "raw_storage.sqlite", "processing_storage.sqlite")
COMMANDS = [
    ("status",), ("status", "--failures"), ("init",), ("run", "@news"), ("run", "--from-export", "nothing.json"),
    ("ingest", "--all"), ("process", "--source", "news"), ("topicize", "--source", "news"),
    ("export", "--all"), ("add-source", "--source-id", "s", "--channel-id", "@news"),
    ("sources", "list"), ("sources", "show", "news"), ("sources", "remove", "news", "--yes"), ("login",),
    ("sentiment", "--channel", "@news"), ("costs",), ("agents", "list"), ("agents", "cleanup"), ("agents", "handoffs"),
    ("db", "upgrade"), ("db", "downgrade", "base", "--yes"), ("db", "current"), ("db", "stamp", "head"), ("db", "pool"),
    ("backup", "create"), ("backup", "restore", "BACKUP", "--yes", "--dir", "BACKUPS"), ("backup", "list"),
]  # fmt: skip
HARMLESS: dict[tuple[str, ...], int] = {("backup", "list"): 0}


@pytest.fixture
def env() -> dict[str, str]:
    """An environment that names no place."""
    return process_environment({})


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("variant", ["A", "B"])
def test_no_command_touches_files_of_the_earlier_version(env: dict[str, str], tmp_path: Path, variant: str) -> None:
    """Every command leaves them byte for byte, with nothing beside them, and names the command that takes them."""
    tg_parser(env, "init", "--data-dir", "good", cwd=tmp_path)
    tg_parser(env, "backup", "create", "--data-dir", "good", cwd=tmp_path)
    (backup,) = (tmp_path / "good/backups").iterdir()
    given = {"BACKUP": backup.name, "BACKUPS": str(backup.parent)}
    full_files(tmp_path / "data", variant)
    before = digests(tmp_path)
    for arguments in COMMANDS:
        code = HARMLESS.get(arguments, 1)
        done = tg_parser(env, *(given.get(each, each) for each in arguments), cwd=tmp_path, code=code)
        assert digests(tmp_path) == before, arguments
        if code:
            assert "earlier version of TG_parser" in done.stderr, (arguments, done.stderr)
            assert "db migrate-from-sqlite --sqlite-dir data --to-sqlite data-new" in done.stderr
        assert "stamp" not in done.stderr


def test_one_earlier_file_among_ours_is_enough(env: dict[str, str], tmp_path: Path) -> None:
    """Two of ours and one of the earlier version: refused, none of them touched."""
    tg_parser(env, "init", cwd=tmp_path)
    earlier = full_files(tmp_path / "old").path("raw_storage")
    (tmp_path / "data/raw_storage.sqlite").write_bytes(earlier.read_bytes())
    before = digests(tmp_path / "data")
    done = tg_parser(env, "status", cwd=tmp_path, code=1)
    assert f"raw_storage.sqlite in {tmp_path}/data is of an earlier version" in done.stderr
    assert digests(tmp_path / "data") == before


def test_an_earlier_file_whose_tables_are_still_in_its_log(env: dict[str, str], tmp_path: Path) -> None:
    """A file in WAL mode that was never folded in is recognised, and its log stays as it is."""
    files = full_files(tmp_path / "old")
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "live.sqlite")) as live:
        live.execute("PRAGMA journal_mode = WAL")
        for statement in statements(files.path("raw_storage")):
            live.execute(statement)
        live.commit()
        for suffix in ("", "-wal"):
            content = (tmp_path / f"live.sqlite{suffix}").read_bytes()
            (tmp_path / f"data/raw_storage.sqlite{suffix}").write_bytes(content)
    before = digests(tmp_path / "data")
    assert "earlier version" in tg_parser(env, "status", cwd=tmp_path, code=1).stderr
    assert digests(tmp_path / "data") == before


def statements(path: Path) -> list[str]:
    tables = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    with closing(sqlite3.connect(path)) as connection:
        return [statement for (statement,) in connection.execute(tables)]


@pytest.mark.parametrize("missing", FILES)
@pytest.mark.parametrize("command", [("status",), ("init",), ("run", "--from-export", "result.json")])
def test_a_missing_file_is_told_and_not_made(
    env: dict[str, str], tmp_path: Path, missing: str, command: tuple[Any, ...]
) -> None:
    """One of three is gone: the error says which and where it looked, and no new one is put beside the others."""
    small_export(tmp_path, 3)
    tg_parser(env, "init", cwd=tmp_path)
    (tmp_path / "data" / missing).unlink()
    done = tg_parser(env, *command, cwd=tmp_path, code=1)
    others = ", ".join(name for name in FILES if name != missing)
    folder = tmp_path / "data"
    assert f"Error: {missing} in {folder} is missing beside {others} in {folder}." in done.stderr
    assert "backup list" in done.stderr
    assert not (folder / missing).exists()


def test_an_unknown_folder_is_told_and_not_made(env: dict[str, str], tmp_path: Path) -> None:
    """A slip in the folder's name gives an error with the folder, for what reads; init and run begin there."""
    for command in (("status",), ("export", "--all"), ("sources", "list"), ("costs",), ("db", "current")):
        done = tg_parser(env, *command, "--data-dir", "dta", cwd=tmp_path, code=1)
        assert f"{', '.join(FILES)} in {tmp_path}/dta" in done.stderr
        assert not (tmp_path / "dta").exists()
    tg_parser(env, "init", "--data-dir", "fresh", cwd=tmp_path)
    assert {path.name for path in (tmp_path / "fresh").iterdir()} == set(FILES)
    export = small_export(tmp_path, 3)
    tg_parser(env, "run", "--from-export", export, "--data-dir", "begun", cwd=tmp_path)
    assert {path.name for path in (tmp_path / "begun").iterdir() if path.is_file()} == set(FILES)


def test_one_setting_moves_all_files(env: dict[str, str], tmp_path: Path) -> None:
    """Databases, locks and backups follow TG_PARSER_HOME; --data-dir comes first; status shows the place."""
    env = {**env, "TG_PARSER_HOME": str(tmp_path / "home")}
    export = small_export(tmp_path, 5)
    tg_parser(env, "run", "--from-export", export, "--out", "out", cwd=tmp_path)
    tg_parser(env, "backup", "create", cwd=tmp_path)
    assert {path.name for path in (tmp_path / "home").iterdir()} == {*FILES, "locks", "backups"}
    assert not (tmp_path / "data").exists()
    shown = tg_parser_json(env, "status", cwd=tmp_path)["places"]
    assert shown["home"] == str(tmp_path / "home")
    assert shown["raw"] == f"Database file {tmp_path}/home/raw_storage.sqlite"
    assert f"home        {tmp_path}/home" in tg_parser(env, "status", cwd=tmp_path).stdout
    tg_parser(env, "--data-dir", "other", "init", cwd=tmp_path)
    nothing = tg_parser(env, "status", "--data-dir", "other", cwd=tmp_path).stdout
    assert "These databases contain no messages yet" in nothing
    assert f"{tmp_path}/other" in nothing


def test_names_that_are_nearly_ours_are_pointed_out_once(env: dict[str, str], tmp_path: Path) -> None:
    """On stderr, a line each, without the value, and stdout stays one JSON object."""
    (tmp_path / ".env").write_text("OPENAI_APIKEY=sk-secret-marker\n", "utf-8")
    done = tg_parser({**env, "DB_PASWORD": "s3cret-marker"}, "status", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["sources"] == []
    assert done.stderr.splitlines() == [
        "DB_PASWORD in the environment or .env is not a known setting. Did you mean DB_PASSWORD?",
        "OPENAI_APIKEY in the environment or .env is not a known setting. Did you mean OPENAI_API_KEY?",
    ]


def test_nothing_is_pointed_out_in_an_ordinary_environment(env: dict[str, str], tmp_path: Path) -> None:
    """No word about variables of other programs."""
    others = {"DATABASE_URL": "x", "LOG_FILE": "x", "PGHOST": "x", "DB_CONNECTION": "x", "OPENAI_ORG_ID": "x"}
    assert tg_parser({**env, **others}, "status", cwd=tmp_path).stderr == ""
    assert Path(tmp_path / "data").is_dir()
