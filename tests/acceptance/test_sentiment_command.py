"""Sentiment as a user asks for it: a group's export in, sums by thread and month out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli_process import tg_parser, tg_parser_json

GROUP = "-1000001234567"
SAID = [
    (1, None, "2024-11-30T10:00:00", "Заседание совета назначено на 5 декабря. Начало в десять."),
    (2, 1, "2024-11-30T11:00:00", "Спасибо, очень полезно!"),
    (3, 1, "2024-12-01T12:00:00", "Ужас, опять всё плохо 😭"),
    (4, 3, "2024-12-02T12:00:00", "👍"),
    (5, None, "2024-12-02T13:00:00", "Вышла версия 2.1"),
    (6, 5, "2024-12-03T09:00:00", "а где ссылка?"),
]


def group_export(folder: Path) -> Path:
    messages = [
        {
            "id": number,
            "type": "message",
            "date": when,
            "date_unixtime": str(1732960800 + number * 100 + (86400 * 5 if when > "2024-12" else 0)),
            "from": "Reader",
            "from_id": "user7",
            "text": text,
            **({"reply_to_message_id": answered} if answered else {}),
        }
        for number, answered, when, text in SAID
    ]
    chat = {"name": "Talk", "type": "public_supergroup", "id": 1234567, "messages": messages}
    path = folder / "result.json"
    path.write_text(json.dumps(chat, ensure_ascii=False), "utf-8")
    return path


def counts(line: dict[str, Any]) -> tuple[str, int, int, int, int, float]:
    return line["key"], line["messages"], line["positive"], line["neutral"], line["negative"], line["balance"]


def test_tones_of_a_group(process_env: dict[str, str], tmp_path: Path) -> None:
    """Comments by thread with title and link of their post, by month, posts when asked; code 4 where there are none."""
    tg_parser(process_env, "ingest", "--from-export", group_export(tmp_path), cwd=tmp_path)
    empty = tg_parser(process_env, "sentiment", "--channel", GROUP, cwd=tmp_path, code=4)
    assert (empty.stdout, empty.stderr) == ("", "No processed comments found. For posts: --posts.\n")
    tg_parser(process_env, "process", "--all", cwd=tmp_path)
    threads = tg_parser_json(process_env, "sentiment", "--channel", GROUP, "--by", "thread", cwd=tmp_path)
    assert [counts(line) for line in threads["lines"]] == [("1", 3, 2, 0, 1, 0.333), ("5", 1, 0, 1, 0, 0.0)]
    assert counts(threads["total"]) == ("", 4, 2, 1, 1, 0.25)
    first = threads["lines"][0]
    assert (first["title"], first["link"]) == ("Заседание совета назначено на 5 декабря.", "https://t.me/c/1234567/1")
    months = tg_parser_json(process_env, "sentiment", "--channel", GROUP, "--all", cwd=tmp_path)
    assert [(line["key"], line["messages"]) for line in months["lines"]] == [("2024-11-01", 2), ("2024-12-01", 4)]
    table = tg_parser(process_env, "sentiment", "--channel", GROUP, "--posts", "--from", "2024-12-01", cwd=tmp_path)
    assert [line.split() for line in table.stdout.splitlines()][1:] == [
        ["2024-12-01", "1", "0", "1", "0", "0", "+0.00"],
        ["total", "1", "0", "1", "0", "0", "+0.00"],
    ]


def test_wrong_options_are_named(process_env: dict[str, str], tmp_path: Path) -> None:
    """Neither two kinds of messages at once nor a call without a chat goes through."""
    both = tg_parser(process_env, "sentiment", "--channel", GROUP, "--posts", "--all", cwd=tmp_path, code=2)
    assert "--comments, --posts and --all exclude each other." in both.stderr
    none = tg_parser(process_env, "sentiment", cwd=tmp_path, code=2)
    assert "Give exactly one of --source or --channel." in none.stderr
