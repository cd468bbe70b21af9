"""The local analyzer on thousands of real posts: what a user would notice first must be right."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sample_data import sample

from tg_parser.domain.documents import Analysis
from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.footers import build_profile
from tg_parser.nlp.names import find_names
from tg_parser.nlp.words import stop_words
from tg_parser.processing.text_tools import analyze_locally


@pytest.fixture(scope="module", params=["habr", "moskvach", "naked_science"])
def channel(request: pytest.FixtureRequest) -> list[tuple[dict[str, Any], Analysis]]:
    """The posts of a channel, each with its analysis."""
    posts = json.loads(sample("channel_posts_ru", f"{request.param}.json").read_text("utf-8"))
    profile = build_profile(post["text"] for post in posts[:500])
    return [(post, analyze_locally(message(post), profile)) for post in posts]


def message(post: dict[str, Any]) -> RawMessage:
    return RawMessage(
        id=str(post["message_id"]),
        message_type="post",
        source_ref=f"tg:-1001:post:{post['message_id']}",
        channel_id="-1001",
        date=datetime(2024, 11, 30, tzinfo=UTC),
        text=post["text"],
    )


def test_language_and_marks(channel: list[tuple[dict[str, Any], Analysis]]) -> None:
    """Nearly all posts are recognised as Russian, and nearly none keeps a mark or a tracking parameter."""
    russian = sum(analysis.language == "ru" for _, analysis in channel)
    marked = sum("](http" in analysis.text_clean or "**" in analysis.text_clean for _, analysis in channel)
    assert russian >= 0.995 * len(channel)
    assert marked <= 0.005 * len(channel)
    assert not any(
        "utm_" in entity.value for _, analysis in channel for entity in analysis.entities if entity.type == "link"
    )


def test_topics(channel: list[tuple[dict[str, Any], Analysis]]) -> None:
    """Posts of some length have topics of three words at most besides names, none with a stop word at its edge."""
    stop = stop_words("ru")
    for _, analysis in channel:
        assert len(analysis.topics) <= 6
        assert not any({topic.lower().split()[0], topic.lower().split()[-1]} & stop for topic in analysis.topics)
    long = [analysis for _, analysis in channel if len(analysis.text_clean) >= 280]
    assert sum(len(analysis.topics) >= 3 for analysis in long) >= 0.97 * len(long)


def test_summaries(channel: list[tuple[dict[str, Any], Analysis]]) -> None:
    """Summaries are shorter than their text and made of its sentences, without “today”; most longer posts have one."""
    long = [analysis for _, analysis in channel if len(analysis.text_clean) >= 280]
    summaries = [(analysis.summary, analysis.text_clean) for analysis in long if analysis.summary]
    assert len(summaries) >= 0.75 * len(long)
    assert all(len(summary) < 0.8 * len(text) and summary[1:30] in text for summary, text in summaries)


def test_names(channel: list[tuple[dict[str, Any], Analysis]]) -> None:
    """Every second post or more names somebody, an organisation or a place, and no name has marks at its ends."""
    named = [find_names(analysis.text_clean, analysis.language) for _, analysis in channel[::12]]
    assert sum(map(bool, named)) >= 0.45 * len(named)
    values = [entity.value for entities in named for entity in entities]
    assert all(value[0].isalnum() and value[-1] not in ' *«"(:-,;' for value in values)


def test_noise_is_rare_and_mostly_advertising(channel: list[tuple[dict[str, Any], Analysis]]) -> None:
    """Few posts are flagged, and of those without the mark the law demands nearly all are labelled advertising."""
    flagged = [post for post, analysis in channel if analysis.is_noise]
    unmarked = [post for post in flagged if "erid" not in post["text"].lower() and len(post["text"]) > 20]
    agreed = [post for post in unmarked if post["category"] == "advertisement"]
    assert len(flagged) <= 0.08 * len(channel)
    assert len(unmarked) - len(agreed) <= 2
