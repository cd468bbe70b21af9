"""`ingest --all`: sources of both kinds side by side, each with its own outcome; and what becomes of a single one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from cli_process import tg_parser, tg_parser_json
from fake_telegram.chat import Chat
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram
from telegram_worlds import channel_ref, plain_channel, row_count, telegram_env
from web_pages import NAME, PreviewServer, page, post, serving

SECOND = "second_channel"
PRIVATE = "@closed_club is private, or the account has lost access to it."


@pytest.fixture
def news() -> Chat:
    channel = plain_channel(30)
    for name in ("closed_club", "paused_club"):
        closed = channel.world.channel(name, name.title())
        closed.post("Для своих")
    return channel


@pytest.fixture
def server(news: Chat) -> Iterator[FakeTelegram]:
    with fake_telegram(news.world) as running:
        yield running


@pytest.fixture
def preview() -> PreviewServer:
    shown = PreviewServer(range(1, 31))
    posts = [post(number, name=SECOND, channel=7654321) for number in range(1, 6)]
    shown.pages[f"/s/{SECOND}"] = page(*posts, name=SECOND, title="Second")
    return shown


@pytest.fixture
def env(process_env: dict[str, str], server: FakeTelegram, preview: PreviewServer) -> Iterator[dict[str, str]]:
    with serving(preview) as address:
        yield telegram_env(process_env, server, WEB_PREVIEW_URL=address, WEB_PREVIEW_PAUSE="0")


@pytest.fixture
def registered(env: dict[str, str], tmp_path: Path) -> None:
    for name, via in (("news", "api"), ("closed_club", "api"), ("paused_club", "api"), (NAME, "web"), (SECOND, "web")):
        tg_parser(env, "add-source", "--source-id", name, "--via", via, cwd=tmp_path)
    tg_parser(env, "sources", "pause", "paused_club", cwd=tmp_path)


def statuses(env: dict[str, str], folder: Path) -> dict[str, str]:
    return {each["source_id"]: each["status"] for each in tg_parser_json(env, "sources", "list", cwd=folder)["sources"]}


@pytest.mark.usefixtures("registered")
def test_one_failing_source_leaves_the_others_alone(
    env: dict[str, str], server: FakeTelegram, news: Chat, tmp_path: Path
) -> None:
    """The private one is named with its reason, the others are stored, the paused one is not even asked for."""
    news.world.by_username("closed_club").private = True
    failed = tg_parser(env, "ingest", "--all", "--json", cwd=tmp_path, code=1)
    outcomes = {each["source_id"]: each for each in json.loads(failed.stdout)["sources"]}
    assert {name: each["counts"].get("new", 0) for name, each in outcomes.items()} == {
        "closed_club": 0,
        "news": 30,
        NAME: 30,
        SECOND: 5,
    }
    assert {name: each["error"] for name, each in outcomes.items() if "error" in each} == {"closed_club": PRIVATE}
    assert failed.stderr.count(PRIVATE) == 1
    assert "Error: 1 of 4 sources failed" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert row_count(env, "raw_messages") == 65
    assert statuses(env, tmp_path) == {
        "closed_club": "error",
        "news": "active",
        NAME: "active",
        "paused_club": "paused",
        SECOND: "active",
    }
    assert not [entry for entry in server.requests("contacts.*") if entry.args["username"] == "paused_club"]
    assert server.counts["connections"] == 1

    table = tg_parser(env, "ingest", "--all", cwd=tmp_path)
    assert "closed_club" not in table.stdout
    assert all(name in table.stdout for name in ("news", NAME, SECOND))


def test_one_account_reads_one_chat_after_the_other(
    env: dict[str, str], server: FakeTelegram, news: Chat, tmp_path: Path
) -> None:
    """Whatever the number of chats, an account asks for one of them at a time: its questions never mix."""
    for name in ("first", "second", "third"):
        chat = news.world.channel(name, name.title())
        for number in range(1, 251):
            chat.post(f"Пост {number}")
        tg_parser(env, "add-source", "--source-id", name, "--via", "api", cwd=tmp_path)
    server.latency = 0.01
    tg_parser(env, "ingest", "--all", cwd=tmp_path)
    asked = [entry.channel for entry in server.requests("messages.getHistory")]
    in_turn = [channel for channel, _ in groupby(asked)]
    assert len(asked) >= 9
    assert len(in_turn) == len(set(in_turn)) == 3


@pytest.mark.usefixtures("registered")
def test_sources_are_resumed_and_removed(env: dict[str, str], news: Chat, tmp_path: Path) -> None:
    """Resumed, a paused source is collected; removed, it is forgotten, with its data only where that is said."""
    tg_parser(env, "sources", "resume", "paused_club", cwd=tmp_path)
    tg_parser(env, "ingest", "--all", cwd=tmp_path)
    assert row_count(env, "raw_messages") == 67
    held = {"messages": 30, "documents": 0, "topics": 0}
    asked = tg_parser(env, "sources", "remove", "news", cwd=tmp_path, code=2)
    assert "Remove source 'news'? 30 messages, 0 documents and 0 topics will be kept." in asked.stderr
    assert "news" in statuses(env, tmp_path)
    removed = tg_parser_json(env, "sources", "remove", "news", "--yes", cwd=tmp_path)
    assert removed == {"removed": "news", "with_data": False, "held": held}
    assert row_count(env, "raw_messages") == 67
    tg_parser(env, "add-source", "--source-id", "news", "--channel-id", channel_ref(news), "--via", "api", cwd=tmp_path)
    (again,) = tg_parser_json(env, "ingest", "--source", "news", cwd=tmp_path)["sources"]
    assert (again["counts"]["new"], again["counts"]["unchanged"]) == (0, 30)
    removed = tg_parser_json(env, "sources", "remove", "news", "--with-data", "--yes", cwd=tmp_path)
    assert removed == {"removed": "news", "with_data": True, "held": held}
    assert row_count(env, "raw_messages") == 37
    assert sorted(statuses(env, tmp_path)) == ["closed_club", NAME, "paused_club", SECOND]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.usefixtures("registered")
def test_a_dead_session_fails_the_account_and_not_the_preview(
    env: dict[str, str], server: FakeTelegram, tmp_path: Path
) -> None:
    """Every source of the account says why; those of the web preview are collected."""
    server.fault("contacts.resolveUsername", error="AUTH_KEY_UNREGISTERED")
    failed = tg_parser(env, "ingest", "--all", "--json", cwd=tmp_path, code=1)
    outcomes = {each["source_id"]: each for each in json.loads(failed.stdout)["sources"]}
    assert {name for name, each in outcomes.items() if "error" in each} == {"closed_club", "news"}
    assert all(
        "The Telegram session cannot be used any more" in outcomes[name]["error"] for name in ("closed_club", "news")
    )
    assert server.counts["contacts.resolveUsername"] == 1
    assert row_count(env, "raw_messages") == 35
