"""Sessions are read strictly, kept for their owner alone, and shown nowhere."""

from __future__ import annotations

import base64
import sqlite3
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from telethon.crypto import AuthKey
from telethon.sessions import SQLiteSession, StringSession

from tg_parser.cli.hints import hint_of
from tg_parser.config.settings import TelegramSettings
from tg_parser.domain.errors import AccountError
from tg_parser.ingestion.telegram.session import (
    NotLoggedInError,
    Session,
    as_string,
    load_session,
    session_exists,
    session_file,
    write_private,
)

KEY = bytes(range(256))
STRING = "1" + base64.urlsafe_b64encode(struct.pack(">B4sH256s", 2, bytes([149, 154, 167, 50]), 443, KEY)).decode()
LONG = "1" + base64.urlsafe_b64encode(struct.pack(">B16sH256s", 4, bytes(15) + b"\1", 443, KEY)).decode()


def settings(session: str | Path, **other: Any) -> TelegramSettings:
    return TelegramSettings(_env_file=None, TELEGRAM_SESSION=str(session), **other)


def telethon_file(path: Path, key: bytes | None = KEY) -> Path:
    made = SQLiteSession(str(path))
    made.set_dc(2, "149.154.167.50", 443)
    made.auth_key = AuthKey(key)
    made.save()
    made.close()
    return path


@pytest.mark.parametrize(("string", "address", "dc_id"), [(STRING, "149.154.167.50", 2), (LONG, "::1", 4)])
def test_a_session_string_gives_the_server_and_the_key(string: str, address: str, dc_id: int) -> None:
    """Both lengths of addresses are read."""
    session = load_session(settings(string))
    assert (session.dc_id, session.address, session.port, session.key) == (dc_id, address, 443, KEY)
    assert session.file is None


def test_a_session_is_known_by_a_digest_of_its_key() -> None:
    """The first 16 digits of SHA-256 of the key, which nobody can turn back."""
    assert load_session(settings(STRING)).session_id == "40aff2e9d2d8922e"


def test_a_session_string_is_written_as_telethon_reads_it() -> None:
    """What is exported serves any program that is built on Telethon."""
    written = as_string(load_session(settings(STRING)))
    assert written == STRING
    assert StringSession(written).auth_key.key == KEY


@pytest.mark.parametrize(
    "string",
    [STRING[:-40], STRING + "AAAA", STRING[:9] + "-" + STRING[9:], "2" + STRING[1:], "1" + "A" * 352, STRING[:150]],
)
def test_a_damaged_session_string_is_refused_without_being_shown(string: str) -> None:
    """Neither the error nor its hint repeats any part of it."""
    with pytest.raises(AccountError) as caught:
        load_session(settings(string))
    assert string[5:25] not in f"{caught.value.message} {caught.value.hint}"


def test_the_key_shows_in_no_representation() -> None:
    """A session that ends up in a log or a traceback gives nothing away."""
    shown = repr(load_session(settings(STRING)))
    assert "key" not in shown
    assert repr(KEY)[2:20] not in shown


def test_a_session_file_of_telethon_is_read_and_tightened(tmp_path: Path) -> None:
    """Whoever logged in with another program goes on with it; others can read the file no more."""
    path = telethon_file(tmp_path / "account.session")
    path.chmod(0o644)
    session = load_session(settings(path))
    assert (session.address, session.key, session.file) == ("149.154.167.50", KEY, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_suffix_of_a_session_file_may_be_left_out(tmp_path: Path) -> None:
    """As Telethon does, unless a file of the very name is there."""
    telethon_file(tmp_path / "account.session")
    assert load_session(settings(tmp_path / "account")).key == KEY
    (tmp_path / "account").write_bytes(b"")
    assert session_file(str(tmp_path / "account")) == tmp_path / "account"


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b'{"messages": []}'])
def test_a_file_that_is_no_session_is_named(tmp_path: Path, content: bytes) -> None:
    """The error says which file, and nothing is changed in it."""
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(AccountError, match=r"result\.json cannot be read as a Telegram session"):
        load_session(settings(path))
    assert path.read_bytes() == content


def test_another_database_is_no_session(tmp_path: Path) -> None:
    """A SQLite file without the table of sessions is told apart."""
    path = tmp_path / "raw.sqlite"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE messages (id)")
    file.close()
    with pytest.raises(AccountError, match=r"raw\.sqlite cannot be read as a Telegram session: no such table"):
        load_session(settings(path))


def test_without_a_session_the_error_names_the_login(tmp_path: Path) -> None:
    """Nobody is asked anything while collecting."""
    with pytest.raises(NotLoggedInError) as caught:
        load_session(settings(tmp_path / "none.session"))
    assert "tg-parser login" in hint_of(caught.value)


def test_a_session_that_never_logged_in_is_told_apart(tmp_path: Path) -> None:
    """An empty key is no key."""
    with pytest.raises(NotLoggedInError, match="is not logged in"):
        load_session(settings(telethon_file(tmp_path / "empty.session", key=None)))


def test_another_server_can_be_named() -> None:
    """The key stays; where it is used is what the setting says."""
    session = load_session(settings(STRING, TELEGRAM_SERVER="3@localhost:9000"))
    assert (session.dc_id, session.address, session.port, session.key) == (3, "localhost", 9000, KEY)


def test_whether_a_session_is_there_is_seen_without_reading_it(tmp_path: Path) -> None:
    """A string counts, and so does a file, whatever is in it."""
    (tmp_path / "a.session").write_bytes(b"")
    assert session_exists(settings(STRING))
    assert session_exists(settings(tmp_path / "a"))
    assert not session_exists(settings(tmp_path / "b"))


def test_private_files_are_for_their_owner_from_the_first_byte(tmp_path: Path) -> None:
    """The folder is made on the way, an old file is replaced whole, and nothing is left beside it."""
    path = tmp_path / "new" / "session.txt"
    write_private(path, b"one")
    path.chmod(0o644)
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["session.txt"]


def test_a_session_of_a_host_name_makes_no_string() -> None:
    """A string holds addresses alone."""
    with pytest.raises(AccountError, match="host name"):
        as_string(Session(2, "localhost", 443, KEY))


def test_telethon_is_imported_by_those_alone_who_use_the_account() -> None:
    """Every other command starts without it."""
    shown = subprocess.run(
        [sys.executable, "-c", "import sys, tg_parser.wiring.app, tg_parser.cli.app; print('telethon' in sys.modules)"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert shown.stdout == "False\n"
