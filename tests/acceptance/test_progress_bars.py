"""Bars as they are drawn on a terminal: each ends at exactly its total, or never claims one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli_process import small_export, tg_parser
from conftest import fresh_postgres_database
from fake_telegram_server import fake_telegram
from legacy_files import full_files
from llm_servers import LlmServer
from llm_wire import Asked, Reply
from model_readings import message_text, reading
from telegram_worlds import add_source, plain_channel, telegram_env
from terminal import on_a_terminal
from topic_model import reply
from topic_samples import DOLLAR, SNOW, ZOO
from web_pages import NAME, PreviewServer, page, post, serving
from web_pages import Reply as Page

OTHER = "second_channel"
POSTS, COMMENTS = 60, 25
_DRAWN = re.compile(r"(?P<step>[a-z][\w ]*?) +[━╸╺ ]+ +(?P<done>\d+)/(?P<total>\d+|\?)")


def drawn(shown: str) -> dict[str, list[tuple[int, int | None]]]:
    """Every state of every bar, by step: how much was done, and of how much where the bar claims to know."""
    found: dict[str, list[tuple[int, int | None]]] = {}
    for match in _DRAWN.finditer(shown):
        total = None if match["total"] == "?" else int(match["total"])
        found.setdefault(match["step"], []).append((int(match["done"]), total))
    return found


@contextmanager
def web(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """A public channel, collected but for its ten newest posts; one that is gone has a page that does not say so."""
    preview = PreviewServer(range(1, 61))
    with serving(preview) as address:
        env = {**env, "WEB_PREVIEW_URL": address, "WEB_PREVIEW_PAUSE": "0"}
        tg_parser(env, "ingest", "--channel", f"@{NAME}", cwd=folder)
        preview.posts |= {number: post(number) for number in range(61, 71)}
        del preview.posts[58]
        preview.pages[f"/{NAME}/58?embed=1&mode=tme"] = Page("<html><body>Try again later</body></html>")
        yield env


@contextmanager
def two_channels(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """Two public channels, registered and not collected yet."""
    preview = PreviewServer(range(1, 31))
    posts = [post(number, name=OTHER, channel=7654321) for number in range(1, 6)]
    preview.pages[f"/s/{OTHER}"] = page(*posts, name=OTHER, title="Second")
    with serving(preview) as address:
        env = {**env, "WEB_PREVIEW_URL": address, "WEB_PREVIEW_PAUSE": "0"}
        for name in (NAME, OTHER):
            tg_parser(env, "add-source", "--source-id", name, "--channel-username", name, cwd=folder)
        yield env


@contextmanager
def api(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """A channel with comments, as an account sees it; nothing is collected yet."""
    news = plain_channel(POSTS, discussion=True)
    for number in range(COMMENTS):
        news.comment(news.ids[number % 7], f"Комментарий {number}")
    with fake_telegram(news.world) as server:
        env = telegram_env(env, server)
        add_source(env, folder)
        yield env


@contextmanager
def exports(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """Four chats of an export, collected."""
    tg_parser(env, "ingest", "--from-export", small_export(folder, 10), cwd=folder)
    yield env


@contextmanager
def failed(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """Six messages, two of which a model has not read well; it will now."""
    lies = {"4", "5"}

    def answer(asked: Asked) -> dict[str, Any]:
        text = message_text(asked)
        return reading("Invented words that stand nowhere" if text.split()[-1] in lies else text)

    _chat(folder, [f"Сегодня открыли новый завод номер {number}" for number in range(1, 7)])
    with LlmServer(answer) as server:
        env = {**env, **server.environment("openai")}
        tg_parser(env, "run", "result.json", "--skip-topicize", "--out", "out", cwd=folder, code=3)
        lies.clear()
        yield env


@contextmanager
def with_topics_of_a_model(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """Documents of three topics, made offline; a model that finds words for topics."""
    _chat(folder, [*SNOW, *DOLLAR, *ZOO])
    tg_parser(env, "run", "result.json", "--skip-topicize", "--provider", "local", "--out", "out", cwd=folder)
    (folder / "topics.yaml").write_text(
        "topics:\n  - title: Валюта\n    description: Доллар и евро на бирже\n", "utf-8"
    )
    with LlmServer(lambda asked: Reply(output=reply(asked.system, asked.user))) as server:
        yield {**env, **server.environment("openai")}


@contextmanager
def earlier_version(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """Files of the earlier version; one message goes into the quarantine, and so does a table that nobody knows."""
    files = full_files(folder / "old")
    files.run("raw_messages", "UPDATE raw_messages SET date = 'never' WHERE id = '2'")
    files.run("api_jobs", "CREATE TABLE notes AS SELECT source_ref, text_clean FROM processed_documents")
    yield {**env, "TG_PARSER_HOME": str(folder / "new")}


@contextmanager
def earlier_version_for_postgres(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """The same files; the target is a server."""
    with earlier_version(env, folder), fresh_postgres_database() as url:
        yield {**env, "DB_TYPE": "postgresql", "DB_URL": url}


@contextmanager
def processed(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """Documents of four chats."""
    with exports(env, folder):
        tg_parser(env, "process", "--all", "--provider", "local", cwd=folder)
        yield env


@contextmanager
def backed_up(env: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """A backup of four chats."""
    with exports(env, folder):
        tg_parser(env, "backup", "create", cwd=folder)
        yield env


def _chat(folder: Path, texts: list[str]) -> None:
    messages = [
        {"id": number, "type": "message", "date_unixtime": str(1_730_451_600 + number), "text": text}
        for number, text in enumerate(texts, 1)
    ]
    chat = {"name": "Город", "type": "public_channel", "id": 1000000777, "messages": messages}
    (folder / "result.json").write_text(json.dumps(chat, ensure_ascii=False), "utf-8")


MIGRATE = ("db", "migrate-from-sqlite", "--sqlite-dir", "old", "--verify", "--batch-size", "2")
PAGES = dict.fromkeys(f"pages of {name} copied" for name in ("ingestion", "raw", "processing"))
CASES = {
    "web": (web, ("ingest", "--source", NAME, "--recheck", "20"), {"ingest": 10, "recheck": 20}),
    "web sources side by side": (two_channels, ("ingest", "--all", "--recheck", "9"), {"ingest": 35, "recheck": 14}),
    "api": (
        api,
        ("ingest", "--source", "news", "--recheck", "60"),
        {"ingest": POSTS, "comments": COMMENTS, "recheck": POSTS, "recheck comments": COMMENTS},
    ),
    "stored messages read again": (exports, ("ingest", "--reread", "--all"), {"reread": 40}),
    "raw export": (exports, ("messages", "export", "--all", "--out", "raw.ndjson"), {"messages": 40}),
    "process with a model": (failed, ("process", "--all", "--force"), {"process": 6}),
    "process --retry-failed": (failed, ("process", "--all", "--retry-failed"), {"process": 2}),
    "run --all": (exports, ("run", "--all", "--skip-ingest", "--provider", "local", "--out", "out"), {"process": 40}),
    "agents": (
        exports,
        ("run", "--source", "khabr", "--skip-ingest", "--multi-agent", "--provider", "local"),
        {"process": 10, "export": 10},
    ),
    "topicize with a model": (
        with_topics_of_a_model,
        ("topicize", "--all", "--known-topics", "topics.yaml"),
        {"name topics": 3},
    ),
    "sentiment": (processed, ("sentiment", "--source", "naked-science", "--posts"), {}),
    "migration to SQLite": (earlier_version, (*MIGRATE, "--to-sqlite"), {"check": 27, "copy": 27, "verify": 27}),
    "migration to PostgreSQL": (earlier_version_for_postgres, MIGRATE, {"check": 27, "copy": 27, "verify": 27}),
    "backup": (exports, ("backup", "create"), PAGES),
    "backup verified": (backed_up, ("backup", "verify", "--latest"), PAGES),
}


@pytest.mark.parametrize("case", CASES)
def test_every_bar_ends_at_its_total(case: str, sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """The last state of each bar is N of N, and no other N was ever claimed; what nobody knows is not claimed."""
    world, command, wanted = CASES[case]
    with world(sqlite_env, tmp_path) as env:
        code, shown = on_a_terminal(env, *command, cwd=tmp_path, columns=120)
    assert code == 0, shown
    states = drawn(shown)
    for step, seen in states.items():
        assert seen[-1][0] == seen[-1][1], (step, seen)
        assert {total for _, total in seen} - {None, seen[-1][1]} == set(), (step, seen)
    assert {step: wanted[step] and seen[-1][0] for step, seen in states.items() if step in wanted} == wanted
    assert bool(states) == bool(wanted)
    assert "%" not in shown
