"""Runs the main job on posts as a user would, and says in which event and story each of them ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from labelled_posts import LabelledPost

from tg_parser.topics.model import TopicDocument

CHANNEL = 1500000099


def homes(
    posts: Sequence[LabelledPost], folder: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[str], list[str]]:
    """The event and the story of each post in time order, by topic id; a post in none stands for itself.

    A post whose event belongs to no story has its event for a story. With `variables` that choose a model, it is asked
    about topics, and not about the posts.
    """
    write_export(posts, folder)
    read = ("run", "--from-export", "result.json")
    if variables:
        _run(folder, {}, *read, "--provider", "local", "--skip-topicize", "--skip-export")
        _run(folder, variables, "run", "--all", "--skip-ingest", "--skip-process", "--out", "out")
    else:
        _run(folder, {}, *read, "--out", "out")
    events, stories = dict[str, str](), dict[str, str]()
    for file in sorted((folder / "out").glob("topic_*.json")):
        topic = json.loads(file.read_text("utf-8"))
        into = stories if topic["card"]["level"] == "story" else events
        into.update({item["message_id"]: topic["card"]["id"] for item in topic["bundle"]["items"]})
    ids = [str(number) for number in range(1, len(posts) + 1)]
    in_events = [events.get(number, number) for number in ids]
    return in_events, [stories.get(number, event) for number, event in zip(ids, in_events, strict=True)]


def _run(folder: Path, variables: Mapping[str, str], *arguments: str) -> None:
    env = {**os.environ, "LOG_LEVEL": "WARNING", **variables}
    command = [sys.executable, "-m", "tg_parser", *arguments]
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)


def write_export(posts: Sequence[LabelledPost | TopicDocument], folder: Path) -> None:
    """A Telegram Desktop export of one channel with the posts as messages 1, 2, …"""
    folder.mkdir(parents=True)
    chat = {"name": "Channel", "type": "public_channel", "id": CHANNEL}
    messages = [_message(number, post) for number, post in enumerate(posts, 1)]
    (folder / "result.json").write_text(json.dumps({**chat, "messages": messages}, ensure_ascii=False), "utf-8")


def _message(number: int, post: LabelledPost | TopicDocument) -> dict[str, Any]:
    return {
        "id": number,
        "type": "message",
        "date": f"{post.date:%Y-%m-%dT%H:%M:%S}",
        "date_unixtime": str(int(post.date.timestamp())),
        "from": "Channel",
        "from_id": f"channel{CHANNEL}",
        "text": post.text,
        "text_entities": [{"type": "plain", "text": post.text}],
    }
