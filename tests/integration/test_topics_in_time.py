"""A run over news reads, and changes, only what is near them in time, on both backends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from samples import CHANNEL, NOW, document, message
from topic_samples import DOLLAR, ODD, SNOW, ZOO

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.processing.worker_pool import WorkerPool
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topic_changes import ChangeFilter
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.at_hand import AtHand, Reader
from tg_parser.topics.discovery import TopicReport
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer, TopicizeReport
from tg_parser.topics.word_workers import WordWorkers

ENCODER = SentenceEncoder()
NEWS = "Детёныш панды родился в Московском зоопарке, сообщил директор зоопарка"


class LongChannel:
    """Snow and dollars in the first week, the zoo half a year later."""

    def __init__(self, databases: Databases) -> None:
        self.documents = ProcessingStorage(databases.processing)
        self.topics = TopicStorage(databases.processing)

    async def hold(self, *texts: str, first: int, day: int, noise: bool = False) -> None:
        made = [
            replace(
                document(number, text, language="ru", is_noise=noise), message_date=NOW + timedelta(day, 60 * number)
            )
            for number, text in enumerate(texts, first)
        ]
        await self.documents.store(made)

    async def run(self, *, force: bool = False) -> TopicizeReport:
        return await Topicizer(self.documents, self.topics, ENCODER).run([CHANNEL], TopicOptions(), force=force)

    async def news(self) -> AtHand:
        last = await self.topics.last_run([CHANNEL])
        assert last is not None
        return await Reader(self.documents, self.topics, least=0).news([CHANNEL], TopicReport.of(last.report))

    async def stored(self) -> dict[str, str]:
        known = await self.topics.known([CHANNEL])
        return {card.id: card.model_dump_json() + bundle.model_dump_json() for card, bundle in known}

    async def topic_with(self, number: int) -> str:
        (ids,) = (await self.topics.topics_of([message(number).source_ref])).values()
        return ids[0]


@pytest.fixture
async def channel(databases: Databases) -> LongChannel:
    made = LongChannel(databases)
    await made.hold(*SNOW, *DOLLAR, ODD, first=1, day=0)
    await made.hold(*ZOO, first=20, day=180)
    await made.run()
    return made


async def test_news_meet_only_topics_of_their_time(channel: LongChannel) -> None:
    """Neither documents nor topics of half a year ago are read, and the report still counts everything."""
    zoo = await channel.topic_with(20)
    before = await channel.stored()
    await channel.hold(NEWS, first=30, day=181)
    at_hand = await channel.news()
    assert {one.card.id for one in at_hand.known} == {zoo}
    assert {one.message_id for one in at_hand.documents} == {*map(str, range(20, 20 + len(ZOO))), "30"}
    done = await channel.run()
    after = await channel.stored()
    assert {id_ for id_ in after if after[id_] != before.get(id_)} == {zoo}
    assert await channel.topic_with(30) == zoo
    again = await channel.run(force=True)
    assert await channel.stored() == after
    assert again.found == done.found


async def test_a_deleted_message_changes_its_topic_alone(channel: LongChannel) -> None:
    """An old topic is found by its loss, once; all others stay as they are to the byte."""
    snow, before = await channel.topic_with(1), await channel.stored()
    await channel.documents.remove_documents([message(1).source_ref])
    assert snow in {one.card.id for one in (await channel.news()).known}
    await channel.run()
    after = await channel.stored()
    assert {id_ for id_ in after if after[id_] != before[id_]} == {snow}
    assert [change.kind for _, change in await channel.topics.changes(ChangeFilter(topic_id=snow))] == [
        "born",
        "dormant",
        "lost",
    ]
    assert (await channel.news()).known == []


async def test_an_edited_message_changes_its_topic_alone(channel: LongChannel) -> None:
    """A message that now tells something else leaves its topic; nobody else's card changes."""
    snow, before = await channel.topic_with(1), await channel.stored()
    await channel.hold("Рецепт блинов на кефире без яиц", first=1, day=0)
    await channel.run()
    after = await channel.stored()
    assert {id_ for id_ in after if after[id_] != before[id_]} == {snow}
    assert await channel.topics.topics_of([message(1).source_ref]) == {}


async def test_noise_is_looked_at_once(channel: LongChannel) -> None:
    """A message that has become noise leaves its topic, and is not read by every later run."""
    snow = await channel.topic_with(1)
    await channel.hold(SNOW[0], first=1, day=0, noise=True)
    await channel.run()
    assert [change.kind for _, change in await channel.topics.changes(ChangeFilter(topic_id=snow))] == [
        "born",
        "dormant",
        "lost",
    ]
    assert await channel.topics.windows.new_documents([CHANNEL]) == []


async def test_a_loss_that_nobody_has_seen_yet_is_kept(channel: LongChannel) -> None:
    """What goes while a run works counts for the next one."""
    await channel.documents.remove_documents([message(1).source_ref])
    seen = await channel.topics.windows.lost([CHANNEL])
    assert set(seen.values()) == {1}
    await channel.documents.remove_documents([message(2).source_ref])
    last = await channel.topics.last_run([CHANNEL])
    assert last is not None
    await channel.topics.replace([CHANNEL], [], [], replace(last, lost=seen))
    assert await channel.topics.windows.lost([CHANNEL]) == seen


async def test_a_title_of_another_time_is_not_given_again(channel: LongChannel) -> None:
    """The same story a year later has a title of its own, though the first was not read."""
    await channel.hold(*ZOO, first=40, day=600)
    await channel.run()
    titles = [card.title.casefold() for card in await channel.topics.cards([CHANNEL])]
    assert len(titles) == len(set(titles)) == 4


async def test_a_run_words_only_topics_that_changed(channel: LongChannel) -> None:
    """One post more on the zoo: of three topics, the zoo's is worded again, and none when nothing came."""
    worded: list[int] = []

    def expect(messages: int) -> int:
        worded.append(messages)
        return 1

    pool = WorkerPool()
    topicizer = Topicizer(channel.documents, channel.topics, ENCODER, workers=WordWorkers(expect, pool.run))
    await topicizer.run([CHANNEL], TopicOptions(), force=True)
    await channel.hold(NEWS, first=30, day=181)
    await topicizer.run([CHANNEL], TopicOptions())
    await topicizer.run([CHANNEL], TopicOptions())
    assert worded == [0, 5]
