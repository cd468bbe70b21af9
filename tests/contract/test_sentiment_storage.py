"""Sums of tones, on both backends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from samples import CHANNEL, NOW, document, topic

from tg_parser.domain.documents import Sentiment
from tg_parser.domain.refs import document_id, source_ref, topic_id
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage, StoredDocument
from tg_parser.storage.stores.sentiment import SentimentStorage, ToneFilter, ToneSum
from tg_parser.storage.stores.topics import TopicRun, TopicStorage

COMMENTS = ToneFilter(CHANNEL)
POSTS = ToneFilter(CHANNEL, of="posts")
ALL = ToneFilter(CHANNEL, of="all")


def post(number: int, tone: str | None, when: str, channel: str = CHANNEL) -> StoredDocument:
    heard = Sentiment(label=tone, score=0.9) if tone else None
    return replace(document(number, channel=channel, sentiment=heard), message_date=datetime.fromisoformat(when))


def comment(number: int, thread: int, tone: str | None, when: str, channel: str = CHANNEL) -> StoredDocument:
    ref = source_ref(channel, "comment", number)
    made = post(number, tone, when, channel)
    own = made.document.model_copy(update={"id": document_id(ref), "source_ref": ref})
    return replace(made, document=own, message_type="comment", thread_id=str(thread), parent_message_id=str(thread))


STORED = [
    post(1, "neutral", "2024-11-24T23:59:59Z"),  # a Sunday
    post(2, "positive", "2024-11-25T00:00:00Z"),
    post(3, None, "2024-12-01T12:00:00Z"),
    comment(11, 1, "positive", "2024-11-24T23:59:59.999999Z"),
    comment(12, 1, "positive", "2024-11-25T00:00:00Z"),
    comment(13, 1, "negative", "2024-11-30T23:30:00-01:00"),  # in UTC a day later
    comment(14, 2, "negative", "2024-12-02T10:00:00Z"),
    comment(15, 2, None, "2024-12-02T10:00:00Z"),
    comment(16, 3, "neutral", "2024-12-31T23:00:00Z"),
    comment(11, 1, "negative", "2024-11-25T00:00:00Z", channel=f"{CHANNEL}4"),
]


@pytest.fixture
async def tones(databases: Databases) -> SentimentStorage:
    await ProcessingStorage(databases.processing).store(STORED)
    return SentimentStorage(databases.processing)


async def test_sums_of_threads(tones: SentimentStorage) -> None:
    """Comments under their posts, the busiest thread first and equal ones by id; posts of a thread only when asked."""
    assert await tones.sums(COMMENTS, "thread") == [
        ToneSum("1", 3, 2, 0, 1, 0),
        ToneSum("2", 2, 0, 0, 1, 1),
        ToneSum("3", 1, 0, 1, 0, 0),
    ]
    assert await tones.sums(COMMENTS, "thread", limit=1) == [ToneSum("1", 3, 2, 0, 1, 0)]
    assert await tones.sums(ALL, "thread", limit=1) == [ToneSum("1", 4, 2, 1, 1, 0)]
    assert [(each.key, each.messages) for each in await tones.sums(POSTS, "thread")] == [("1", 1), ("2", 1), ("3", 1)]


async def test_sums_of_periods(tones: SentimentStorage) -> None:
    """Days, weeks from Monday on and months, all in UTC and in their order."""
    assert await tones.sums(COMMENTS, "day") == [
        ToneSum("2024-11-24", 1, 1, 0, 0, 0),
        ToneSum("2024-11-25", 1, 1, 0, 0, 0),
        ToneSum("2024-12-01", 1, 0, 0, 1, 0),
        ToneSum("2024-12-02", 2, 0, 0, 1, 1),
        ToneSum("2024-12-31", 1, 0, 1, 0, 0),
    ]
    assert await tones.sums(COMMENTS, "week") == [
        ToneSum("2024-11-18", 1, 1, 0, 0, 0),
        ToneSum("2024-11-25", 2, 1, 0, 1, 0),
        ToneSum("2024-12-02", 2, 0, 0, 1, 1),
        ToneSum("2024-12-30", 1, 0, 1, 0, 0),
    ]
    assert await tones.sums(COMMENTS, "month") == [
        ToneSum("2024-11-01", 2, 2, 0, 0, 0),
        ToneSum("2024-12-01", 4, 0, 1, 2, 1),
    ]


async def test_sums_of_topics(tones: SentimentStorage, databases: Databases) -> None:
    """A topic counts its bundle and the comments under its posts, each once; a retired topic counts no more."""
    found = [topic(1, 2, title="Both"), topic(3, title="One")]
    storage, run = TopicStorage(databases.processing), TopicRun("f", NOW, {})
    await storage.replace([CHANNEL], found, [], run)
    both, one = topic_id(source_ref(CHANNEL, "post", 1)), topic_id(source_ref(CHANNEL, "post", 3))
    assert await tones.sums(COMMENTS, "topic") == [ToneSum(both, 5, 2, 0, 2, 1), ToneSum(one, 1, 0, 1, 0, 0)]
    assert await tones.sums(POSTS, "topic") == [ToneSum(both, 2, 1, 1, 0, 0), ToneSum(one, 1, 0, 0, 0, 1)]
    assert (await tones.sums(ALL, "topic", limit=1)) == [ToneSum(both, 7, 3, 1, 2, 1)]
    assert await tones.titles([both, one, "topic:none"]) == {both: "Both", one: "One"}
    await storage.replace([CHANNEL], found[1:], [both], run)
    assert [each.key for each in await tones.sums(COMMENTS, "topic")] == [one]


async def test_total_of_a_time(tones: SentimentStorage) -> None:
    """Dates are half-open; another channel whose id begins alike is not counted; nothing sums up to zeros."""
    assert await tones.total(ALL) == ToneSum("", 9, 3, 2, 2, 2)
    december = ToneFilter(CHANNEL, "all", datetime(2024, 12, 1, tzinfo=UTC), datetime(2024, 12, 31, 23, tzinfo=UTC))
    assert await tones.total(december) == ToneSum("", 4, 0, 0, 2, 2)
    assert await tones.total(ToneFilter("-100999")) == ToneSum("", 0, 0, 0, 0, 0)
