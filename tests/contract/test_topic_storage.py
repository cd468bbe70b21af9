"""Topic storage: cards, bundles, runs, embeddings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW, document, message, topic

from tg_parser.domain.topics import TopicBundle, TopicCard, TopicChange, TopicChangeKind
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topic_changes import ChangeFilter
from tg_parser.storage.stores.topics import TopicRun, TopicStorage

RUN = TopicRun("fingerprint", NOW, {"topics": 1})


@pytest.fixture
def topics(databases: Databases) -> TopicStorage:
    return TopicStorage(databases.processing)


async def told(topics: TopicStorage, **wanted: Any) -> list[TopicChange]:
    """The steps in the life of topics, without their numbers."""
    return [change for _, change in await topics.changes(ChangeFilter(**wanted))]


async def test_topics_come_back_as_they_were_found(topics: TopicStorage) -> None:
    """Card and bundle survive, items in their order."""
    found = [topic(1, 3, 2), topic(5)]
    await topics.replace([CHANNEL], found, [], RUN)
    assert await topics.known([CHANNEL]) == found
    card, bundle = found[0]
    assert await topics.cards([CHANNEL]) == [card, found[1][0]]
    assert await topics.cards(topic_id=card.id) == [card]
    assert await topics.bundle(card.id) == bundle
    assert await topics.bundle("topic:tg:x:post:1") is None
    assert await topics.last_run([CHANNEL]) == RUN
    assert await topics.last_run([CHANNEL, "-1009"]) is None


async def test_runs_over_other_sets_of_channels_are_known(topics: TopicStorage) -> None:
    """A later run over one of the channels, alone or with others, counts; one before, or over others, does not."""
    later = NOW + timedelta(minutes=1)
    await topics.replace([CHANNEL], [], [], RUN)
    await topics.replace(["-1009", "-1008"], [], [], replace(RUN, finished_at=later))
    assert not await topics.was_run_apart([CHANNEL], NOW)
    assert await topics.was_run_apart(["-1008"], NOW)
    assert not await topics.was_run_apart(["-1008"], later + timedelta(minutes=1))
    assert not await topics.was_run_apart(["-1008", "-1009"], NOW)


async def test_retired_topic_is_kept_but_not_shown(topics: TopicStorage) -> None:
    """What is no longer found stays known under its id, and comes back when it is found again."""
    first, second = topic(1, 2), topic(5)
    await topics.replace([CHANNEL], [first, second], [], RUN)
    await topics.replace([CHANNEL], [first], [second[0].id], RUN)
    assert await topics.cards([CHANNEL]) == [first[0]]
    assert [card.status for card in await topics.cards([CHANNEL], include_retired=True)] == ["active", "retired"]
    assert [card.id for card, _ in await topics.known([CHANNEL])] == [first[0].id, second[0].id]
    assert await topics.topics_of([message(5).source_ref]) == {}
    await topics.replace([CHANNEL], [first, second], [], RUN)
    assert await topics.cards([CHANNEL]) == [first[0], second[0]]


async def test_bundle_is_replaced_whole(topics: TopicStorage) -> None:
    """Messages that left a topic are gone from its bundle."""
    await topics.replace([CHANNEL], [topic(1, 2, 3)], [], RUN)
    await topics.replace([CHANNEL], [topic(1, 4)], [], RUN)
    refs = [message(number).source_ref for number in (1, 2, 3, 4)]
    card, _ = topic(1)
    assert await topics.topics_of(refs) == {refs[0]: [card.id], refs[3]: [card.id]}


def change(card: TopicCard, kind: TopicChangeKind, at: datetime = NOW) -> TopicChange:
    refs = tuple(anchor.anchor_ref for anchor in card.anchors)
    return TopicChange(topic_id=card.id, at=at, kind=kind, reason=f"it {kind}", other_id="topic:x", messages=refs)


async def test_steps_in_the_life_of_topics_are_kept(topics: TopicStorage) -> None:
    """Oldest first, by topic, by channel, by time; those of a retired topic and of another channel too."""
    (first, _), (second, _), (other, _) = topic(1, 2), topic(5), topic(1, channel="-1009")
    born = [change(first, "born"), change(second, "born")]
    await topics.replace([CHANNEL], [topic(1, 2), topic(5)], [], replace(RUN, changes=born))
    elsewhere, later = change(other, "born"), NOW + timedelta(days=1)
    await topics.replace(["-1009"], [topic(1, channel="-1009")], [], replace(RUN, changes=[elsewhere]))
    over = change(second, "retired", later)
    await topics.replace([CHANNEL], [], [second.id], replace(RUN, changes=[over]))
    assert await told(topics, topic_id=second.id) == [born[1], over]
    assert await told(topics, channel_ids=[CHANNEL]) == [*born, over]
    assert await told(topics, since=later) == [over]
    assert await told(topics) == [*born, elsewhere, over]
    assert await told(topics, allowed=["-1009"]) == [elsewhere]
    await topics.delete_channel(CHANNEL)
    assert await told(topics) == [elsewhere]


async def test_a_document_is_taken_up_once_and_again_when_it_is_made_anew(
    topics: TopicStorage, databases: Databases
) -> None:
    """A run notes what it took up, unless it was made anew meanwhile; a document that is stored again is new again, and
    so are all without topics."""
    documents = ProcessingStorage(databases.processing)

    async def waiting() -> list[str]:
        pages = documents.pages(DocumentFilter(channel_ids=(CHANNEL,)), 100)
        return [row["source_message_id"] async for page in pages for row in page if not row["is_grouped"]]

    await documents.store([document(number) for number in (1, 2, 3)])
    assert await waiting() == ["1", "2", "3"]
    refs = [message(number).source_ref for number in (1, 2)]
    read = {
        row["source_ref"]: row["processed_at"] async for page in documents.pages(DocumentFilter(), 9) for row in page
    }
    taken_up = {ref: read[ref] for ref in refs}
    await topics.replace([CHANNEL], [topic(1, 2)], [], replace(RUN, taken_up=taken_up))
    assert await waiting() == ["3"]
    await documents.store([document(2)])
    assert await waiting() == ["2", "3"]
    late = {ref: at - timedelta(seconds=1) for ref, at in read.items()}
    await topics.replace([CHANNEL], [topic(1, 2)], [], replace(RUN, taken_up=late))
    assert await waiting() == ["2", "3"]
    await topics.delete_channel(CHANNEL)
    assert await waiting() == ["1", "2", "3"]


async def test_embeddings_are_kept_per_model(topics: TopicStorage) -> None:
    """A vector is known by text and model; one that is known stays."""
    await topics.put_embeddings("m1", 2, {"a": b"1", "b": b"2"})
    await topics.put_embeddings("m1", 2, {"a": b"other"})
    await topics.put_embeddings("m2", 2, {"a": b"3"})
    assert await topics.embeddings({"a", "b", "c"}, "m1") == {"a": b"1", "b": b"2"}
    assert await topics.embeddings({"a"}, "m2") == {"a": b"3"}


async def test_many_embeddings_at_once(topics: TopicStorage) -> None:
    """More texts than a database takes parameters are no problem."""
    vectors = {f"{number:05}": bytes(8) for number in range(12_000)}
    await topics.put_embeddings("m", 2, vectors)
    assert len(await topics.embeddings(vectors.keys(), "m")) == 12_000


async def test_channel_can_be_deleted(topics: TopicStorage) -> None:
    """Topics, bundles and the note of the run go; the next run starts anew."""
    await topics.replace([CHANNEL], [topic(1, 2)], [], RUN)
    await topics.replace(["-1009"], [topic(1, channel="-1009")], [], RUN)
    await topics.delete_channel(CHANNEL)
    assert await topics.known([CHANNEL]) == []
    assert await topics.last_run([CHANNEL]) is None
    assert len(await topics.cards(["-1009"])) == 1
    assert await topics.topics_of([message(2).source_ref]) == {}


async def test_ids_named_after_messages_are_known_wherever_their_topics_begin(topics: TopicStorage) -> None:
    """A topic named after one channel's message may later begin in another: its id is not free, nor its second one."""
    card, bundle = topic(7, 8, channel="-1009")

    def named(id_: str) -> tuple[TopicCard, TopicBundle]:
        return card.model_copy(update={"id": id_}), bundle.model_copy(update={"topic_id": id_})

    ref = message(3).source_ref
    moved, again, gap = named(f"topic:{ref}"), named(f"topic:{ref}~2"), named(f"topic:{message(4).source_ref}~2")
    await topics.replace([CHANNEL, "-1009"], [topic(1, 2), moved, again, gap], [topic(1, 2)[0].id], RUN)
    refs = [message(number).source_ref for number in (1, 2, 3)]
    assert await topics.windows.ids_named_after(refs) == {topic(1)[0].id, moved[0].id, again[0].id}
    assert await topics.windows.ids_named_after([]) == set()
