"""A person who logs in gets the sources back that only the account had stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram, login_variables, world


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    there = world()
    there.channel("news_channel", "News").post("Something was said here")
    there.channel("shut_channel", "Shut", private=True)
    with fake_telegram(there) as server:
        yield server


def log_in(env: dict[str, str], folder: Path, *options: str) -> dict[str, Any]:
    """The result of a login with the code that the server sends."""
    done = tg_parser(env, "login", "--json", *options, cwd=folder, answer="12345\n")
    return json.loads(done.stdout)


def statuses(env: dict[str, str], folder: Path) -> dict[str, str]:
    listed = tg_parser_json(env, "sources", "list", cwd=folder)["sources"]
    return {each["source_id"]: each["status"] for each in listed}


def test_login_resumes_what_the_account_had_stopped(
    telegram: FakeTelegram, sqlite_env: dict[str, str], tmp_path: Path
) -> None:
    """Without a session every source fails and names `login`; after it those go on that did not fail by themselves."""
    env = {**sqlite_env, **login_variables(telegram, tmp_path), "TELEGRAM_PHONE": "+79990000000"}
    for name in ("news_channel", "shut_channel"):
        tg_parser(env, "add-source", "--source-id", name, "--via", "api", cwd=tmp_path)
    failed = tg_parser(env, "ingest", "--all", cwd=tmp_path, code=1)
    assert "tg-parser login" in failed.stderr
    assert statuses(env, tmp_path) == {"news_channel": "error", "shut_channel": "error"}
    assert log_in(env, tmp_path)["resumed"] == ["news_channel", "shut_channel"]
    again = tg_parser(env, "ingest", "--all", cwd=tmp_path, code=1)
    assert statuses(env, tmp_path) == {"news_channel": "active", "shut_channel": "error"}, again.stderr
    assert log_in(env, tmp_path, "--force")["resumed"] == []


def test_login_leaves_its_lock_among_the_others(
    telegram: FakeTelegram, sqlite_env: dict[str, str], tmp_path: Path
) -> None:
    """Beside the session and the databases lie no files of locks: those are in the folder `locks` next to each."""
    env = {**sqlite_env, **login_variables(telegram, tmp_path), "TELEGRAM_PHONE": "+79990000000"}
    for _ in range(2):
        log_in(env, tmp_path)
    places = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.lock")}
    assert places == {"account/locks", "databases/locks"}
    assert sorted(path.name for path in (tmp_path / "account").iterdir()) == ["locks", "telegram.session"]
