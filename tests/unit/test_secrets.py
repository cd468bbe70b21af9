"""A secret may be given in several forms; two at once, or one that cannot be read, is refused by name."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.config.secrets import encrypted, passwords_in
from tg_parser.config.settings import load_settings, secret_values
from tg_parser.domain.errors import SettingsError

SECRET = "p@ss:w/rd% слово"


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: Any) -> DatabaseSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    return load_settings(None).database


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_password_is_read_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str) -> None:
    """The line end that an editor leaves is no part of the password; everything else is."""
    file = tmp_path / "password"
    file.write_bytes(f" {SECRET} {end}".encode())
    assert loaded(monkeypatch, DB_PASSWORD_FILE=file).password == SecretStr(f" {SECRET} ")


def test_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Missing, a folder, not text, empty: the variable and the path are said, and why."""
    folder, noise, empty = tmp_path / "folder", tmp_path / "noise", tmp_path / "empty"
    folder.mkdir()
    noise.write_bytes(b"\xff\xfe\x00")
    empty.write_text("\n")
    for path, reason in [
        (tmp_path / "none", "cannot be read: No such file"),
        (folder, "cannot be read: Is a directory"),
        (noise, "cannot be read: it is not UTF-8 text"),
        (empty, "is empty"),
    ]:
        with pytest.raises(SettingsError, match="DB_PASSWORD_FILE") as refused:
            loaded(monkeypatch, DB_PASSWORD_FILE=path)
        assert f"{path} {reason}" in refused.value.message


def test_encrypted_password_and_url_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was encrypted comes back whole, and is masked like every secret."""
    key = tmp_path / "keys" / "key"
    url = "postgresql://u:pa%40ss@h/d"
    variables: dict[str, Any] = {
        "DB_PASSWORD_ENCRYPTED": encrypted(SECRET, key),
        "DB_URL_ENCRYPTED": encrypted(url, key),
        "DB_ENCRYPTION_KEY_FILE": key,
    }
    database = loaded(monkeypatch, **variables)
    assert (database.password.get_secret_value(), database.url.get_secret_value()) == (SECRET, url)
    assert {SECRET, url, "pa@ss", "pa%40ss"} <= set(secret_values(load_settings(None)))
    assert "слово" not in repr(database)
    assert variables["DB_PASSWORD_ENCRYPTED"] not in repr(database)


def test_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The key is made once, readable by nobody else, and used again."""
    key = tmp_path / "key"
    encrypted(SECRET, key)
    first = key.read_text()
    encrypted(SECRET, key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text() == first


def test_the_same_secret_never_looks_the_same(tmp_path: Path) -> None:
    """Two forms of one password do not tell that it is one."""
    assert encrypted(SECRET, tmp_path / "key") != encrypted(SECRET, tmp_path / "key")


def test_encrypted_without_its_key_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, another key, no key in the file, a token cut short: each is said, and nothing of the secret is shown."""
    key, other, broken = tmp_path / "key", tmp_path / "other", tmp_path / "broken"
    token = encrypted(SECRET, key)
    encrypted(SECRET, other)
    broken.write_text("not a key\n")
    with pytest.raises(SettingsError, match="DB_PASSWORD_ENCRYPTED is set without the key") as alone:
        loaded(monkeypatch, DB_PASSWORD_ENCRYPTED=token)
    assert "DB_ENCRYPTION_KEY_FILE" in alone.value.hint
    with pytest.raises(SettingsError, match="cannot be decrypted with the key in"):
        loaded(monkeypatch, DB_ENCRYPTION_KEY_FILE=other)
    with pytest.raises(SettingsError, match="does not contain a key"):
        loaded(monkeypatch, DB_ENCRYPTION_KEY_FILE=broken)
    with pytest.raises(SettingsError, match="cannot be decrypted"):
        loaded(monkeypatch, DB_ENCRYPTION_KEY_FILE=key, DB_PASSWORD_ENCRYPTED=token[:-5])


@pytest.mark.parametrize(
    ("first", "second"),
    [("DB_PASSWORD", "DB_PASSWORD_FILE"), ("DB_PASSWORD", "DB_PASSWORD_ENCRYPTED"), ("DB_URL", "DB_URL_ENCRYPTED")],
)
def test_two_forms_of_one_secret_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str, second: str
) -> None:
    """Nobody guesses which of two passwords is meant; none of them is shown."""
    key, file = tmp_path / "key", tmp_path / "file"
    file.write_text("from-file")
    values = {
        "DB_PASSWORD": "from-environment",
        "DB_URL": "postgresql://h/d",
        "DB_PASSWORD_FILE": file,
        "DB_PASSWORD_ENCRYPTED": encrypted("from-token", key),
        "DB_URL_ENCRYPTED": encrypted("postgresql://h/d", key),
    }
    with pytest.raises(SettingsError, match=f"{first} and {second} are both set") as refused:
        loaded(monkeypatch, **{first: values[first], second: values[second], "DB_ENCRYPTION_KEY_FILE": key})
    assert "from-" not in f"{refused.value}{refused.value.hint}"


@pytest.mark.parametrize(
    ("value", "passwords"),
    [
        ("postgresql://u:p%40ss@h/d", {"p%40ss", "p@ss"}),
        ("postgresql://u:p/w@h/d?x=1", {"p/w"}),
        ("postgresql://u@h/d?password=s3%20c", {"s3 c"}),
        ("postgresql://u@h/d", set()),
        ("postgresql://[h/d", set()),
        ("no url: with@all", set()),
    ],
)
def test_passwords_inside_urls_are_known(value: str, passwords: set[str]) -> None:
    """Masking an address is not enough: its password may turn up alone, encoded or not."""
    assert set(passwords_in(value)) == passwords
