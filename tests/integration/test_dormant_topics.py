"""Topics without new messages sleep, and wake when messages come, on both backends."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

import pytest
from samples import CHANNEL, message
from sqlalchemy import Executable, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection
from test_topics_in_time import ENCODER, LongChannel
from topic_samples import DOLLAR, ODD, SNOW, ZOO

from tg_parser.domain.topics import DORMANT_AFTER
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.topic_changes import ChangeFilter
from tg_parser.storage.tables.topics import topic_changes, topics
from tg_parser.topics.at_hand import windows_around
from tg_parser.topics.grouping.growth import DAYS
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer

FIRST_SNOW, SNOW_STORY, LATER_SNOW, MONEY = (f"topic:{message(number).source_ref}" for number in (1, 2, 3, 11))
MORE_SNOW = "Первый снег и метель в Москве, сообщили синоптики"

MORE_MONEY = "Курс доллара на бирже превысил 109 рублей"


class SleepingChannel(LongChannel):
    """Two events of a story about snow in two weeks, dollars in the second; later the zoo only."""

    async def asleep(self) -> set[str]:
        """The ids of the topics that are dormant."""
        return {card.id for card in await self.topics.cards([CHANNEL]) if card.dormant}

    async def steps(self) -> dict[str, list[str]]:
        """What has happened to each topic, oldest first."""
        found = defaultdict[str, list[str]](list)
        for _, change in await self.topics.changes(ChangeFilter()):
            found[change.topic_id].append(change.kind)
        return found


@pytest.fixture
async def channel(databases: Databases) -> SleepingChannel:
    made = SleepingChannel(databases)
    await made.hold(*SNOW[:2], first=1, day=0)
    await made.hold(*SNOW[2:], first=3, day=9)
    await made.hold(*DOLLAR, first=11, day=9)
    await made.run()
    assert await made.asleep() == set()
    await made.hold(*ZOO, first=21, day=26)
    await made.run()
    return made


async def test_a_story_sleeps_and_wakes_before_it_grows(channel: SleepingChannel) -> None:
    """All that is quiet for weeks falls asleep; a message of the last week wakes only the story it joins."""
    old = {FIRST_SNOW, SNOW_STORY, LATER_SNOW, MONEY}
    assert await channel.asleep() == old
    steps = await channel.steps()
    assert {id_: steps[id_] for id_ in old} == {id_: ["born", "dormant"] for id_ in old}
    await channel.hold(MORE_SNOW, first=31, day=28)
    await channel.run()
    assert await channel.asleep() == old - {SNOW_STORY}
    assert (await channel.steps())[SNOW_STORY] == ["born", "dormant", "woken", "grew"]
    assert [one.id async for page in channel.topics.outlines() for one in page if one.dormant] == sorted(
        old - {SNOW_STORY}
    )
    assert await channel.topics.faults() == []


async def test_a_run_without_news_records_nothing(channel: SleepingChannel) -> None:
    """Neither a second run nor one that reads everything again, nor one by a rebuild, changes who sleeps."""
    before, asleep = await channel.steps(), await channel.asleep()
    await channel.run()
    await channel.run(force=True)
    assert await channel.steps() == before
    topicizer = Topicizer(channel.documents, channel.topics, ENCODER)
    await topicizer.run([CHANNEL], TopicOptions(rebuild=True))
    assert await channel.asleep() == asleep
    assert await channel.steps() == before


async def test_sleep_follows_deletions_and_edits(channel: SleepingChannel) -> None:
    """Without the newest messages of the channel topics wake; without its own newest one a topic sleeps again."""
    await channel.documents.remove_documents([message(number).source_ref for number in (21, 22, 23, 24)])
    await channel.run()
    assert await channel.asleep() == set()
    steps = await channel.steps()
    assert steps[MONEY] == ["born", "dormant", "woken"]
    await channel.hold(ODD, first=41, day=24)
    await channel.hold(MORE_MONEY, first=15, day=12)
    await channel.run()
    assert MONEY not in await channel.asleep()
    await channel.hold("Рецепт блинов на кефире без яиц", first=15, day=12)
    await channel.run()
    assert MONEY in await channel.asleep()
    assert (await channel.steps())[MONEY][-2:] == ["lost", "dormant"]
    assert await channel.topics.faults() == []


async def test_topics_of_an_earlier_version_are_marked_once(channel: SleepingChannel, databases: Databases) -> None:
    """Nothing is new, and nobody was marked before: the next run marks all that sleep, and the one after it nobody."""
    before = await channel.steps()
    for statement in (
        update(topics).values(dormant=False),
        delete(topic_changes).where(topic_changes.c.kind == "dormant"),
    ):
        await databases.processing.write(partial(execute, statement))
    assert (await channel.run()).unchanged
    assert await channel.steps() == before
    await channel.run()
    assert await channel.steps() == before


async def test_a_dry_run_marks_nobody(channel: SleepingChannel, databases: Databases) -> None:
    """Who only looks records nothing."""
    await databases.processing.write(partial(execute, update(topics).values(dormant=False)))
    topicizer = Topicizer(channel.documents, channel.topics, ENCODER)
    await topicizer.run([CHANNEL], TopicOptions(), dry_run=True)
    assert await channel.asleep() == set()


def test_a_dormant_story_can_still_grow() -> None:
    """Sleep begins before a new message is too far away to join, and within the time that a run reads."""
    assert DORMANT_AFTER.days < DAYS["story"]
    (window,) = windows_around([(start := message(1).date)])
    assert window[0] < start - DORMANT_AFTER


async def execute(statement: Executable, conn: AsyncConnection) -> None:
    await conn.execute(statement)
