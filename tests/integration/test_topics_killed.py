"""Killed between any two writes, a run leaves topics that fit together, and the next run ends as if nothing was."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from cli_process import begin
from conftest import process_environment
from samples import CHANNEL, NOW, document, message
from sqlalchemy import Executable, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from topic_process import WordCounts
from topic_samples import DOLLAR, ODD, SNOW, ZOO

from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topic_changes import ChangeFilter
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.storage.tables.topics import topic_changes, topic_items, topics
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer

SCRIPT = str(Path(__file__).parents[1] / "topic_process.py")
MOST_WRITES = 60


async def changed_channel(databases: Databases) -> tuple[ProcessingStorage, TopicStorage]:
    """Topics of a first run; since then a message came, one was edited, one deleted, a topic lost its messages, and the
    channel went on for weeks without the others.
    """
    documents, stored = ProcessingStorage(databases.processing), TopicStorage(databases.processing)
    first = [document(number, text, language="ru") for number, text in enumerate([*SNOW, *DOLLAR, *ZOO, ODD], 1)]
    await documents.store(first)
    await Topicizer(documents, stored, WordCounts()).run([CHANNEL], TopicOptions())
    news = document(30, "Первый снег и метель в Москве, сообщили синоптики", language="ru")
    later = replace(
        document(31, "Шахматный турнир перенесли на весну", language="ru"), message_date=NOW + timedelta(20)
    )
    await documents.store([news, later, document(1, "Рецепт блинов на кефире без яиц", language="ru")])
    await documents.remove_documents([message(number).source_ref for number in (5, 9, 10, 11, 12)])
    return documents, stored


async def dump(stored: TopicStorage) -> list[str]:
    known = [(card, bundle) for card, bundle in await stored.known([CHANNEL])]
    same_time = [
        (card.model_copy(update={"updated_at": NOW}), bundle.model_copy(update={"updated_at": NOW}))
        for card, bundle in known
    ]
    changes = [(one.topic_id, one.kind, one.messages) for _, one in await stored.changes(ChangeFilter())]
    return [card.model_dump_json() + bundle.model_dump_json() for card, bundle in same_time] + [repr(changes)]


async def test_a_run_killed_before_any_of_its_writes(
    databases: Databases, database_environment: dict[str, str]
) -> None:
    """Every kill leaves what was there; the run that is not killed ends all at once."""
    _, stored = await changed_channel(databases)
    before, kills = await dump(stored), 0
    for kill_at in range(1, MOST_WRITES):
        process = begin(process_environment(database_environment), str(kill_at), script=SCRIPT, cwd=Path.cwd())
        if await asyncio.to_thread(process.wait, 120) == 0:
            break
        kills += 1
        assert await stored.faults() == []
        assert await dump(stored) == before
    assert kills >= 8
    after = await dump(stored)
    assert after != before
    assert await stored.faults() == []
    kinds = {change.kind for _, change in await stored.changes(ChangeFilter())}
    assert {"born", "grew", "lost", "retired", "dormant"} <= kinds


async def test_two_processes_at_once(databases: Databases, database_environment: dict[str, str]) -> None:
    """Both write what they found from the same news, one after the other; the topics still fit together."""
    documents, stored = await changed_channel(databases)
    await documents.store([replace(document(40, ZOO[0], language="ru"), message_date=NOW + timedelta(days=2))])
    both = [begin(process_environment(database_environment), "0", script=SCRIPT, cwd=Path.cwd()) for _ in range(2)]
    assert [await asyncio.to_thread(one.wait, 120) for one in both] == [0, 0]
    assert await stored.faults() == []


async def execute(statement: Executable, conn: AsyncConnection) -> None:
    await conn.execute(statement)


async def test_faults_are_found(databases: Databases) -> None:
    """Each kind of damage is told, by the topic it is in."""
    _, stored = await changed_channel(databases)
    assert await stored.faults() == []
    (snow, dollar, *_), database = await stored.cards([CHANNEL]), databases.processing
    names = [column.name for column in topic_changes.c if column.name != "number"]
    its_steps = select(*(topic_changes.c[name] for name in names)).where(topic_changes.c.topic_id == dollar.id)
    damage = {
        "Whether it is dormant is not what is recorded.": update(topics)
        .where(topics.c.id == dollar.id)
        .values(dormant=True),
        "It was woken, but had not been dormant.": update(topic_changes)
        .where(topic_changes.c.topic_id == dollar.id)
        .values(kind="woken"),
        "It was woken twice without a change between.": insert(topic_changes).from_select(names, its_steps),
        "Its card names other anchors than its messages have.": update(topic_items)
        .where(topic_items.c.topic_id == snow.id)
        .values(role="supporting"),
        "Nothing is recorded about it.": delete(topic_changes).where(topic_changes.c.topic_id == snow.id),
        f"It belongs to {dollar.id}, which is no story.": update(topics)
        .where(topics.c.id == snow.id)
        .values(parent_id=dollar.id),
        "It is over, but no event says why.": update(topics).where(topics.c.id == dollar.id).values(status="retired"),
    }
    for fault, statement in damage.items():
        await database.write(partial(execute, statement))
        assert fault in [one.fault for one in await stored.faults()]
