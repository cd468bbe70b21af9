"""Finds out from the files whose messages and topics an output folder already holds."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import orjson

from tg_parser.domain.errors import InvalidRefError, OutputError
from tg_parser.domain.paths import file_in_the_way
from tg_parser.domain.refs import parse_source_ref

ENTRIES_FILE = "kb_entries.ndjson"
TOPICS_FILE = "topics.json"


def require_a_folder(folder: Path) -> None:
    """Raises OutputError if `folder` is a file."""
    if (file := file_in_the_way(folder)) is not None:
        raise OutputError(
            f"{file} is a file, but an export needs a folder.",
            "Give a folder with --out; it is created if missing.",
        )


def require_own_folder(folder: Path, channel_ids: Collection[str]) -> None:
    """Raises OutputError if `folder` holds files that an export of these channels would not write again."""
    others = sorted(held_channels(folder) - set(channel_ids))
    if others:
        raise OutputError(
            f"{folder} contains the files of another channel: {', '.join(others)}.",
            "Choose another folder with --out, or replace the files with --replace.",
        )


def held_channels(folder: Path) -> set[str]:
    """The channels of the messages and topics in the files of an earlier export."""
    return set(_of_entries(folder / ENTRIES_FILE)) | set(_of_topics(folder / TOPICS_FILE))


def _of_entries(path: Path) -> Iterator[str]:
    with contextlib.suppress(OSError), path.open("rb") as file:
        for line in file:
            with contextlib.suppress(orjson.JSONDecodeError, TypeError, KeyError):
                source = orjson.loads(line)["source"]
                if source["type"] == "telegram_message":
                    yield str(source["channel_id"])


def _of_topics(path: Path) -> Iterator[str]:
    for topic_id in exported_topics(path.parent):
        with contextlib.suppress(InvalidRefError):
            yield parse_source_ref(topic_id.removeprefix("topic:")).channel_id


def exported_topics(folder: Path) -> list[str]:
    """The ids of the topics whose cards are in `folder`."""
    with contextlib.suppress(OSError, orjson.JSONDecodeError, TypeError, KeyError):
        cards: list[dict[str, Any]] = orjson.loads((folder / TOPICS_FILE).read_bytes())
        return [str(card["id"]) for card in cards]
    return []
