"""A model judges messages near the border of an event, on both backends: what it decides, and what is paid for."""

from __future__ import annotations

from typing import Any

import pytest
from samples import CHANNEL, document
from topic_model import Shown, TopicModel, usual
from topic_samples import DOLLAR, SNOW, ZOO

from tg_parser.domain.errors import BudgetError
from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer, TopicizeReport

ENCODER = SentenceEncoder()


def saying(same: bool) -> Any:
    """Answers every question about two sets of messages with `same`, all others as usual."""

    def answer(shown: Shown) -> Any:
        return {"same": same, "reason": ""} if shown.prompt == "merge" else usual(shown)

    return answer


class Channel:
    """A channel with three events told several times, and runs over it."""

    def __init__(self, databases: Databases) -> None:
        self._documents, self._topics = ProcessingStorage(databases.processing), TopicStorage(databases.processing)

    async def hold(self, *texts: str, first: int = 1) -> None:
        await self._documents.store([document(number, text, language="ru") for number, text in enumerate(texts, first)])

    async def run(self, model: TopicModel, *, rebuild: bool = False) -> TopicizeReport:
        topicizer = Topicizer(self._documents, self._topics, ENCODER, model.editor(judges_events=True))
        return await topicizer.run([CHANNEL], TopicOptions(rebuild=rebuild))

    async def events(self) -> list[list[str]]:
        """The messages of each topic with several."""
        known = await self._topics.known([CHANNEL])
        sets = [sorted(item.message_id for item in bundle.items) for card, bundle in known if card.status == "active"]
        return sorted(one for one in sets if len(one) > 1)


@pytest.fixture
async def channel(databases: Databases) -> Channel:
    made = Channel(databases)
    await made.hold(*SNOW, *DOLLAR, *ZOO)
    return made


async def test_the_model_joins_and_keeps_apart(channel: Channel) -> None:
    """What is near the border is one event if the model says so, and is left apart if it says no."""
    agrees, denies = TopicModel(saying(same=True)), TopicModel(saying(same=False))
    await channel.run(denies)
    assert denies.of("merge")
    assert max(map(len, await channel.events()), default=0) < 4
    await channel.run(agrees, rebuild=True)
    assert [len(one) for one in await channel.events()] == [4, 4, 4]


async def test_messages_that_are_sure_are_not_asked_about(channel: Channel) -> None:
    """No question shows messages of unlike subjects."""
    model = TopicModel(saying(same=True))
    await channel.run(model)
    for shown in model.of("merge"):
        told = {text.split("\n")[1] for text in [*shown.texts["FIRST"], *shown.texts["SECOND"]]}
        assert sum(not told.isdisjoint(sample) for sample in (SNOW, DOLLAR, ZOO)) == 1, told
    assert [len(one) for one in await channel.events()] == [4, 4, 4]


async def test_a_new_message_alone_is_asked_about(channel: Channel) -> None:
    """A later run asks only about what is new; without anything new it asks nothing."""
    await channel.run(TopicModel(saying(same=True)))
    again = TopicModel(saying(same=True))
    await channel.run(again)
    assert again.asked == []
    await channel.hold("Снег и метель в Москве: рейсы задержаны", first=20)
    await channel.run(again)
    assert again.of("merge")
    for shown in again.of("merge"):
        assert any("рейсы задержаны" in text for text in [*shown.texts["FIRST"], *shown.texts["SECOND"]])


async def test_an_error_of_all_leaves_the_offline_events(channel: Channel) -> None:
    """If the cap is reached at once, topics are stored as without a model, and the next run asks again."""

    def broke(shown: Shown) -> Any:
        return BudgetError("The cap is reached.")

    with pytest.raises(BudgetError):
        await channel.run(TopicModel(broke))
    assert [len(one) for one in await channel.events()] == [4, 4, 4]
    model = TopicModel(saying(same=True))
    await channel.run(model)
    assert model.asked
