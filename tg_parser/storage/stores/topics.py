"""Topics with their bundles, the embeddings behind them, and the runs that found them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.text_vectors import TextVector
from tg_parser.domain.topics import (
    BundleItem,
    TopicBundle,
    TopicCard,
    TopicChange,
    TopicEdit,
    TopicLevel,
    TopicStatus,
    TopicType,
)
from tg_parser.storage.engine.transactions import Database, channel_range, upsert
from tg_parser.storage.stores.text_vectors import keep_vectors
from tg_parser.storage.stores.topic_changes import ChangeFilter, NumberedChange, changes_of
from tg_parser.storage.stores.topic_check import TopicFault, faults
from tg_parser.storage.stores.topic_dormancy import settle_dormancy
from tg_parser.storage.stores.topic_edits import edits_of
from tg_parser.storage.stores.topic_rows import bundle_of, card_of
from tg_parser.storage.stores.topic_windows import TopicWindows
from tg_parser.storage.stores.topic_writing import note_seen, note_taken_up, put_topics
from tg_parser.storage.stores.topics_of_messages import only_of, topics_of
from tg_parser.storage.tables.processing import processed_documents
from tg_parser.storage.tables.topics import embeddings, topic_changes, topic_edits, topic_items, topic_runs, topics

_topic = topics.c
_item = topic_items.c
_doc = processed_documents.c
_ASKED_AT_ONCE = 5000
_OUTLINES_A_PAGE = 500

Pair = tuple[TopicCard, TopicBundle]


@dataclass(frozen=True, slots=True)
class TopicRun:
    """A run over a set of channels: `fingerprint` identifies its input, `report` holds its numbers.

    `changes` is every step in the life of a topic, `taken_up` the documents that no run has seen before: the times at
    which they were made, by ref. `lost` counts, by topic, how often the run found that messages had gone.
    """

    fingerprint: str
    finished_at: datetime
    report: dict[str, Any]
    changes: Sequence[TopicChange] = ()
    taken_up: Mapping[str, datetime] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicOutline:
    """A topic in a list: `messages` counts its members; the times are of its first and last message."""

    id: str
    title: str
    summary: str
    type: TopicType
    status: TopicStatus
    level: TopicLevel
    parent_id: str | None
    channel_id: str
    updated_at: datetime
    bundle_time_from: datetime | None
    bundle_time_to: datetime | None
    hidden: bool
    pinned: bool
    dormant: bool
    messages: int


class TopicStorage:
    """The topics in the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.windows = TopicWindows(database)

    async def known(self, channel_ids: Sequence[str]) -> list[Pair]:
        """All topics whose first anchor is in these channels, retired ones too, with their bundles, by id."""
        return await self._pairs(self._cards(channel_ids))

    async def replace(
        self, channel_ids: Sequence[str], found: Sequence[Pair], retired: Sequence[str], run: TopicRun
    ) -> None:
        """Write what a run changes, in one transaction: topics, the ids of those that are over, every step of it."""
        row = {"channels_key": _key(channel_ids), "fingerprint": run.fingerprint, "finished_at": run.finished_at}
        dialect = self._database.dialect

        async def replace(conn: AsyncConnection) -> None:
            await put_topics(self._database, conn, found)
            await conn.execute(update(topics).where(dialect.any_of(_topic.id, retired)).values(status="retired"))
            await note_taken_up(conn, run.taken_up)
            await note_seen(conn, run.lost)
            await settle_dormancy(self._database, conn, channel_ids, run.finished_at, run.changes)
            await upsert(self._database, conn, topic_runs, [{**row, "report_json": run.report}], key=("channels_key",))

        await self._database.write(replace)

    async def settle_dormancy(self, channel_ids: Sequence[str], now: datetime) -> None:
        """Record which topics of channels have woken or become dormant, as each run does."""
        await self._database.write(lambda conn: settle_dormancy(self._database, conn, channel_ids, now, ()))

    async def changes(self, wanted: ChangeFilter, after: int = 0, limit: int | None = None) -> list[NumberedChange]:
        """The steps in the life of topics behind the step number `after`, oldest first."""
        return await changes_of(self._database, wanted, after, limit)

    async def faults(self) -> list[TopicFault]:
        """What does not fit together among all topics; empty if all is well."""
        return [fault async for fault in faults(self._database)]

    async def cards(
        self,
        channel_ids: Sequence[str] | None = None,
        topic_id: str | None = None,
        *,
        include_retired: bool = False,
        include_hidden: bool = False,
        allowed: Collection[str] | None = None,
    ) -> list[TopicCard]:
        """Cards by id; with `allowed`, only topics all of whose messages are in these channels.

        Who names a topic gets it even if it is hidden.
        """
        statement = self._cards(channel_ids).where(*only_of(self._database.dialect, allowed))
        if topic_id is not None:
            statement = statement.where(_topic.id == topic_id)
        elif not include_hidden:
            statement = statement.where(~_topic.hidden)
        if not include_retired:
            statement = statement.where(_topic.status == "active")
        return [card_of(row) for row in await self._database.rows(statement.order_by(_topic.id))]

    async def outlines(
        self,
        channel_ids: Sequence[str] | None = None,
        status: TopicStatus | None = "active",
        allowed: Collection[str] | None = None,
        *,
        after: str = "",
        include_hidden: bool = False,
    ) -> AsyncIterator[Sequence[TopicOutline]]:
        """Topics behind `after` without cards and bundles, by id, in pages."""
        members = select(func.count()).where(_item.topic_id == _topic.id).scalar_subquery().label("messages")
        columns = (_topic[name] for name in TopicOutline.__dataclass_fields__ if name != "messages")
        statement = select(*columns, members).where(*only_of(self._database.dialect, allowed))
        if channel_ids is not None:
            statement = statement.where(self._database.dialect.any_of(_topic.channel_id, channel_ids))
        if status is not None:
            statement = statement.where(_topic.status == status)
        if not include_hidden:
            statement = statement.where(~_topic.hidden)
        async for page in self._database.pages(statement, _topic.id, _OUTLINES_A_PAGE, after):
            yield [TopicOutline(**row) for row in page]

    async def pairs(self, topic_ids: Collection[str]) -> list[Pair]:
        """Topics by id with their bundles, retired and hidden ones too; those that do not exist are left out."""
        wanted = self._database.dialect.any_of(_topic.id, topic_ids)
        return await self._pairs(select(topics).where(wanted))

    async def around(self, topic_ids: Collection[str], refs: Collection[str] = ()) -> list[Pair]:
        """Topics with every other topic that an edit of their messages may touch: those that have the same messages or
        one of `refs`, their stories, and the events of these.
        """
        dialect = self._database.dialect
        found = {card.id: (card, bundle) for card, bundle in await self.pairs(topic_ids)}
        own = {item.source_ref for _, bundle in found.values() for item in bundle.items}.union(refs)
        holders = select(_item.topic_id).where(dialect.any_of(_item.source_ref, sorted(own)))
        found |= await self._more(found, _topic.id.in_(holders))
        parents = [card.parent_id for card, _ in found.values() if card.parent_id is not None]
        found |= await self._more(found, dialect.any_of(_topic.id, parents))
        stories = [card.id for card, _ in found.values() if card.level == "story"]
        found |= await self._more(found, dialect.any_of(_topic.parent_id, stories))
        return [found[id_] for id_ in sorted(found)]

    async def _more(self, found: Mapping[str, Pair], wanted: ColumnElement[bool]) -> dict[str, Pair]:
        active = select(topics).where(wanted, _topic.status == "active", _topic.level != "wanted")
        return {pair[0].id: pair for pair in await self._pairs(active) if pair[0].id not in found}

    async def titles(self, topic_ids: Collection[str], allowed: Collection[str] | None = None) -> dict[str, str]:
        """The titles of topics by id."""
        wanted = self._database.dialect.any_of(_topic.id, topic_ids)
        statement = select(_topic.id, _topic.title).where(wanted, *only_of(self._database.dialect, allowed))
        return {row["id"]: row["title"] for row in await self._database.rows(statement.order_by(_topic.id))}

    async def titles_of(self, channel_ids: Sequence[str]) -> dict[str, str]:
        """The titles of the active topics of channels, hidden ones too, by id."""
        mine = self._database.dialect.any_of(_topic.channel_id, channel_ids)
        rows = await self._database.rows(select(_topic.id, _topic.title).where(mine, _topic.status == "active"))
        return {row["id"]: row["title"] for row in rows}

    async def bundle(self, topic_id: str) -> TopicBundle | None:
        """The bundle of a topic."""
        row = await self._database.row(select(topics).where(_topic.id == topic_id))
        items = (await self._items([topic_id]))[topic_id]
        return bundle_of(row, items) if row is not None and items else None

    async def topics_of(
        self, source_refs: Collection[str], allowed: Collection[str] | None = None
    ) -> dict[str, list[str]]:
        """The ids of the active topics of messages, sorted, by ref; messages in no topic are left out."""
        dialect = self._database.dialect
        return await self._database.read(lambda conn: topics_of(conn, dialect, source_refs, allowed))

    async def last_run(self, channel_ids: Sequence[str]) -> TopicRun | None:
        """The last run over exactly these channels, without its steps."""
        row = await self._database.row(select(topic_runs).where(topic_runs.c.channels_key == _key(channel_ids)))
        return None if row is None else TopicRun(row["fingerprint"], row["finished_at"], row["report_json"])

    async def was_run_apart(self, channel_ids: Sequence[str], since: datetime) -> bool:
        """Whether a run over another set of channels has changed topics of these since a time."""
        key, wanted = _key(channel_ids), set(channel_ids)
        later = select(topic_runs.c.channels_key).where(topic_runs.c.finished_at >= since)
        others = {row["channels_key"] for row in await self._database.rows(later)} - {key}
        return any(not wanted.isdisjoint(other.split(" ")) for other in others)

    async def embeddings(self, hashes: Collection[str], model_id: str) -> dict[str, bytes]:
        """The stored embeddings of texts by their hash."""
        found, wanted = dict[str, bytes](), sorted(hashes)
        column = embeddings.c
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = self._database.dialect.any_of(column.text_hash, wanted[start : start + _ASKED_AT_ONCE])
            statement = select(column.text_hash, column.vector).where(some, column.model_id == model_id)
            found.update({row["text_hash"]: row["vector"] for row in await self._database.rows(statement)})
        return found

    async def put_embeddings(self, model_id: str, dimensions: int, vectors: Mapping[str, bytes]) -> None:
        """Store embeddings; known ones stay."""

        async def put(conn: AsyncConnection) -> None:
            kept = (TextVector(key, model_id, dimensions, vector) for key, vector in vectors.items())
            await keep_vectors(self._database, conn, kept)

        await self._database.write(put)

    async def edits(self, channel_ids: Sequence[str] | None) -> list[TopicEdit]:
        """What people did to the topics of channels, of all if None, also what is undone, oldest first."""
        return await edits_of(self._database, channel_ids)

    async def delete_channel(self, channel_id: str) -> None:
        """Delete the topics of a channel with their bundles, and the record of its runs: all is found anew."""

        async def remove(conn: AsyncConnection) -> None:
            await conn.execute(delete(topic_changes).where(topic_changes.c.channel_id == channel_id))
            await conn.execute(delete(topic_edits).where(topic_edits.c.channel_id == channel_id))
            await conn.execute(delete(topics).where(_topic.channel_id == channel_id))
            await conn.execute(delete(topic_runs).where(topic_runs.c.channels_key == _key([channel_id])))
            of_channel = channel_range(_doc.source_ref, channel_id)
            await conn.execute(update(processed_documents).where(of_channel).values(is_grouped=False))

        await self._database.write(remove)

    def _cards(self, channel_ids: Sequence[str] | None) -> Select[*tuple[Any, ...]]:
        statement = select(topics)
        return (
            statement
            if channel_ids is None
            else statement.where(self._database.dialect.any_of(_topic.channel_id, channel_ids))
        )

    async def _pairs(self, statement: Select[*tuple[Any, ...]]) -> list[Pair]:
        rows = await self._database.rows(statement.order_by(_topic.id))
        items = await self._items([row["id"] for row in rows])
        return [(card_of(row), bundle_of(row, items[row["id"]])) for row in rows if items[row["id"]]]

    async def _items(self, topic_ids: Sequence[str]) -> dict[str, list[BundleItem]]:
        statement = select(topic_items).where(self._database.dialect.any_of(_item.topic_id, topic_ids))
        found = defaultdict[str, list[BundleItem]](list)
        for row in await self._database.rows(statement.order_by(_item.topic_id, _item.position)):
            found[row["topic_id"]].append(BundleItem(**{name: row[name] for name in BundleItem.model_fields}))
        return found


def _key(channel_ids: Sequence[str]) -> str:
    return " ".join(sorted(channel_ids))
