"""A channel with its threads, collected through the API by real processes, is exactly what Telegram has."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import tg_parser_json
from fake_telegram_server import fake_telegram
from telegram_worlds import (
    SOURCE,
    add_source,
    channel_ref,
    entries,
    held,
    ingest,
    mixed_channel,
    plain_channel,
    telegram_env,
    truth,
)


def test_mixed_posts_with_threads_are_exact_and_become_a_knowledge_base(
    process_env: dict[str, str], tmp_path: Path
) -> None:
    """Every field of every post and comment equals Telegram's own, nothing more, nothing less; then links lead back."""
    news = mixed_channel(300, comments=0.3)
    with fake_telegram(news.world) as server:
        env = telegram_env(process_env, server)
        add_source(env, tmp_path)
        counts = ingest(env, tmp_path)
        assert (counts["new"], counts["new_comments"], counts["service"]) == (300, 226, 18)
        assert held(env, news) == truth(news)
        assert server.counts["flood_violations"] == server.counts["protocol_errors"] == 0
        assert [name for name in server.counts if name.startswith(("unknown", "error"))] == []
        done = tg_parser_json(env, "run", "--source", SOURCE, "--out", "out", cwd=tmp_path)
    assert done["process"]["processed"] == 508
    made, marked = entries(tmp_path / "out"), channel_ref(news)
    assert set(made) == {ref for ref, facts in truth(news).items() if facts["text"]}
    links = {ref: entry["source"]["link"] for ref, entry in made.items()}
    assert links[f"tg:{marked}:post:4"] == "https://t.me/news/4"
    assert links[f"tg:{marked}:comment:10"] == "https://t.me/news/6?comment=10"
    assert (len(links), sum("?comment=" in link for link in links.values())) == (456, 226)
    assert all(entry["metadata"]["link"] == links[ref] for ref, entry in made.items())


@pytest.mark.parametrize("posts", [1000, 2000])
def test_nothing_new_costs_a_constant_number_of_requests(
    posts: int, sqlite_env: dict[str, str], tmp_path: Path
) -> None:
    """The same requests whatever the channel holds: the chat, one question for posts, the window and one turn."""
    news = plain_channel(posts, discussion=True)
    with fake_telegram(news.world) as server:
        env = telegram_env(sqlite_env, server)
        add_source(env, tmp_path)
        ingest(env, tmp_path)
        server.reset_log()
        assert ingest(env, tmp_path) == {}
        assert [entry.method for entry in server.log] == [
            "help.getConfig",
            "channels.getChannels",
            "messages.getHistory",
            "channels.getFullChannel",
            "channels.getChannels",
            "messages.getMessagesViews",
            "messages.getMessagesViews",
            "messages.getMessagesViews",
            "messages.getMessagesViews",
        ]
