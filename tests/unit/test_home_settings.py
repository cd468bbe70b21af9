"""One setting moves everything that is kept, and names that are nearly ours are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tg_parser.cli.app import leading
from tg_parser.config.near_names import near_names, nearly
from tg_parser.config.settings import Settings, load_settings, variable_names

KNOWN = {"TG_PARSER_HOME", "OPENAI_API_KEY", "DB_PASSWORD", "DB_PORT", "LOG_LEVEL"}


def places(settings: Settings) -> list[Path]:
    return [
        settings.database.ingestion_state_path,
        settings.database.raw_storage_path,
        settings.database.processing_storage_path,
        settings.backup.dir,
        settings.agents.archive_dir,
        Path(settings.telegram.session.get_secret_value()),
    ]


def test_without_a_home_everything_is_in_data() -> None:
    """The default is ./data, for every file."""
    names = ("ingestion_state.sqlite", "raw_storage.sqlite", "processing_storage.sqlite", "backups", "agent_archive")
    assert places(load_settings(None)) == [Path("data") / name for name in (*names, "telegram.session")]


def test_home_moves_everything_that_has_no_place_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """TG_PARSER_HOME takes databases, backups, archives and session along; a single setting still wins."""
    monkeypatch.setenv("TG_PARSER_HOME", "/srv/мой дом")
    monkeypatch.setenv("RAW_STORAGE_DB_PATH", "elsewhere/raw.sqlite")
    home = Path("/srv/мой дом")
    assert places(load_settings(None)) == [
        home / "ingestion_state.sqlite",
        Path("elsewhere/raw.sqlite"),
        home / "processing_storage.sqlite",
        home / "backups",
        home / "agent_archive",
        home / "telegram.session",
    ]


def test_a_value_given_as_the_default_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who writes data/backups means it."""
    monkeypatch.setenv("TG_PARSER_HOME", "/srv/tg")
    monkeypatch.setenv("BACKUP_DIR", "data/backups")
    assert load_settings(None).backup.dir == Path("data/backups")


def test_home_of_the_user_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde in .env is no folder of that name."""
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("TG_PARSER_HOME", "~/tg")
    assert load_settings(None).backup.dir == Path("/home/ann/tg/backups")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("TG_PARSER_HOMES", {"TG_PARSER_HOMES": "TG_PARSER_HOME"}),
        ("OPENAI_APIKEY", {"OPENAI_APIKEY": "OPENAI_API_KEY"}),
        ("DB_PASWORD", {"DB_PASWORD": "DB_PASSWORD"}),
        ("db_pasword", {"db_pasword": "DB_PASSWORD"}),
        ("db_password", {}),
        ("DB_PASSWORD", {}),
        ("HOME", {}),
        ("PATH", {}),
        ("DATABASE_URL", {}),
        ("PGPASSWORD", {}),
        ("LOGNAME", {}),
    ],
)
def test_near_misses_are_found_and_nothing_else(given: str, found: dict[str, str]) -> None:
    """A letter too many or too few is pointed out; other programs' variables are not."""
    assert nearly([given], KNOWN) == found


def test_a_near_miss_beside_the_right_name_is_no_miss() -> None:
    """Who also set the right one did not miss it."""
    assert nearly(["DB_PASSWORD", "DB_PASSWORDS"], KNOWN) == {}


def test_names_in_the_file_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in .env is found as one in the environment is."""
    monkeypatch.setenv("DB_PASWORD", "x")
    (tmp_path / ".env").write_text("OPENAI_APIKEY=sk\n# TG_PARSER_HOMES=data\n", "utf-8")
    assert near_names(KNOWN, tmp_path / ".env") == {"DB_PASWORD": "DB_PASSWORD", "OPENAI_APIKEY": "OPENAI_API_KEY"}


def test_no_two_of_our_own_names_are_taken_for_each_other() -> None:
    """Every variable that is read, given alone, is itself."""
    assert {
        name: nearly([name], variable_names()) for name in variable_names() if nearly([name], variable_names())
    } == {}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("status --data-dir x --json", "--data-dir x status --json"),
        ("--data-dir=x status", "--data-dir=x status"),
        ("run @a --debug --data-dir=x", "--debug --data-dir=x run @a"),
        ("run -- --debug", "run -- --debug"),
        ("status --data-dir", "--data-dir status"),
    ],
)
def test_options_of_the_program_may_stand_anywhere(line: str, expected: str) -> None:
    """What belongs to the program is moved before the command; after -- nothing is."""
    assert leading(line.split()) == expected.split()
