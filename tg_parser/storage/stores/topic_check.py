"""Proves that stored topics, their messages and their history fit together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.topics import ENDS, Anchor
from tg_parser.storage.engine.transactions import Database, rows_of
from tg_parser.storage.tables.processing import processed_documents
from tg_parser.storage.tables.topics import topic_changes, topic_items, topics

SLEEP = frozenset({"dormant", "woken"})
_TOPICS_AT_ONCE = 500
_topic = topics.c
_item = topic_items.c
_change = topic_changes.c
_doc = processed_documents.c

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TopicFault:
    """Something about a topic that cannot be so."""

    topic_id: str
    fault: str


@dataclass(frozen=True, slots=True)
class _Page:
    """Some topics, and by id what belongs to them; stories also of events on other pages."""

    topics: Sequence[Row]
    items: Mapping[str, Sequence[Row]]
    kinds: Mapping[str, Sequence[str]]
    stories: Mapping[str, Row]
    story_refs: Mapping[str, set[str]]


async def faults(database: Database) -> AsyncIterator[TopicFault]:
    """All faults of the stored topics, by id."""
    for orphan in await database.rows(_items_of_no_topic()):
        yield TopicFault(
            orphan["topic_id"], f"The message {orphan['source_ref']} is in this topic, which does not exist."
        )
    for gone in await database.rows(_changes_of_no_topic()):
        yield TopicFault(gone["topic_id"], "It has a history, but does not exist.")
    after = ""
    while True:
        page = await database.read(partial(_read, database, after))
        for row in page.topics:
            for fault in _faults_of(row, page):
                yield TopicFault(row["id"], fault)
        if len(page.topics) < _TOPICS_AT_ONCE:
            return
        after = page.topics[-1]["id"]


def _faults_of(topic: Row, page: _Page) -> list[str]:
    items, kinds = page.items.get(topic["id"], ()), page.kinds.get(topic["id"], ())
    refs = {item["source_ref"] for item in items}
    found = [] if items else ["It has no messages."]
    found += [] if kinds else ["Nothing is recorded about it."]
    if topic["status"] == "retired":
        return found + ([] if set(kinds) & ENDS else ["It is over, but no event says why."])
    if kinds and kinds[-1] in ENDS:
        found.append(f"It is active, but the last that is recorded is that it was {kinds[-1]}.")
    found += _faults_of_sleep(topic, kinds)
    anchors = {Anchor(**anchor).anchor_ref for anchor in topic["anchors_json"]}
    if anchors != {item["source_ref"] for item in items if item["role"] == "anchor"}:
        found.append("Its card names other anchors than its messages have.")
    if not topic["lost_messages"]:
        gone = sorted(item["source_ref"] for item in items if not item["is_there"])
        found += [f"Its message {ref} has no document." for ref in gone]
    if topic["parent_id"] is not None:
        story = page.stories.get(topic["parent_id"])
        if story is None or (story["level"], story["status"]) != ("story", "active"):
            found.append(f"It belongs to {topic['parent_id']}, which is no story.")
        elif not refs <= page.story_refs[topic["parent_id"]]:
            found.append(f"It has messages that its story {topic['parent_id']} does not have.")
    return found


def _faults_of_sleep(topic: Row, kinds: Sequence[str]) -> list[str]:
    """A topic becomes dormant and wakes by turns, and is as the last of these steps says."""
    steps = [kind for kind in kinds if kind in SLEEP]
    found = [f"It was {one} twice without a change between." for one, after in pairwise(steps) if one == after]
    found += ["It was woken, but had not been dormant."] if steps[:1] == ["woken"] else []
    if topic["dormant"] != (steps[-1:] == ["dormant"]):
        found.append("Whether it is dormant is not what is recorded.")
    return found


async def _read(database: Database, after: str, conn: AsyncConnection) -> _Page:
    chosen = select(topics).where(_topic.id > after).order_by(_topic.id).limit(_TOPICS_AT_ONCE)
    rows = await rows_of(conn, chosen)
    ids = [row["id"] for row in rows]
    parents = sorted({row["parent_id"] for row in rows if row["parent_id"]})
    any_of = database.dialect.any_of
    beside = topic_items.outerjoin(processed_documents, _doc.source_ref == _item.source_ref)
    held = select(_item.topic_id, _item.source_ref, _item.role, _doc.source_ref.is_not(None).label("is_there"))
    items, kinds = defaultdict[str, list[Row]](list), defaultdict[str, list[str]](list)
    for item in await rows_of(conn, held.select_from(beside).where(any_of(_item.topic_id, [*ids, *parents]))):
        items[item["topic_id"]].append(item)
    recorded = select(_change.topic_id, _change.kind).where(any_of(_change.topic_id, ids)).order_by(_change.number)
    for change in await rows_of(conn, recorded):
        kinds[change["topic_id"]].append(change["kind"])
    heads = await rows_of(conn, select(_topic.id, _topic.level, _topic.status).where(any_of(_topic.id, parents)))
    story_refs = {parent: {item["source_ref"] for item in items.get(parent, ())} for parent in parents}
    return _Page(rows, items, kinds, {head["id"]: head for head in heads}, story_refs)


def _items_of_no_topic() -> Any:
    beside = topic_items.outerjoin(topics, _topic.id == _item.topic_id)
    return select(_item.topic_id, _item.source_ref).select_from(beside).where(_topic.id.is_(None))


def _changes_of_no_topic() -> Any:
    beside = topic_changes.outerjoin(topics, _topic.id == _change.topic_id)
    return select(_change.topic_id).distinct().select_from(beside).where(_topic.id.is_(None))
