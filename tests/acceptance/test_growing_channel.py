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


ENDS = {"merged", "retired"}


def test_a_channel_that_grows_is_topicised_every_time(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Every topic of the export before is still there or recorded as over, and no post has changed its event."""
    posts = json.loads(sample("channel_posts_ru", "naked_science.json").read_text("utf-8"))
    before, events, home = set[str](), dict[str, str](), tmp_path / "home"
    home.mkdir()
    for last in DAYS:
        export = tmp_path / f"until-{last}"
        export.mkdir()
        (export / "result.json").write_text(json.dumps(chat(posts, last), ensure_ascii=False), "utf-8")
        tg_parser(sqlite_env, "run", "--from-export", export, "--out", home / "out", cwd=home)
        ids, now = topics_in(home / "out")
        diff = json.loads(tg_parser(sqlite_env, "topics", "diff", "--json", cwd=home).stdout)["changes"]
        over = {change["topic_id"] for change in diff if change["kind"] in ENDS}
        moved = {change["other_id"]: change["topic_id"] for change in diff if change["kind"] == "split"}
        assert before - set(ids) <= over
        assert len(before & set(ids)) >= 0.95 * len(before)
        assert [ref for ref, topic in events.items() if now.get(ref) not in (topic, moved.get(topic))] == []
        before, events = set(ids), now
    grown = next(change["topic_id"] for change in diff if change["kind"] == "grew")
    history = json.loads(tg_parser(sqlite_env, "topics", "history", grown, "--json", cwd=home).stdout)["changes"]
    assert [change["kind"] for change in history][:2] == ["born", "grew"]
    assert all(change["reason"] and change["messages"] for change in history if change["kind"] == "grew")


def topics_in(out: Path) -> tuple[list[str], dict[str, str]]:
    """The ids of all topics of an export, and the event of each message that is in one."""
    cards = json.loads((out / "topics.json").read_text("utf-8"))
    ids, events = [card["id"] for card in cards], {}
    assert len(ids) == len(set(ids))
    assert all(card["parent_id"] in (None, *ids) for card in cards)
    for file in out.glob("topic_*.json"):
        topic = json.loads(file.read_text("utf-8"))
        if topic["card"]["level"] == "event":
            events.update({item["source_ref"]: topic["card"]["id"] for item in topic["bundle"]["items"]})
    return ids, events


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
