"""A message that an earlier version stored under two numbers of its chat ends as if it had been stored under one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from old_numbers import FOLDED, FOLDED_RIGHT, as_before, posts, upgrade
from samples import NOW, message, topic
from sqlalchemy import select

from tg_parser.domain.messages import Author, Forward, Media
from tg_parser.domain.refs import source_ref
from tg_parser.domain.topics import TimeRange, TopicBundle, TopicCard
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.storage.tables.raw import raw_messages, raw_revisions

ONE = "-1001032086354"
"""A channel with a right number, where the same things are seen one after the other."""
EDITED = NOW + timedelta(hours=3)
OF_CHAT = {"source_ref", "channel_id"}
POLL = (Media(kind="poll", title="Which?", options=("Red",)),)


def seen(number: str, text: str | None, **fields: Any) -> tuple[Any, ...]:
    return number, fields.get("hours", 0), text, {name: value for name, value in fields.items() if name != "hours"}


WRONG, RIGHT, GONE = FOLDED, FOLDED_RIGHT, None
SIGHTINGS = {
    "the wrong number first": [seen(WRONG, "one"), seen(RIGHT, "two", hours=1)],
    "the right number first": [seen(RIGHT, "one"), seen(WRONG, "two", hours=1)],
    "the richer adapter second": [
        seen(WRONG, "one, cut…", via="web"), seen(RIGHT, "one, cut short", hours=1, via="api"),
    ],
    "the richer adapter first": [seen(RIGHT, "one", via="api", views=3), seen(WRONG, "two", hours=1, views=9)],
    "nothing new": [seen(WRONG, "one"), seen(RIGHT, "one", hours=1)],
    "one edit seen twice": [
        seen(WRONG, "one"), seen(RIGHT, "one", hours=1), seen(WRONG, "two", hours=4, edited_at=EDITED),
        seen(RIGHT, "two", hours=5, edited_at=EDITED),
    ],
    "edits between edits": [
        seen(WRONG, "one"), seen(RIGHT, "two", hours=1), seen(WRONG, "three", hours=2), seen(RIGHT, "four", hours=3),
    ],
    "an edit that is older": [
        seen(WRONG, "one"), seen(WRONG, "three", hours=4, edited_at=EDITED),
        seen(RIGHT, "two", hours=5, edited_at=NOW + timedelta(hours=1)),
    ],
    "what the first lacks": [
        seen(WRONG, "one", forum_topic=None),
        seen(RIGHT, "one", hours=1, forum_topic="News", media=(Media(kind="photo"),), album_id="7"),
    ],
    "an edit of the second that is older": [
        seen(WRONG, "one"), seen(RIGHT, "one", hours=1), seen(WRONG, "three", hours=4, edited_at=EDITED),
        seen(RIGHT, "two", hours=5, edited_at=NOW + timedelta(hours=1)),
    ],
    "deleted under the second number alone": [
        seen(WRONG, "one"), seen(RIGHT, "two", hours=1), seen(RIGHT, GONE, hours=2),
    ],
    "the words of a poll, first without and then with them": [
        seen(WRONG, "Vote!", media=POLL), seen(RIGHT, "Vote!", hours=1, media=POLL),
        seen(RIGHT, "Vote!\n\nWhich?\n- Red", hours=2, media=POLL),
    ],
    "deleted, then seen under the other number": [
        seen(WRONG, "one"), seen(WRONG, GONE, hours=2), seen(RIGHT, "two", hours=3),
    ],
    "seen under both, then deleted under both": [
        seen(WRONG, "one"), seen(RIGHT, "two", hours=1), seen(WRONG, GONE, hours=2), seen(RIGHT, GONE, hours=3),
    ],
}  # fmt: skip


async def see(raw: RawStorage, observations: list[Any], channel_of: Callable[..., Any]) -> None:
    for number, hours, said, fields in observations:
        channel, at = channel_of(number), NOW + timedelta(hours=hours)
        if said is GONE:
            await raw.mark_deleted([source_ref(channel, "post", 2)], at)
        else:
            await raw.store(posts(channel, FOLDED_RIGHT, 2, text=said, **fields), at)


async def held(database: Database, channel: str) -> list[Any]:
    ref = source_ref(channel, "post", 2)
    found = []
    for table in (raw_messages, raw_revisions):
        columns = [each for each in table.c if each.name not in OF_CHAT]
        rows = await database.rows(select(*columns).where(table.c.source_ref == ref).order_by(table.c.revision))
        found.append([dict(row) for row in rows])
    return found


@pytest.mark.parametrize("case", SIGHTINGS)
async def test_two_numbers_end_as_one_would_have(databases: Databases, case: str) -> None:
    """Whatever was seen under the two, in whatever order: row and log are those of a chat with one number."""
    raw = RawStorage(databases.raw)
    await see(raw, SIGHTINGS[case], lambda number: number)
    await as_before(databases)
    await upgrade(databases)
    await see(raw, SIGHTINGS[case], lambda _: ONE)
    assert await held(databases.raw, FOLDED_RIGHT) == await held(databases.raw, ONE)
    assert await held(databases.raw, FOLDED) == [[], []]


async def test_the_text_first_seen_stays_and_the_other_is_a_revision(databases: Databases) -> None:
    """Text, date and payload of the poorer sighting stay, because it was the first; what it lacked is filled in."""
    raw = RawStorage(databases.raw)
    first = posts(FOLDED, FOLDED_RIGHT, 2, text="first", via="export", raw_payload={"n": 1})
    second = posts(FOLDED_RIGHT, FOLDED_RIGHT, 2, text="second", via="api", raw_payload={"n": 2}, views=5)
    named = [each.model_copy(update={"author": Author(id=FOLDED_RIGHT, name="Fresh")}) for each in second]
    await raw.store(named, NOW + timedelta(hours=1))
    await raw.store(first, NOW)
    await as_before(databases)
    await upgrade(databases)
    ((row,), (revision,)) = await held(databases.raw, FOLDED_RIGHT)
    assert (row["text"], row["inserted_at"], row["raw_payload_json"]) == ("first", NOW, {"n": 1})
    assert (row["via"], row["views"], row["author_name"], row["revision"]) == ("api", 5, "Fresh", 1)
    assert (revision["text"], revision["reason"], revision["observed_at"], revision["raw_payload_json"]) == (
        "second", "edited", NOW + timedelta(hours=1), {"n": 2},
    )  # fmt: skip


def of_topic(
    channel: str, scores: dict[int, float], *, hours: tuple[int, int], **card: Any
) -> tuple[TopicCard, TopicBundle]:
    """The topic of post 1 with these scores, its bundle ending `hours` after the first post."""
    made, bundle = topic(*scores, channel=channel)
    items = [item.model_copy(update={"score": scores[int(item.message_id)]}) for item in bundle.items]
    span = TimeRange.model_validate({"from": NOW + timedelta(hours=hours[0]), "to": NOW + timedelta(hours=hours[1])})
    head = {"items": tuple(items), "time_range": span, "metadata": {"anchors": 1, "supporting": len(scores) - 1}}
    return made.model_copy(update=card), bundle.model_copy(update=head)


async def test_a_topic_under_both_numbers_keeps_the_messages_of_both(databases: Databases) -> None:
    """No message is lost or there twice; the best come first, and the head counts what there is."""
    await RawStorage(databases.raw).store([message(1, channel=FOLDED, author=Author(id=FOLDED_RIGHT))], NOW)
    topics = TopicStorage(databases.processing)
    wrong = of_topic(FOLDED, {1: 0.9, 2: 0.4, 3: 0.8, 5: 0.2}, hours=(1, 9))
    right = of_topic(FOLDED_RIGHT, {1: 0.7, 2: 0.6, 4: 0.5}, hours=(0, 4), title="Kept", status="retired")
    alone = of_topic(ONE, {1: 0.7, 2: 0.2, 4: 0.5}, hours=(0, 4))
    for channel, pair in ((FOLDED, wrong), (FOLDED_RIGHT, right), (ONE, alone)):
        await topics.replace([channel], [pair], [], TopicRun("f", NOW, {}))
    await as_before(databases)
    await upgrade(databases)
    ((card, bundle),) = await topics.known([FOLDED_RIGHT])
    assert [(item.message_id, item.role, item.score) for item in bundle.items] == [
        ("1", "anchor", 0.7), ("3", "supporting", 0.8), ("2", "supporting", 0.6), ("4", "supporting", 0.5),
        ("5", "supporting", 0.2),
    ]  # fmt: skip
    assert {item.source_ref for item in bundle.items} == {f"tg:{FOLDED_RIGHT}:post:{number}" for number in range(1, 6)}
    assert (card.title, card.type, card.status, card.metadata["messages"]) == ("Kept", "cluster", "active", 5)
    assert (bundle.time_range.from_, bundle.time_range.to) == (NOW, NOW + timedelta(hours=9))
    assert (bundle.metadata, bundle.channels) == ({"anchors": 1, "supporting": 4}, (FOLDED_RIGHT,))
    assert await topics.known([ONE]) == [alone]


async def test_every_page_of_a_long_chat_is_united(databases: Databases) -> None:
    """Beyond the first page of messages and topics too, with authors, forwards, references and revisions."""
    raw, count = RawStorage(databases.raw), 510
    forward = Forward(name="Tiny", peer_id="-1005")
    numbers = range(1, count + 1)
    await raw.store(posts(FOLDED, FOLDED_RIGHT, *numbers, text="one", forward=forward), NOW)
    await raw.store(posts(FOLDED_RIGHT, FOLDED_RIGHT, *numbers, text="two"), NOW + timedelta(hours=1))
    topics = TopicStorage(databases.processing)
    pairs = [topic(number, channel=FOLDED) for number in numbers]
    related = (f"topic:tg:{FOLDED}:post:1",)
    found = [(card.model_copy(update={"related_topics": related}), bundle) for card, bundle in pairs]
    await topics.replace([FOLDED], found, [], TopicRun("f", NOW, {}))
    await as_before(databases)
    await upgrade(databases)
    rows = await databases.raw.rows(select(raw_messages.c.text, raw_messages.c.revision, raw_messages.c.forward_json))
    expected = {"text": "one", "revision": 1, "forward_json": {"name": "Tiny", "peer_id": "-1000000000005"}}
    assert [dict(row) for row in rows] == [expected] * count
    log = await databases.raw.rows(select(raw_revisions.c.source_ref, raw_revisions.c.text))
    assert {(row["source_ref"], row["text"]) for row in log} == {
        (f"tg:{FOLDED_RIGHT}:post:{number}", "two") for number in numbers
    }
    cards = await topics.cards([FOLDED_RIGHT])
    assert [card.related_topics for card in cards] == [(f"topic:tg:{FOLDED_RIGHT}:post:1",)] * count
