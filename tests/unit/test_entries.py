"""Documents and topics become entries of the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.knowledge import KnowledgeBaseEntry
from tg_parser.domain.topics import Anchor, BundleItem, TopicBundle, TopicCard
from tg_parser.export.entries import entry_title, message_entry, resolved_sources, topic_entry, with_texts
from tg_parser.export.links import ChatAddress
from tg_parser.export.writers import to_json

WHEN = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)


def row(number: int, **changed: Any) -> dict[str, Any]:
    """A document as storage reads it."""
    return {
        "source_ref": f"tg:-1000000000123:post:{number}",
        "source_message_id": str(number),
        "channel_id": "-1000000000123",
        "message_type": "post",
        "message_date": WHEN,
        "thread_id": str(number),
        "parent_message_id": None,
        "processed_at": WHEN,
        "text_clean": "Первое предложение. Второе.",
        "summary": None,
        "topics": ["ключевая фраза"],
        "entities": [],
        "language": "ru",
        "sentiment": None,
        "is_noise": False,
        "metadata": {"provider": "local"},
        "author_id": None,
        "author_name": None,
        "views": None,
        "forwards": None,
        "edited_at": None,
        "reactions": None,
        "media": None,
        "forward": None,
        **changed,
    }


def test_message_entry_has_text_link_and_topics() -> None:
    """Content is the clean text alone where there is no summary; link, date and provenance are in the metadata."""
    entry = message_entry(row(7), ["topic:t"], ChatAddress(username="durov", title="Канал"))
    assert entry["id"] == "kb:msg:tg:-1000000000123:post:7"
    assert entry["title"] == "Первое предложение."
    assert entry["content"] == "Первое предложение. Второе."
    assert entry["created_at"] == "2024-11-27T09:00:00Z"
    assert entry["source"]["link"] == entry["metadata"]["link"] == "https://t.me/durov/7"
    assert entry["topics"] == ["topic:t"]
    assert entry["tags"] == ["ключевая фраза"]
    assert entry["metadata"]["date"] == "2024-11-27T09:00:00Z"
    assert entry["metadata"]["provider"] == "local"
    assert entry["metadata"]["is_noise"] is False


def test_summary_comes_first() -> None:
    """With a summary, content is summary, blank line, text."""
    entry = message_entry(row(7, summary="Кратко."), [], ChatAddress())
    assert entry["content"] == "Кратко.\n\nПервое предложение. Второе."
    assert entry["metadata"]["summary"] == "Кратко."


def test_entry_tells_what_the_message_is_known_by() -> None:
    """Author, views, forwards, reactions, media, origin of a forward and edit stand in the metadata."""
    facts = {
        "author_id": "777",
        "author_name": "Анна",
        "views": 1500,
        "forwards": 3,
        "edited_at": WHEN,
        "reactions": [{"emoji": "👍", "count": 5}],
        "media": [{"kind": "photo"}],
        "forward": {"name": "Другой канал", "peer_id": "-100999", "message_id": "5"},
    }
    told = message_entry(row(7, **facts), [], ChatAddress())["metadata"]
    assert told["author"] == {"id": "777", "name": "Анна"}
    assert (told["views"], told["forwards"], told["edited_at"]) == (1500, 3, "2024-11-27T09:00:00Z")
    assert told["reactions"] == [{"emoji": "👍", "count": 5}]
    assert told["media"] == [{"kind": "photo"}]
    assert told["forward"]["name"] == "Другой канал"
    bare = message_entry(row(7), [], ChatAddress())["metadata"]
    assert (bare["author"], bare["views"], bare["forward"], bare["reactions"], bare["media"]) == (
        None,
        None,
        None,
        [],
        [],
    )


def test_sources_of_a_topic_file_have_their_texts() -> None:
    """Clean text and summary of every member whose document there is."""
    sources = with_texts([{"source_ref": "a"}, {"source_ref": "b"}], {"a": row(7, summary="Кратко.")})
    assert sources == [
        {"source_ref": "a", "summary": "Кратко.", "text": "Первое предложение. Второе."},
        {"source_ref": "b"},
    ]


def item(number: int, role: str, score: float | None, why: str | None = None) -> BundleItem:
    return BundleItem(
        channel_id="-1000000000123",
        message_id=str(number),
        message_type="post",
        source_ref=f"tg:-1000000000123:post:{number}",
        role=role,
        score=score,
        justification=why,
    )


def anchor(number: int, score: float) -> Anchor:
    return Anchor(
        channel_id="-1000000000123",
        message_id=str(number),
        message_type="post",
        anchor_ref=f"tg:-1000000000123:post:{number}",
        score=score,
    )


CARD = TopicCard(
    id="topic:tg:-1000000000123:post:7",
    title="Тема",
    summary="О чём.",
    scope_in=("a",),
    scope_out=("b",),
    type="cluster",
    anchors=(anchor(7, 0.9), anchor(8, 0.95)),
    sources=("-1000000000123",),
    updated_at=WHEN,
    metadata={"level": "story"},
)
BUNDLE = TopicBundle(
    topic_id=CARD.id,
    items=(
        item(9, "supporting", 0.7, "later"),
        item(7, "supporting", 0.1, "why seven"),
        item(3, "supporting", 0.7),
        item(2, "supporting", None),
    ),
    updated_at=WHEN,
)


def test_resolved_sources_are_each_once_in_order() -> None:
    """Anchors first, then by score (missing last), then by ref; the anchor's role and score win, the reason stays."""
    sources = resolved_sources(CARD, BUNDLE, {"tg:-1000000000123:post:7": row(7)}, {})
    assert [(source["message_id"], source["role"], source.get("score")) for source in sources] == [
        ("8", "anchor", 0.95),
        ("7", "anchor", 0.9),
        ("3", "supporting", 0.7),
        ("9", "supporting", 0.7),
        ("2", "supporting", None),
    ]
    assert sources[1]["justification"] == "why seven"
    assert sources[1]["title"] == "Первое предложение."
    assert sources[1]["link"] == "https://t.me/c/123/7"


def test_topic_entry_says_scope_and_sources() -> None:
    """A topic's entry has the card's title, summary with scope, and itself as topic."""
    entry = topic_entry(CARD, [{"source_ref": "x"}])
    assert entry["id"] == "kb:topic:topic:tg:-1000000000123:post:7"
    assert entry["content"] == "О чём.\n\nIn scope: a\n\nOut of scope: b"
    assert entry["topics"] == ["topic:tg:-1000000000123:post:7"]
    assert entry["metadata"]["resolved_sources"] == [{"source_ref": "x"}]
    assert entry["metadata"]["level"] == "story"


@pytest.mark.parametrize("entry", [message_entry(row(7), ["t"], ChatAddress()), topic_entry(CARD, [])])
def test_entries_keep_the_contract(entry: dict[str, Any]) -> None:
    """The plain dicts are entries of the published contract."""
    line = to_json(entry)
    assert (
        orjson.loads(KnowledgeBaseEntry.model_validate_json(line).model_dump_json(exclude_none=True)).keys()
        <= entry.keys()
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Одна строка", "Одна строка"),
        ("First sentence! Second.", "First sentence!"),
        ("  line\nnext", "line"),
        ("слово " * 30, "слово слово слово слово слово слово слово слово слово слово слово слово слово…"),
    ],
)
def test_title_is_the_first_sentence_cut_between_words(text: str, title: str) -> None:
    """A title is readable and short."""
    assert entry_title(text) == title


@given(st.text(min_size=1))
def test_title_is_one_short_line(text: str) -> None:
    """Whatever the text, the title is one line of at most 80 characters."""
    title = entry_title(text)
    assert len(title) <= 80
    assert "\n" not in title
