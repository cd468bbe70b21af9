"""`tg-parser login` as a person meets it: a real process, its questions, and the session it leaves."""

from __future__ import annotations

import os
import pty
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cli_process
import pytest
from cli_process import begin
from conftest import process_environment
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram, login_variables, world
from fresh_databases import sqlite_files
from telegram_protected import protected
from telethon.sessions import StringSession
from warm_child import WarmChild

from tg_parser.config.settings import TelegramSettings
from tg_parser.ingestion.telegram.session import load_session

PHONE, CODE = "+79990000000", "12345"
ANSWERS = f"{PHONE}\n{CODE}\n"


@pytest.fixture
def server() -> Iterator[FakeTelegram]:
    inhabited = world()
    inhabited.channel("news", "Новости").post("first")
    with fake_telegram(inhabited) as running:
        yield running


@pytest.fixture
def machine(server: FakeTelegram, tmp_path: Path) -> dict[str, str]:
    """The environment of a machine where nobody has logged in yet."""
    return process_environment({**sqlite_files(tmp_path / "databases"), **login_variables(server, tmp_path)})


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "account" / "telegram.session"


def tg_parser(environment: dict[str, str], *arguments: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    return cli_process.tg_parser(environment, *arguments, cwd=at_home(environment), code=None, answer=answers)


def at_home(environment: dict[str, str]) -> Path:
    """A folder without settings of the surrounding shell."""
    return Path(environment["TELEGRAM_SERVER_KEY"]).parent


@contextmanager
def terminal(environment: dict[str, str], *arguments: str) -> Iterator[tuple[WarmChild, int]]:
    """The process at a terminal of its own; what it shows is read, and answers are typed, at the other end."""
    ours, theirs = pty.openpty()
    process = begin(environment, *arguments, cwd=at_home(environment), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait(10)
        os.close(ours)


def read_until(ours: int, question: str) -> str:
    """What the terminal shows up to `question`, which is the last thing before somebody types."""
    shown = b""
    while question.encode() not in shown:
        shown += os.read(ours, 4096)
    return shown.decode()


def read_to_the_end(ours: int) -> str:
    shown = b""
    try:
        while more := os.read(ours, 4096):
            shown += more
    except OSError:
        # So Linux tells that nobody holds the other end any more.
        return shown.decode()
    return shown.decode()


def test_a_phone_number_and_a_code_log_in(server: FakeTelegram, machine: dict[str, str], session: Path) -> None:
    """The session is a file for its owner alone in a folder made on the way; collecting works with it at once."""
    done = tg_parser(machine, "login", answers=ANSWERS)
    assert (done.returncode, done.stdout) == (0, f"Logged in as Тест. The session is in {session}.\n")
    assert stat.S_IMODE(session.stat().st_mode) == 0o600
    collected = tg_parser(machine, "run", "@news", "--skip-process", "--skip-topicize", "--skip-export", "--json")
    assert collected.returncode == 0, collected.stderr
    assert server.counts["messages.getHistory"] == 1


def test_the_session_and_the_answers_show_nowhere(
    server: FakeTelegram, machine: dict[str, str], session: Path, tmp_path: Path
) -> None:
    """Neither key, nor string, nor phone number, nor code is printed or logged."""
    string = tmp_path / "string.txt"
    done = tg_parser(machine, "--debug", "login", "--export-string", str(string), answers=ANSWERS)
    shown = done.stdout + done.stderr
    secrets = (string.read_text().strip(), string.read_text()[40:80], PHONE, CODE)
    assert [each for each in secrets if each in shown] == []


def test_a_session_string_goes_into_a_private_file(
    server: FakeTelegram, machine: dict[str, str], session: Path, tmp_path: Path
) -> None:
    """It is the same session, for another machine."""
    string = tmp_path / "string.txt"
    assert tg_parser(machine, "login", "--export-string", str(string), answers=ANSWERS).returncode == 0
    assert stat.S_IMODE(string.stat().st_mode) == 0o600
    settings = TelegramSettings(_env_file=None, TELEGRAM_SESSION=str(session))
    assert StringSession(string.read_text().strip()).auth_key.key == load_session(settings).key


def test_who_is_logged_in_is_asked_nothing(server: FakeTelegram, machine: dict[str, str], session: Path) -> None:
    """A second login says as whom and changes nothing; with --force it begins anew."""
    tg_parser(machine, "login", answers=ANSWERS)
    before = session.read_bytes()
    again = tg_parser(machine, "login")
    assert (again.returncode, again.stdout) == (0, f"Already logged in as Тест. The session is in {session}.\n")
    assert session.read_bytes() == before
    assert tg_parser(machine, "login", "--force", answers=ANSWERS).returncode == 0
    assert session.read_bytes() != before
    assert server.counts["handshakes"] == 2


def test_a_wrong_code_may_be_given_again(server: FakeTelegram, machine: dict[str, str]) -> None:
    """Twice wrong, then right."""
    done = tg_parser(machine, "login", answers=f"{PHONE}\n11111\n22222\n{CODE}\n")
    assert done.returncode == 0
    assert done.stderr.count("Telegram does not accept this code.") == 2


def test_three_wrong_codes_end_the_login(server: FakeTelegram, machine: dict[str, str], session: Path) -> None:
    """No session is left behind."""
    done = tg_parser(machine, "login", answers=f"{PHONE}\n1\n2\n3\n{CODE}\n")
    assert done.returncode == 1
    assert "Error: Telegram does not accept this code." in done.stderr
    assert not session.exists()


def test_without_anybody_to_answer_the_error_says_so(
    server: FakeTelegram, machine: dict[str, str], session: Path
) -> None:
    """A scheduled job never hangs at a question."""
    done = tg_parser(machine, "login")
    assert done.returncode == 2
    assert "Error: Login asks questions, but there is no terminal to ask on." in done.stderr
    assert "--export-string" in done.stderr
    assert not session.exists()


def test_the_phone_number_may_stand_in_the_settings(server: FakeTelegram, machine: dict[str, str]) -> None:
    """Then only the code is asked for."""
    done = tg_parser({**machine, "TELEGRAM_PHONE": PHONE}, "login", answers=f"{CODE}\n")
    assert done.returncode == 0
    assert server.requests("auth.sendCode")[0].args["phone_number"] == PHONE


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("PHONE_NUMBER_INVALID", "This is no phone number"),
        ("PHONE_NUMBER_BANNED", "Telegram has banned this phone number"),
        ("API_ID_INVALID", "Telegram does not accept TELEGRAM_API_ID with TELEGRAM_API_HASH"),
        ("FLOOD_WAIT_5000", "before the next attempt to log in"),
        ("BRAND_NEW_RULE", "Telegram refuses to log in: BRAND_NEW_RULE"),
    ],
)
def test_a_refused_login_says_why(
    server: FakeTelegram, machine: dict[str, str], session: Path, error: str, sentence: str
) -> None:
    """One clear line, exit code 1, no session."""
    server.fault("auth.sendCode", error=error)
    done = tg_parser(machine, "login", answers=ANSWERS)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not session.exists()


def test_a_file_that_is_no_session_is_not_overwritten(
    server: FakeTelegram, machine: dict[str, str], session: Path
) -> None:
    """Somebody pointed at the wrong file: it stays as it is."""
    session.parent.mkdir()
    session.write_bytes(b"a diary, not a session")
    done = tg_parser(machine, "login", answers=ANSWERS)
    assert done.returncode == 1
    assert "cannot be read as a Telegram session" in done.stderr
    assert session.read_bytes() == b"a diary, not a session"


def test_a_login_makes_earlier_trouble_moot(server: FakeTelegram, machine: dict[str, str]) -> None:
    """A session that was blocked is used again once a person has seen to it."""
    tg_parser(machine, "login", answers=ANSWERS)
    fault = server.fault("contacts.resolveUsername", error="AUTH_KEY_DUPLICATED", times=1)
    only_collect = ("run", "@news", "--skip-process", "--skip-topicize", "--skip-export")
    assert "used from two places at once" in tg_parser(machine, *only_collect).stderr
    assert "cannot be used any more" in tg_parser(machine, *only_collect).stderr
    assert fault.fired == 1
    assert tg_parser(machine, "login").stdout.startswith("Already logged in as Тест.")
    assert tg_parser(machine, *only_collect).returncode == 0


def test_ctrl_c_at_a_question_ends_at_once(machine: dict[str, str], session: Path) -> None:
    """Also while the loop that waits for Telegram stands still."""
    with terminal(machine, "login") as (process, ours):
        read_until(ours, "country code: ")
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 130
    assert not session.exists()


def test_a_password_is_asked_for_where_the_account_has_one(tmp_path: Path, session: Path) -> None:
    """It is typed unseen; a wrong one may be given again."""
    with protected(asks_password=True) as server:
        server.fault("auth.checkPassword", error="PASSWORD_HASH_INVALID", times=1)
        machine = process_environment({**sqlite_files(tmp_path / "databases"), **login_variables(server, tmp_path)})
        with terminal(machine, "login") as (process, ours):
            shown = ""
            for question, answer in (
                ("country code: ", PHONE),
                ("on another device: ", CODE),
                ("not shown): ", "first-secret"),
                ("not shown): ", "second-secret"),
            ):
                shown += read_until(ours, question)
                os.write(ours, f"{answer}\n".encode())
            shown += read_to_the_end(ours)
            assert process.wait(15) == 0, shown
    assert "Logged in as Тест." in shown
    assert "Telegram does not accept this password." in shown
    assert "first-secret" not in shown
    assert "second-secret" not in shown
    assert session.is_file()


@pytest.mark.parametrize("asks_password", [False, True])
def test_a_qr_code_logs_in_once_it_is_scanned(tmp_path: Path, session: Path, asks_password: bool) -> None:
    """The code is drawn on stderr, Telegram is asked until it was scanned, then for the password if there is one."""
    with protected(asks_password=asks_password) as server:
        machine = process_environment({**sqlite_files(tmp_path / "databases"), **login_variables(server, tmp_path)})
        done = tg_parser(machine, "login", "--qr", answers="a-password\n" if asks_password else "")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Logged in as Тест.")
    assert "Scan this in Telegram" in done.stderr
    assert done.stderr.count("█") > 50
    assert session.is_file()
