"""Reads what a run needs: everything, or new documents with the topics and documents that are near them in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topic_windows import Window
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.discovery import TopicReport, TopicsFound
from tg_parser.topics.grouping.growth import DAYS
from tg_parser.topics.matching import known_refs
from tg_parser.topics.model import KnownTopic, TopicDocument

PAGE = 2000
LEAST = 3000
"""How common words are, and how similar unrelated messages, is measured on at least so many documents of a channel."""
_SPAN = timedelta(days=max(DAYS.values()))


@dataclass(frozen=True, slots=True)
class AtHand:
    """Documents, and the topics that they may be in; `taken` are ids that no new topic may get.

    `taken_up` and `lost` are for `TopicRun`. `elsewhere` counts what was not read; None if that is nothing.
    """

    documents: Sequence[TopicDocument]
    known: Sequence[KnownTopic]
    taken: frozenset[str]
    taken_up: Mapping[str, datetime]
    lost: Mapping[str, int]
    elsewhere: TopicReport | None = None

    def of_all(self, run: TopicsFound) -> TopicsFound:
        """The same with the numbers of all topics, not only of those at hand."""
        return run if self.elsewhere is None else replace(run, report=self._counted(self.elsewhere, run.report))

    @staticmethod
    def _counted(rest: TopicReport, found: TopicReport) -> TopicReport:
        in_a_topic = rest.in_a_topic + found.in_a_topic
        return replace(
            found,
            documents=rest.documents,
            topics=rest.topics + found.topics,
            singletons=rest.singletons + found.singletons,
            clusters=rest.clusters + found.clusters,
            bundles=rest.bundles + found.bundles,
            in_a_topic=in_a_topic,
            in_no_topic=rest.documents - in_a_topic,
        )


class Reader:
    """Reads documents and topics of channels from the processing database."""

    def __init__(self, documents: ProcessingStorage, topics: TopicStorage, least: int = LEAST) -> None:
        self._documents = documents
        self._topics = topics
        self._windows = topics.windows
        self._least = least

    async def everything(self, channel_ids: Sequence[str]) -> AtHand:
        """All documents that are no noise, and all topics."""
        new = {one.source_ref: one.made_at for one in await self._windows.new_documents(channel_ids)}
        lost = await self._windows.lost(channel_ids)
        wanted = DocumentFilter(channel_ids=tuple(channel_ids), noise=False, with_text=True)
        documents = [one async for one in self._read(wanted)]
        known = [KnownTopic(card, bundle) for card, bundle in await self._topics.known(channel_ids)]
        taken = await self._windows.ids_named_after([one.source_ref for one in documents])
        return AtHand(documents, known, taken, {**new, **_taken_up(documents)}, lost)

    async def news(self, channel_ids: Sequence[str], last: TopicReport) -> AtHand:
        """New documents, topics that lost messages, and what is near them; `last` are the numbers of the last run."""
        new = await self._windows.new_documents(channel_ids)
        lost = await self._windows.lost(channel_ids)
        changed = lost.keys() | await self._windows.topics_holding(channel_ids, [one.source_ref for one in new])
        times = [*(one.sent for one in new), *(await self._windows.last_times(changed))]
        windows = windows_around(times)
        pairs = await self._windows.known(channel_ids, windows, changed)
        known = [KnownTopic(card, bundle) for card, bundle in pairs]
        refs = await self._windows.refs_in(channel_ids, windows, self._least)
        refs.update(ref for topic in known for ref in known_refs(topic))
        documents = [one async for one in self._read_refs(refs) if one.channel_id in set(channel_ids)]
        taken = await self._windows.ids_named_after([one.source_ref for one in documents])
        taken_up = {**{one.source_ref: one.made_at for one in new}, **_taken_up(documents)}
        total = await self._windows.count_to_group(channel_ids)
        return AtHand(documents, known, taken, taken_up, lost, _elsewhere(last, known, total))

    async def titled(
        self, channel_ids: Sequence[str], titles: Collection[str], known: Collection[str]
    ) -> dict[str, str]:
        """The titles by id of topics that have one of these titles, except the `known` ones."""
        return await self._windows.titled(channel_ids, titles, known)

    async def _read_refs(self, refs: Iterable[str]) -> AsyncIterator[TopicDocument]:
        ordered = sorted(refs)
        for start in range(0, len(ordered), PAGE):
            some = tuple(ordered[start : start + PAGE])
            async for one in self._read(DocumentFilter(source_refs=some, noise=False, with_text=True)):
                yield one

    async def _read(self, wanted: DocumentFilter) -> AsyncIterator[TopicDocument]:
        async for page in self._documents.pages(wanted, PAGE):
            for row in page:
                yield TopicDocument.of(row)


def windows_around(times: Iterable[datetime]) -> list[Window]:
    """The times in which messages may be in one topic with messages of `times`, apart and in their order."""
    windows = list[Window]()
    for time in sorted(times):
        if windows and time - _SPAN <= windows[-1][1]:
            windows[-1] = windows[-1][0], time + _SPAN
        else:
            windows.append((time - _SPAN, time + _SPAN))
    return windows


def _elsewhere(last: TopicReport, known: Sequence[KnownTopic], total: int) -> TopicReport:
    live = [topic for topic in known if topic.card.status == "active"]
    singletons = sum(topic.card.type == "singleton" for topic in live)
    in_a_topic = len(set().union(*(known_refs(topic) for topic in live)))
    return replace(
        last,
        documents=total,
        topics=last.topics - len(live),
        singletons=last.singletons - singletons,
        clusters=last.clusters - len(live) + singletons,
        bundles=last.bundles - len(live),
        in_a_topic=last.in_a_topic - in_a_topic,
    )


def _taken_up(documents: Iterable[TopicDocument]) -> dict[str, datetime]:
    return {one.source_ref: one.made_at for one in documents if one.is_new and one.made_at}
