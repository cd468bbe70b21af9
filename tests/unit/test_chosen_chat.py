"""The argument of run is a chat or a path, and never one taken for the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tg_parser.cli.chosen_chat import export_path, is_here


@pytest.mark.parametrize(
    "written",
    [
        "result.json",
        "./ChatExport_2026-11-01/",
        "../x",
        "/tmp/export",
        "a/b",
        "C:\\exports\\x",
        "messages.html",
        "RESULT.JSON",
    ],
)
def test_what_looks_like_a_path_is_one(written: str) -> None:
    """Also where nothing is there: then the missing file is told, not a chat that nobody meant."""
    assert export_path(written) == Path(written)


@pytest.mark.parametrize(
    "written",
    ["@habr_com", "habr_com", "-1001032086354", "https://t.me/habr_com", "t.me/s/habr_com", "tg://resolve?domain=x",
     "habr.t.me", "https://t.me/c/1032086354/5"],
)  # fmt: skip
def test_what_names_a_chat_is_none(written: str) -> None:
    """Names, numbers and links in every form."""
    assert export_path(written) is None


def test_what_no_file_can_be_called_is_not_here() -> None:
    """A name too long or too strange for the system is asked about all the same."""
    assert [is_here("я" * 5000), is_here("a\x00b"), is_here(".")] == [False, False, True]


def test_folder_of_an_export_is_a_path_and_a_name_stays_a_chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder as Telegram Desktop names it is no username; one called like a channel does not hide the channel."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ChatExport_2026-11-01").mkdir()
    (tmp_path / "habr_com").mkdir()
    assert export_path("ChatExport_2026-11-01") == Path("ChatExport_2026-11-01")
    assert export_path("ChatExport_2026-11-02") is None
    assert export_path("habr_com") is None


def test_home_is_unfolded() -> None:
    """The shell does not do it inside quotes."""
    assert export_path("~/result.json") == Path.home() / "result.json"
