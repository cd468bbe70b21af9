"""What a run over new documents needs to read: these, and the topics and documents near them in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select

from tg_parser.domain.refs import topic_id
from tg_parser.domain.topics import BundleItem, TopicBundle, TopicCard
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.topic_rows import bundle_of, card_of
from tg_parser.storage.tables.processing import IS_NEW, IS_TO_GROUP, processed_documents
from tg_parser.storage.tables.topics import HAS_LOST, topic_items, topics

_ASKED_AT_ONCE = 5000
_TITLES_AT_ONCE = 500
_doc = processed_documents.c
_topic = topics.c
_item = topic_items.c

Pair = tuple[TopicCard, TopicBundle]
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document that no run has taken up since it was made, with the times of its message and of its making."""

    source_ref: str
    sent: datetime
    made_at: datetime


class TopicWindows:
    """Reads parts of the processing database by time; the cost depends on the part only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def new_documents(self, channel_ids: Sequence[str]) -> list[NewDocument]:
        """All documents not yet taken up, noise too, by ref."""
        of_channels = self._database.dialect.any_of(_doc.channel_id, channel_ids)
        found = select(_doc.source_ref, _doc.message_date, _doc.processed_at).where(of_channels, IS_NEW)
        rows = await self._database.rows(found.order_by(_doc.source_ref))
        return [NewDocument(row["source_ref"], row["message_date"], row["processed_at"]) for row in rows]

    async def lost(self, channel_ids: Sequence[str]) -> dict[str, int]:
        """How often messages of topics have gone since a run last noticed, by topic."""
        of_channels = self._database.dialect.any_of(_topic.channel_id, channel_ids)
        rows = await self._database.rows(select(_topic.id, _topic.lost_messages).where(of_channels, HAS_LOST))
        return {row["id"]: row["lost_messages"] for row in rows}

    async def topics_holding(self, channel_ids: Sequence[str], source_refs: Collection[str]) -> set[str]:
        """The ids of the topics of channels that have one of these messages, retired ones too."""
        found = select(_item.topic_id).join(topics, _topic.id == _item.topic_id)
        found = found.where(self._database.dialect.any_of(_topic.channel_id, channel_ids))
        return {row["topic_id"] for row in await self._by_parts(found, _item.source_ref, source_refs)}

    async def last_times(self, topic_ids: Collection[str]) -> list[datetime]:
        """When the last messages of topics were sent."""
        rows = await self._by_parts(select(_topic.bundle_time_to), _topic.id, topic_ids)
        return [row["bundle_time_to"] for row in rows if row["bundle_time_to"] is not None]

    async def known(
        self, channel_ids: Sequence[str], windows: Sequence[Window], also: Collection[str] = ()
    ) -> list[Pair]:
        """The topics of channels that have messages around these times, and the topics `also`, with all stories."""
        ids = set(also)
        for channel_id in channel_ids:
            for start, end in windows:
                near = and_(_topic.bundle_time_to >= start, _topic.bundle_time_from <= end)
                found = select(_topic.id).where(_topic.channel_id == channel_id, near)
                ids.update(row["id"] for row in await self._database.rows(found))
        rows = {row["id"]: row for row in await self._by_parts(select(topics), _topic.id, ids)}
        while missing := {row["parent_id"] for row in rows.values() if row["parent_id"]} - rows.keys():
            stories = {row["id"]: row for row in await self._by_parts(select(topics), _topic.id, missing)}
            if not stories:
                break
            rows.update(stories)
        items = await self._items(rows.keys())
        return [(card_of(row), bundle_of(row, items[id_])) for id_, row in sorted(rows.items()) if items[id_]]

    async def refs_in(self, channel_ids: Sequence[str], windows: Sequence[Window], least: int) -> set[str]:
        """The documents sent in these times; and the latest before their end, so that they are at least so many."""
        refs = set[str]()
        for channel_id in channel_ids:
            of_channel = select(_doc.source_ref).where(_doc.channel_id == channel_id)
            for start, end in windows:
                sent = of_channel.where(_doc.message_date >= start, _doc.message_date <= end)
                refs.update(row["source_ref"] for row in await self._database.rows(sent))
            if windows:
                latest = of_channel.where(_doc.message_date <= windows[-1][1])
                latest = latest.order_by(_doc.message_date.desc(), _doc.source_ref.desc()).limit(least)
                refs.update(row["source_ref"] for row in await self._database.rows(latest))
        return refs

    async def count_to_group(self, channel_ids: Sequence[str]) -> int:
        """How many documents may be in topics: all with text that are no noise."""
        of_channels = self._database.dialect.any_of(_doc.channel_id, channel_ids)
        counted = select(func.count().label("all")).select_from(processed_documents).where(of_channels, IS_TO_GROUP)
        return int((await self._database.rows(counted))[0]["all"])

    async def ids_named_after(self, source_refs: Collection[str]) -> frozenset[str]:
        """The ids of all topics named after one of these messages, wherever their first anchor is now."""
        found, refs, turn = set[str](), set(source_refs), 1
        while refs:
            names = {topic_id(ref, turn): ref for ref in refs}
            rows = await self._by_parts(select(_topic.id), _topic.id, names)
            found.update(row["id"] for row in rows)
            # A second topic is named after a message only where there is a first.
            refs, turn = {names[row["id"]] for row in rows}, turn + 1
        return frozenset(found)

    async def titled(
        self, channel_ids: Sequence[str], titles: Collection[str], except_ids: Collection[str]
    ) -> dict[str, str]:
        """The titles, by id, of other active topics of channels that have one of these titles."""
        found = dict[str, str]()
        ordered = sorted(titles)
        for start in range(0, len(ordered), _TITLES_AT_ONCE):
            any_title = _topic.title.in_(ordered[start : start + _TITLES_AT_ONCE])
            for channel_id in channel_ids:
                same = select(_topic.id, _topic.title).where(_topic.channel_id == channel_id, any_title)
                rows = await self._database.rows(same.where(_topic.status == "active"))
                found.update({row["id"]: row["title"] for row in rows})
        return {id_: title for id_, title in found.items() if id_ not in except_ids}

    async def _items(self, topic_ids: Collection[str]) -> dict[str, list[BundleItem]]:
        found = defaultdict[str, list[BundleItem]](list)
        rows = await self._by_parts(select(topic_items), _item.topic_id, topic_ids)
        for row in sorted(rows, key=lambda row: (row["topic_id"], row["position"])):
            found[row["topic_id"]].append(BundleItem(**{name: row[name] for name in BundleItem.model_fields}))
        return found

    async def _by_parts(self, statement: Select[*tuple[Any, ...]], column: Any, values: Collection[str]) -> list[Any]:
        rows, wanted = list[Any](), sorted(values)
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = self._database.dialect.any_of(column, wanted[start : start + _ASKED_AT_ONCE])
            rows += await self._database.rows(statement.where(some))
        return rows
