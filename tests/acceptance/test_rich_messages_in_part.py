"""A rich message of which Telegram gave the beginning alone: kept, counted, and told to the person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from fake_telegram_server import fake_telegram
from rich_content import as_api, as_json
from telegram_worlds import NAME, plain_channel, telegram_env

BEGINNING = [("paragraph", ["The beginning of a long story"])]
TOLD = "{source}: 1 rich message stored in part: Telegram sent only the beginning."


@pytest.fixture
def export(tmp_path: Path) -> str:
    """An export with one such message and one that is whole."""
    messages = [as_json(BEGINNING, part=True), {**as_json([("paragraph", ["All of it"])]), "id": 2}]
    chat = {"name": "Stories", "type": "public_channel", "id": 1500000009, "messages": messages}
    (tmp_path / "result.json").write_text(json.dumps(chat), "utf-8")
    return "result.json"


@pytest.mark.parametrize("words", [("ingest", "--from-export"), ("run", "--provider", "local", "--from-export")])
def test_of_an_export(sqlite_env: dict[str, str], tmp_path: Path, export: str, words: tuple[Any, ...]) -> None:
    """`ingest` and `run` say how many messages are cut and why; the beginning is kept as their text."""
    said = tg_parser(sqlite_env, *words, export, cwd=tmp_path).stdout
    assert TOLD.format(source="stories") in said
    (first,) = [
        line
        for line in tg_parser(sqlite_env, "messages", "export", "--all", cwd=tmp_path).stdout.splitlines()
        if json.loads(line)["message"]["id"] == "1"
    ]
    assert json.loads(first)["current_text"] == "The beginning of a long story"


def test_in_json(sqlite_env: dict[str, str], tmp_path: Path, export: str) -> None:
    """Programs find the same number among the counts."""
    (outcome,) = tg_parser_json(sqlite_env, "ingest", "--from-export", export, cwd=tmp_path)["sources"]
    assert outcome["counts"]["note:rich_message_part"] == 1


def test_of_an_account(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """The Telegram API tells the same of a message that it cuts, also when it is looked at again."""
    news = plain_channel(2)
    news.post("", rich_message=as_api(BEGINNING, part=True).rich_message)
    with fake_telegram(news.world) as server:
        env = telegram_env(sqlite_env, server)
        tg_parser(env, "add-source", "--source-id", NAME, "--via", "api", cwd=tmp_path)
        said = tg_parser(env, "ingest", "--source", NAME, cwd=tmp_path).stdout
        assert TOLD.format(source=NAME) in said
        said = tg_parser(env, "ingest", "--source", NAME, "--recheck", "9", cwd=tmp_path).stdout
        assert TOLD.format(source=NAME) in said
