"""What changes on Telegram after the first run: new posts, edits, deletions, comments on posts old and new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from fake_telegram.chat import Chat
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram
from telegram_worlds import (
    SOURCE,
    add_source,
    channel_ref,
    entries,
    held,
    ingest,
    mixed_channel,
    refs_in_topics,
    row_count,
    stored,
    telegram_env,
    truth,
)

EDITED, DELETED, DELETED_COMMENT, COUNTED = 100, 99, 10, 106


@pytest.fixture
def news() -> Chat:
    return mixed_channel(120, comments=0.3)


@pytest.fixture
def server(news: Chat) -> Iterator[FakeTelegram]:
    with fake_telegram(news.world) as running:
        yield running


@pytest.fixture
def env(process_env: dict[str, str], server: FakeTelegram) -> dict[str, str]:
    return telegram_env(process_env, server, COLLECT_COMMENT_WINDOW="40")


def post_ref(news: Chat, number: int) -> str:
    return f"tg:{channel_ref(news)}:post:{number}"


def comment_ref(news: Chat, number: int) -> str:
    return f"tg:{channel_ref(news)}:comment:{number}"


def test_new_posts_and_new_comments_come_once(
    env: dict[str, str], server: FakeTelegram, news: Chat, tmp_path: Path
) -> None:
    """New posts with theirs, comments in the window at once, those on older posts in their turn; nothing twice."""
    add_source(env, tmp_path)
    ingest(env, tmp_path)
    for number in range(121, 131):
        news.post(f"Новый пост {number}")
    news.comment(130, "Под новым постом")
    for post in (120, 87, 3):
        news.comment(post, f"Поздний комментарий к {post}")
    counts = ingest(env, tmp_path)
    assert (counts["new"], counts["seen"], counts["new_comments"]) == (10, 10, 3)
    assert server.counts["flood_violations"] == 0
    # The window holds posts 91 to 130; the turn of the first run was 41 to 80, of the second 1 to 40, now 51 to 90.
    assert [ingest(env, tmp_path).get("new_comments", 0) for _ in range(2)] == [1, 0]
    assert held(env, news) == truth(news)
    assert row_count(env, "raw_revisions") == 0


def test_a_second_look_finds_edits_deletions_and_counters(
    env: dict[str, str], server: FakeTelegram, news: Chat, tmp_path: Path
) -> None:
    """Edits become revisions, deletions marks, counters are refreshed; the next run puts all of it into the export."""
    add_source(env, tmp_path)
    tg_parser(env, "run", "--source", SOURCE, "--out", "before", cwd=tmp_path)
    before, named_before = entries(tmp_path / "before"), refs_in_topics(tmp_path / "before")
    gone = {post_ref(news, DELETED), comment_ref(news, DELETED_COMMENT)}
    assert gone <= before.keys()
    assert gone <= named_before
    text, comment_text = news.messages[DELETED].message, news.linked.messages[DELETED_COMMENT].message
    first_text, views = news.messages[EDITED].message, news.messages[COUNTED].views
    news.edit(EDITED, "Исправленный текст о новой ракете")
    news.delete(DELETED)
    news.linked.delete(DELETED_COMMENT)
    news.messages[COUNTED].views = views + 1000
    news.touch(COUNTED)

    assert ingest(env, tmp_path) == {}
    assert row_count(env, "raw_revisions") == 0
    assert status(env, tmp_path)["waiting"] == 0
    counts = ingest(env, tmp_path, "--recheck", "120")
    assert (counts["revised"], counts["deleted"]) == (1, 2)

    edited, log = stored(env, post_ref(news, EDITED))
    assert (edited.message.text, edited.current_text) == (first_text, "Исправленный текст о новой ракете")
    assert [(each.revision, each.reason, each.text) for each in log] == [
        (1, "edited", "Исправленный текст о новой ракете")
    ]
    assert log[0].edited_at == news.messages[EDITED].edit_date
    for ref, words in zip(sorted(gone, reverse=True), (text, comment_text), strict=True):
        deleted, log = stored(env, ref)
        assert deleted.deleted_at is not None
        assert deleted.message.text == words
        assert [(each.revision, each.reason, each.text) for each in log] == [(1, "deleted", words)]
    counted, log = stored(env, post_ref(news, COUNTED))
    assert (counted.message.views, counted.revision, log) == (views + 1000, 0, [])

    assert status(env, tmp_path)["waiting"] == 3
    assert ingest(env, tmp_path, "--recheck", "120").get("revised", 0) == 0
    assert row_count(env, "raw_revisions") == 3
    done = tg_parser_json(env, "run", "--source", SOURCE, "--out", "after", cwd=tmp_path)
    assert (done["process"]["processed"], done["process"]["removed"]) == (1, 2)
    after = entries(tmp_path / "after")
    assert before.keys() - after.keys() == gone
    assert not refs_in_topics(tmp_path / "after") & gone
    assert "Исправленный текст о новой ракете" in after[post_ref(news, EDITED)]["content"]


def status(env: dict[str, str], folder: Path) -> dict[str, Any]:
    (report,) = tg_parser_json(env, "status", "--source", SOURCE, cwd=folder)["sources"]
    return report
