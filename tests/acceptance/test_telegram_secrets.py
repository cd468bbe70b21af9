"""What opens the account shows nowhere: not on the screen, not in the log at its most talkative, not in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram
from telegram_worlds import SOURCE, add_source, api_hash, plain_channel, telegram_env

PHONE = "79991234567"


@pytest.fixture
def server() -> Iterator[FakeTelegram]:
    with fake_telegram(plain_channel(120, discussion=True).world) as running:
        yield running


@pytest.fixture
def env(sqlite_env: dict[str, str], server: FakeTelegram) -> dict[str, str]:
    return telegram_env(sqlite_env, server, LOG_LEVEL="DEBUG", TELEGRAM_PHONE=PHONE, RETRY_MAX_ATTEMPTS="2")


def told(env: dict[str, str], folder: Path, *arguments: str, code: int = 0) -> str:
    """All that a command says, with tracebacks and the log at its most talkative, in text and in JSON."""
    said = ""
    for form in ("text", "json"):
        done = tg_parser({**env, "LOG_FORMAT": form}, *arguments, "--debug", cwd=folder, code=code)
        said += done.stdout + done.stderr
    return said


def assert_no_secret(env: dict[str, str], said: str, folder: Path) -> None:
    """The session, any long piece of it, the hash and the phone number are neither said nor written."""
    session = env["TELEGRAM_SESSION"]
    pieces = [session[start : start + 24] for start in range(0, len(session) - 24, 12)]
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in (session, api_hash(), PHONE, *pieces):
        assert secret not in said
        assert secret.encode() not in written


def test_a_run_that_goes_well_tells_no_secret(env: dict[str, str], tmp_path: Path) -> None:
    """Registering, collecting and looking again."""
    add_source(env, tmp_path)
    said = told(env, tmp_path, "ingest", "--source", SOURCE)
    said += told(env, tmp_path, "ingest", "--source", SOURCE, "--recheck", "50")
    said += told(env, tmp_path, "sources", "show", SOURCE)
    assert "news" in said
    assert_no_secret(env, said, tmp_path)


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("help.getConfig", {"error": "API_ID_INVALID"}),
        ("messages.getHistory", {"error": "AUTH_KEY_UNREGISTERED"}),
        ("messages.getHistory", {"error": "INTERNAL"}),
        ("messages.getHistory", {"error": "BRAND_NEW_RULE"}),
        ("messages.getHistory", {"drop": "mid"}),
    ],
)
def test_a_run_that_fails_tells_no_secret(
    method: str, fault: dict[str, str], env: dict[str, str], server: FakeTelegram, tmp_path: Path
) -> None:
    """Tracebacks and logs of wrong credentials, a dead session, trouble of Telegram's, lost connections."""
    server.fault(method, **fault)
    add_source(env, tmp_path)
    said = told(env, tmp_path, "ingest", "--source", SOURCE, code=1)
    assert "Traceback" in said
    assert_no_secret(env, said, tmp_path)


@pytest.mark.parametrize("spoil", [lambda whole: whole[:-40], lambda whole: f"{whole}x", lambda whole: f"2{whole[1:]}"])
def test_a_spoilt_session_string_is_not_repeated(
    spoil: Callable[..., Any], env: dict[str, str], tmp_path: Path
) -> None:
    """Cut, too long or of another version: the error does not quote it."""
    spoilt = {**env, "TELEGRAM_SESSION": spoil(env["TELEGRAM_SESSION"])}
    add_source(env, tmp_path)
    said = told(spoilt, tmp_path, "ingest", "--source", SOURCE, code=1)
    assert "TELEGRAM_SESSION looks like a session string" in said
    assert_no_secret(spoilt, said, tmp_path)
