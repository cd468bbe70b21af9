from __future__ import annotations

from datetime import UTC, datetime

from topic_samples import START, post

from tg_parser.domain.topics import TopicBundle
from tg_parser.topics.bundles import bundle_of
from tg_parser.topics.model import Group, Member
from tg_parser.topics.wording.phrases import SharedPhrase
from tg_parser.topics.wording.titles import Named

DOCUMENTS = [
    post(1, "Снег", days=3),
    post(2, "Снег и метель", days=1),
    post(3, "Метель", days=2),
    post(4, "Мороз", days=5, channel="-1002"),
]
ANCHORS = (Member(2, 0.8123, 0.41), Member(0, 0.7, 0.3))
SUPPORTING = (Member(1, 0.65, 0.25), Member(3, 0.5, 0.123))
SNOW = SharedPhrase("снег", ("снег",), frozenset({0, 1}), 1.0)
STORM = SharedPhrase("метель", ("метел",), frozenset({1, 2}), 0.9)
TOPIC = Named("topic:tg:-1001:post:3", "Снег", Group((*ANCHORS, *SUPPORTING), ANCHORS), [SNOW, STORM])


def bundle(language: str = "ru") -> TopicBundle:
    return bundle_of(TOPIC, DOCUMENTS, language, START)


def test_anchors_come_first_and_every_message_once() -> None:
    """Roles and scores are those of the group, anchors before supporting messages, best first."""
    assert [(item.source_ref, item.role, item.score) for item in bundle().items] == [
        ("tg:-1001:post:3", "anchor", 0.8123),
        ("tg:-1001:post:1", "anchor", 0.7),
        ("tg:-1001:post:2", "supporting", 0.65),
        ("tg:-1002:post:4", "supporting", 0.5),
    ]


def test_a_supporting_message_says_what_it_shares() -> None:
    """The phrases that the message itself holds, and how alike it is; without a phrase, the likeness alone."""
    assert [item.justification for item in bundle().items] == [
        None,
        None,
        "Общее с темой: снег, метель; сходство 0.25 сверх случайного",
        "Близко к теме по смыслу; сходство 0.12 сверх случайного",
    ]


def test_other_languages_are_answered_in_english() -> None:
    """A German topic has English justifications."""
    said = [item.justification for item in bundle("de").items if item.justification]
    assert said == [
        "Shares with the topic: снег, метель; similarity 0.25 above chance",
        "Close to the topic in meaning; similarity 0.12 above chance",
    ]


def test_a_bundle_knows_its_time_and_channels() -> None:
    """From the first to the last message, and the channels in order."""
    made = bundle()
    assert made.time_range is not None
    assert made.time_range.from_ == datetime(2024, 11, 2, 9, tzinfo=UTC)
    assert made.time_range.to == datetime(2024, 11, 6, 9, tzinfo=UTC)
    assert made.channels == ("-1001", "-1002")
    assert made.metadata == {"anchors": 2, "supporting": 2}


def test_an_item_keeps_its_place_in_the_thread() -> None:
    """Thread and parent come from the message."""
    assert [item.thread_id for item in bundle().items] == ["3", "1", "2", "4"]
