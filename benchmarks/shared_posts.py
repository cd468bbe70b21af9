"""Real posts for benchmarks: the sample data beside the repository, or where TG_PARSER_SHARED_DATA points."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.keyphrases import key_phrases
from tg_parser.nlp.language import detect_language
from tg_parser.topics.model import TopicDocument

DATA = Path(os.environ.get("TG_PARSER_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
_URL = re.compile(r"https?://\S+")
_MARKDOWN_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


class Gold(NamedTuple):
    """A post with its event (fine) and story (coarse) label."""

    document: TopicDocument
    event: str
    story: str


def need_data() -> None:
    """Leave with a clear word where the sample data is not at hand."""
    if not DATA.is_dir():
        sys.exit(f"No sample data at {DATA}: set TG_PARSER_SHARED_DATA to the folder that holds it.")


def channel(name: str) -> list[TopicDocument]:
    """The posts of habr, moskvach or naked_science."""
    return [_document(name, post) for post in _json(f"channel_posts_ru/{name}.json")]


def dump(name: str) -> list[TopicDocument]:
    """The posts with text of a Telethon dump."""
    posts = [post for post in _json(f"telethon_dump/{name}.json") if post.get("message")]
    return [document(name, post["id"], post["date"], post["message"]) for post in posts]


def gold() -> list[Gold]:
    lines = (DATA / "gold_clusters/ru_telegram_events_2024-11-27.jsonl").read_text("utf-8").splitlines()
    return [Gold(_document("gold", post), post["event"], post["topic"]) for post in map(json.loads, lines)]


def pairs(language: str) -> list[tuple[TopicDocument, TopicDocument, bool]]:
    """Two articles and whether they belong to one story."""
    csv.field_size_limit(10**9)
    with (DATA / f"gold_pairs/{language}_train_pool.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        (_article(2 * i, row, "first"), _article(2 * i + 1, row, "second"), row["GOLDEN:quality"] == "OK")
        for i, row in enumerate(rows)
    ]


def document(name: str, number: int | str, date: str, text: str) -> TopicDocument:
    shown = clean(_URL.sub("", _MARKDOWN_LINK.sub(r"\1", text))).text
    moment = datetime.fromisoformat(date)
    return TopicDocument(
        source_ref=f"tg:{name}:post:{number}",
        channel_id=name,
        message_id=str(number),
        message_type="post",
        date=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        text=shown,
        language=detect_language(shown),
    )


def with_key_phrases(documents: Sequence[TopicDocument]) -> list[TopicDocument]:
    return [replace(one, key_phrases=tuple(key_phrases(one.text, one.language))) for one in documents]


def _document(name: str, post: dict[str, Any]) -> TopicDocument:
    return document(name, post.get("doc_id") or post["message_id"], post["date"], post["text"])


def _article(number: int, row: dict[str, str], which: str) -> TopicDocument:
    text = f"{row[f'INPUT:{which}_title']}. {row[f'INPUT:{which}_text']}"
    return document("articles", number, "2019-11-08T00:00:00Z", text)


def _json(path: str) -> Any:
    return json.loads((DATA / path).read_text("utf-8"))
