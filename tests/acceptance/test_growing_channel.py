"""A channel that grows from week to week, and its topics with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli_process import tg_parser
from sample_data import sample

DAYS = ("2024-08-03", "2024-08-19", "2024-09-04", "2024-09-20", "2024-10-06")
"""The last day of each export. In the last one there is a new topic all of whose messages have named other topics."""


def test_a_channel_that_grows_is_topicised_every_time(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Each export of a growing channel is taken up, and most topics of the last one are still there under their id."""
    posts = json.loads(sample("channel_posts_ru", "naked_science.json").read_text("utf-8"))
    before, home = set[str](), tmp_path / "home"
    home.mkdir()
    for last in DAYS:
        export = tmp_path / f"until-{last}"
        export.mkdir()
        (export / "result.json").write_text(json.dumps(chat(posts, last), ensure_ascii=False), "utf-8")
        tg_parser(sqlite_env, "run", "--from-export", export, "--out", home / "out", cwd=home)
        ids = [card["id"] for card in json.loads((home / "out" / "topics.json").read_text("utf-8"))]
        assert len(ids) == len(set(ids))
        assert len(before & set(ids)) >= 0.8 * len(before)
        before = set(ids)


def chat(posts: list[dict[str, Any]], last: str) -> dict[str, Any]:
    """The channel as Telegram Desktop would have exported it on its day `last`."""
    kept = sorted((post for post in posts if post["date"][:10] <= last), key=lambda post: post["message_id"])
    return {"name": "Naked Science", "type": "public_channel", "id": 1000724666, "messages": [message(p) for p in kept]}


def message(post: dict[str, Any]) -> dict[str, Any]:
    sent = datetime.fromisoformat(post["date"])
    sent = sent if sent.tzinfo else sent.replace(tzinfo=UTC)
    return {
        "id": post["message_id"],
        "type": "message",
        "date": f"{sent:%Y-%m-%dT%H:%M:%S}",
        "date_unixtime": str(int(sent.timestamp())),
        "from": "Naked Science",
        "from_id": "channel1000724666",
        "text": post["text"] or "",
        "text_entities": [{"type": "plain", "text": post["text"] or ""}],
    }
