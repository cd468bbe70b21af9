"""Settings are read from the environment and refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tg_parser.config.settings import load_settings, secret_values, setting_groups, variable_names
from tg_parser.domain.errors import SettingsError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the surrounding shell reaches a test."""
    for _, group in setting_groups():
        for field in group.model_fields.values():
            monkeypatch.delenv(str(field.validation_alias), raising=False)


def test_defaults_need_no_environment() -> None:
    """A laptop without any variable gets SQLite files."""
    settings = load_settings(None)
    assert settings.database.type == "sqlite"
    assert settings.retry.max_attempts == 3


def test_only_a_documented_variable_sets_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """USER, HOST, PORT and LEVEL are set in many a shell, and are the names of fields here."""
    names = {name.upper() for _, group in setting_groups() for name in group.model_fields} - variable_names()
    assert names > {"USER", "HOST", "PORT", "LEVEL", "NAME", "DIR"}
    expected = load_settings(None)
    env_file = tmp_path / ".env"
    env_file.write_text("".join(f"{name}=of another program\n" for name in sorted(names - {"HOST"})), "utf-8")
    monkeypatch.setenv("HOST", "machine")
    monkeypatch.setenv("user", "somebody")
    assert load_settings(env_file) == expected


def test_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """.env gives values, the environment overrides them."""
    env_file = tmp_path / ".env"
    env_file.write_text("DB_PORT=6000\nDB_NAME=from_file\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("DB_NAME", "from_environment")
    database = load_settings(env_file).database
    assert (database.port, database.name) == (6000, "from_environment")


def test_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """`DB_PORT=` in a compose file is not an error."""
    monkeypatch.setenv("DB_PORT", "")
    assert load_settings(None).database.port == 5432


def test_every_wrong_value_is_named_with_its_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start tells all that is wrong: variable, value and what is allowed."""
    monkeypatch.setenv("DB_PORT", "99999")
    monkeypatch.setenv("RETRY_JITTER", "much")
    with pytest.raises(SettingsError) as caught:
        load_settings(None)
    assert "DB_PORT: '99999' is not allowed (allowed: 1 to 65535)." in caught.value.message
    assert "RETRY_JITTER: 'much' is not allowed (allowed: 0 to 1)." in caught.value.message


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password appears in no repr, and is listed for the one who masks it."""
    monkeypatch.setenv("DB_PASSWORD", "p@ss:/%слово")
    settings = load_settings(None)
    assert "слово" not in repr(settings)
    assert list(secret_values(settings)) == ["p@ss:/%слово"]


@pytest.mark.parametrize(("session", "masked"), [("work.session", []), ("1BVtsOK" * 50, ["1BVtsOK" * 50])])
def test_session_is_a_secret_and_the_name_of_its_file_is_none(
    monkeypatch: pytest.MonkeyPatch, session: str, masked: list[str]
) -> None:
    """An error that names the file must be readable; a session string must not be."""
    monkeypatch.setenv("TELEGRAM_SESSION", session)
    assert list(secret_values(load_settings(None))) == masked


def test_every_setting_is_documented() -> None:
    """No variable without a line that says what it means."""
    fields = [field for _, group in setting_groups() for field in group.model_fields.values()]
    assert len(fields) >= 25
    assert all(field.description and field.description.endswith(".") for field in fields)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b'DB_NAME=a\nDB_TYPE="postgresql\n', "line 2, does not have the form NAME=value"),
        (b"DB_TYPE postgresql\n", "line 1, does not have the form NAME=value"),
        ("DB_TYPE=sqlite\n".encode("utf-16"), "is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused(tmp_path: Path, written: bytes, told: str) -> None:
    """A line passed over would mean a default where somebody wrote something else."""
    env_file = tmp_path / ".env"
    env_file.write_bytes(written)
    with pytest.raises(SettingsError, match=told) as caught:
        load_settings(env_file)
    assert ".env" in caught.value.message
    assert "postgresql" not in caught.value.message


def test_a_mark_of_the_byte_order_at_the_beginning_is_no_part_of_a_name(tmp_path: Path) -> None:
    """Editors on Windows put one before the first line."""
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"\xef\xbb\xbfDB_NAME=from_file\n# a comment\nexport DB_PORT=6000\n")
    database = load_settings(env_file).database
    assert (database.name, database.port) == ("from_file", 6000)
