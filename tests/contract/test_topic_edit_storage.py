"""Edits of topics are stored with all that they change, or not at all, and go where the topics go."""

from __future__ import annotations

import pytest
from samples import CHANNEL, NOW, topic

from tg_parser.domain.topics import TopicChange, TopicEdit, TopicEditKind
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.topic_changes import ChangeFilter
from tg_parser.storage.stores.topic_edits import EditedTopics, TopicEditStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage

RUN = TopicRun("fingerprint", NOW, {"topics": 1})
FIRST, SECOND = topic(1, 2), topic(5)


@pytest.fixture
async def topics(databases: Databases) -> TopicStorage:
    """Two topics of one channel."""
    topics = TopicStorage(databases.processing)
    await topics.replace([CHANNEL], [FIRST, SECOND], [], RUN)
    return topics


@pytest.fixture
def edits(databases: Databases) -> TopicEditStorage:
    return TopicEditStorage(databases.processing)


def edit(kind: TopicEditKind = "hide", **more: object) -> TopicEdit:
    return TopicEdit.model_validate(
        {"number": 0, "at": NOW, "by": "anna", "kind": kind, "topic_id": FIRST[0].id, **more}
    )


def done(topic_id: str = FIRST[0].id) -> EditedTopics:
    hidden = FIRST[0].model_copy(update={"hidden": True}), FIRST[1]
    return EditedTopics([hidden], [TopicChange(topic_id=topic_id, at=NOW, kind="hidden", reason="so", by="anna")])


async def test_edits_come_back_as_they_were_stored(topics: TopicStorage, edits: TopicEditStorage) -> None:
    """Each has a number of its own; of all channels or one, in their order; the last one is found."""
    facts = {"other_id": SECOND[0].id, "title": "New", "old_title": "Old", "messages": ("tg:1:post:1",)}
    first = await edits.add(edit("merge", **facts, before={SECOND[0].id: ("tg:1:post:5",)}), done())
    second = await edits.add(edit(), done())
    assert (first.number < second.number, first.title, first.before) == (True, "New", {SECOND[0].id: ("tg:1:post:5",)})
    assert await topics.edits([CHANNEL]) == await topics.edits(None) == [first, second]
    assert await topics.edits(["-1009"]) == []
    assert await edits.last() == second
    assert await edits.last(SECOND[0].id) == await edits.one(first.number) == first


async def test_an_edit_changes_topics_and_history_at_once(topics: TopicStorage, edits: TopicEditStorage) -> None:
    """A hidden topic is in no list and has no messages there; who names it, or asks for hidden ones, gets it."""
    await edits.add(edit(), done())
    assert [card.id for card in await topics.cards([CHANNEL])] == [SECOND[0].id]
    assert len(await topics.cards([CHANNEL], include_hidden=True)) == 2
    (named,) = await topics.cards(topic_id=FIRST[0].id)
    assert named.hidden
    assert await topics.topics_of(["tg:-1001234567890:post:2", FIRST[1].items[1].source_ref]) == {}
    assert [one.id async for page in topics.outlines() for one in page] == [SECOND[0].id]
    assert [one.hidden async for page in topics.outlines(include_hidden=True) for one in page] == [True, False]
    assert [(one.kind, one.by) for _, one in await topics.changes(ChangeFilter(FIRST[0].id))] == [("hidden", "anna")]


async def test_an_edit_that_cannot_be_written_whole_is_not_written(
    topics: TopicStorage, edits: TopicEditStorage
) -> None:
    """A step of a topic that does not exist takes everything else of the edit back."""
    with pytest.raises(KeyError):
        await edits.add(edit(), done("topic:tg:1:post:99"))
    assert await topics.edits(None) == []
    assert len(await topics.cards([CHANNEL])) == 2
    assert await topics.changes(ChangeFilter()) == []


async def test_an_edit_is_undone_once(topics: TopicStorage, edits: TopicEditStorage) -> None:
    """The second who wants to undo it is told so, and changes nothing."""
    stored = await edits.add(edit(), done())
    undone = stored.model_copy(update={"undone_at": NOW, "undone_by": "boris"})
    shown = EditedTopics([FIRST], [])
    assert await edits.undo(undone, shown)
    assert await edits.one(stored.number) == undone
    assert len(await topics.cards([CHANNEL])) == 2
    assert not await edits.undo(undone, done())
    assert len(await topics.cards([CHANNEL])) == 2
    assert await edits.last() is None


async def test_edits_go_with_their_channel(topics: TopicStorage, edits: TopicEditStorage) -> None:
    """Who deletes the topics of a channel deletes what people did to them."""
    await edits.add(edit(), done())
    await topics.delete_channel("-1009")
    assert len(await topics.edits(None)) == 1
    await topics.delete_channel(CHANNEL)
    assert await topics.edits(None) == []


async def test_around_a_topic_is_what_an_edit_may_touch(topics: TopicStorage) -> None:
    """Its story, the other events of that, and what has one of the messages; nothing else."""
    event = FIRST[0].model_copy(update={"parent_id": "topic:tg:1:post:3"}), FIRST[1]
    story = topic(3, 1, 2, 7)[0].model_copy(update={"id": "topic:tg:1:post:3", "level": "story"})
    bundle = topic(3, 1, 2, 7)[1].model_copy(update={"topic_id": story.id})
    sister = topic(7)[0].model_copy(update={"parent_id": story.id}), topic(7)[1]
    await topics.replace([CHANNEL], [event, (story, bundle), sister], [], RUN)
    around = [card.id for card, _ in await topics.around([event[0].id])]
    assert around == sorted([event[0].id, story.id, sister[0].id])
    of_a_message = await topics.around([sister[0].id], [SECOND[1].items[0].source_ref])
    assert SECOND[0].id in [card.id for card, _ in of_a_message]
