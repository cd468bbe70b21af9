"""What lies in the folder of --out is safe: another channel's files, files of before, and the user's own databases."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from conftest import process_environment
from fake_telegram_server import fake_telegram, telegram_variables, world
from knowledge_bases import finished_demo


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def one_chat(folder: Path, number: int, text: str) -> Path:
    """An export of one channel with three messages."""
    messages = [
        {"id": each, "type": "message", "date_unixtime": str(1_700_000_000 + each), "text": f"{text} {each}"}
        for each in range(1, 4)
    ]
    folder.mkdir()
    chat = {"name": f"Chat {number}", "type": "public_channel", "id": number, "messages": messages}
    (folder / "result.json").write_text(json.dumps(chat), "utf-8")
    return folder / "result.json"


@pytest.fixture
def env() -> dict[str, str]:
    """An environment that names no place."""
    return process_environment({})


def test_another_channels_files_are_refused_before_anything_is_processed(env: dict[str, str], tmp_path: Path) -> None:
    """The second channel into the first one's folder: an error that names both ways out; --replace takes it."""
    first, second = (
        one_chat(tmp_path / "a", 1111111111, "Новости дня"),
        one_chat(tmp_path / "b", 2222222222, "Погода завтра"),
    )
    tg_parser(env, "run", "--from-export", first, "--out", "out", cwd=tmp_path)
    before = digests(tmp_path / "out")
    refused = tg_parser(env, "run", "--from-export", second, "--out", "out", cwd=tmp_path, code=1)
    assert "Error: out contains the files of another channel: -1001111111111." in refused.stderr
    assert "--replace" in refused.stderr
    assert digests(tmp_path / "out") == before
    sources = tg_parser_json(env, "status", cwd=tmp_path)["sources"]
    assert sorted(each["documents"] for each in sources) == [0, 3]
    tg_parser(env, "run", "--from-export", second, "--out", "out", "--replace", cwd=tmp_path)
    lines = (tmp_path / "out/kb_entries.ndjson").read_text("utf-8").splitlines()
    channels = {json.loads(line)["source"].get("channel_id") for line in lines} - {None}
    assert channels == {"-1002222222222"}
    tg_parser(env, "export", "--all", "--out", "out", cwd=tmp_path)


def test_an_empty_result_ends_with_its_own_code(env: dict[str, str], tmp_path: Path) -> None:
    """Filters that let nothing through: said on stderr, exit code 4, the files of before as they were."""
    tg_parser(
        env, "run", "--from-export", one_chat(tmp_path / "a", 1111111111, "Новости"), "--out", "out", cwd=tmp_path
    )
    before = digests(tmp_path / "out")
    done = tg_parser(env, "export", "--all", "--from", "2031-01-01", "--out", "out", "--json", cwd=tmp_path, code=4)
    assert "Nothing to export" in done.stderr
    assert json.loads(done.stdout)["message_entries"] == 0
    assert digests(tmp_path / "out") == before


def test_demo_has_databases_of_its_own(env: dict[str, str], tmp_path: Path) -> None:
    """The user's databases are the same bytes before and after, and know nothing of the demo; it says where its are.

    So it is where PostgreSQL is set up, and may be down, or files in another place.
    """
    tg_parser(
        env, "run", "--from-export", one_chat(tmp_path / "a", 1111111111, "Новости"), "--out", "mine", cwd=tmp_path
    )
    before = digests(tmp_path / "data")
    other = {**env, "DB_TYPE": "postgresql", "DB_URL": "postgresql://me:x@127.0.0.1:1/db", "RETRY_MAX_ATTEMPTS": "1"}
    other["RAW_STORAGE_DB_PATH"] = str(tmp_path / "mine.sqlite")
    done = tg_parser(other, "demo", "--out", "shown", cwd=tmp_path)
    assert "--data-dir data/demo" in done.stdout
    assert (tmp_path / "data/demo/raw_storage.sqlite").exists()
    assert not (tmp_path / "mine.sqlite").exists()
    kept = {path.name: path for path in (tmp_path / "data").iterdir() if path.is_file()}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in kept.items()} == {
        name: digest for name, digest in before.items() if name in kept
    }
    assert len(tg_parser_json(env, "status", cwd=tmp_path)["sources"]) == 1
    refused = tg_parser(env, "demo", "--out", "mine", cwd=tmp_path, code=1)
    assert "mine contains the files of another channel" in refused.stderr


def test_demo_is_made_in_the_folder_of_data_dir(env: dict[str, str], tmp_path: Path) -> None:
    """A demo that was made there is found again, and nothing is made elsewhere."""
    finished_demo(tmp_path / "home")
    done = tg_parser_json(env, "demo", "--out", "shown", "--data-dir", "home", cwd=tmp_path)
    assert (done["process"]["waiting"], (tmp_path / "data").exists()) == (0, False)
    assert (tmp_path / "shown/kb_entries.ndjson").exists()


@pytest.mark.parametrize("command", [("run", "--all", "--skip-ingest", "--provider", "local"), ("export", "--all")])
@pytest.mark.parametrize("out", ["taken", "taken/inside"])
def test_a_file_in_the_place_of_the_folder_is_told_before_anything_is_processed(
    env: dict[str, str], tmp_path: Path, command: tuple[Any, ...], out: str
) -> None:
    """It is named, and so is what is wanted; nothing is said about space, and no document is made."""
    tg_parser(env, "ingest", "--from-export", one_chat(tmp_path / "a", 1111111111, "Новости"), cwd=tmp_path)
    (tmp_path / "taken").write_text("mine", "utf-8")
    said = tg_parser(env, *command, "--out", out, cwd=tmp_path, code=1).stderr
    assert said.splitlines() == [
        "Error: taken is a file, but an export needs a folder.",
        "Hint: Give a folder with --out; it is created if missing.",
    ]
    assert (tmp_path / "taken").read_text("utf-8") == "mine"
    assert tg_parser_json(env, "status", cwd=tmp_path)["sources"][0]["documents"] == 0


def test_a_folder_in_the_place_of_a_file_is_told(env: dict[str, str], tmp_path: Path) -> None:
    """The other way round, where one file is asked for."""
    tg_parser(env, "ingest", "--from-export", one_chat(tmp_path / "a", 1111111111, "Новости"), cwd=tmp_path)
    (tmp_path / "raw").mkdir()
    said = tg_parser(env, "messages", "export", "--all", "--out", "raw", cwd=tmp_path, code=1).stderr
    assert "Error: Cannot write raw: a folder exists where a file is needed." in said


def test_an_account_is_not_copied_into_a_folder(env: dict[str, str], tmp_path: Path) -> None:
    """--export-string names a folder: one clear line, as for every file that cannot be written."""
    (tmp_path / "copy").mkdir()
    there = world()
    with fake_telegram(there) as server:
        asked = {**env, **telegram_variables(server)}
        said = tg_parser(asked, "login", "--export-string", "copy", cwd=tmp_path, code=1).stderr
    assert "Error: Cannot write the session into copy: a folder exists where a file is needed." in said
    assert list(tmp_path.glob(".copy*")) == []
