"""The export stage: topics and documents to files, streamed in key order so that the same data give the same bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.topics import TopicBundle, TopicCard
from tg_parser.export.entries import Row, message_entry, resolved_sources, topic_entry, with_texts
from tg_parser.export.file_names import former_topic_file_name, topic_file_name
from tg_parser.export.folder import ENTRIES_FILE, TOPICS_FILE, exported_topics, require_a_folder, require_own_folder
from tg_parser.export.links import ChatAddress
from tg_parser.export.writers import JsonArray, prepare_folder, to_json, to_json_line, whole_file
from tg_parser.observability import metrics
from tg_parser.observability.tracing import span
from tg_parser.storage.engine.threads import finished_in_thread, in_thread
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topics import TopicStorage

PAGE = 1000


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export, and where to. Dates are those of messages, half-open.

    With `own_topics`, a topic that has messages of other channels too is as if it did not exist.
    """

    out: Path
    channel_ids: Sequence[str]
    topic_id: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None
    include_supporting: bool = True
    pretty: bool = False
    replace: bool = False
    own_topics: bool = False
    addresses: Mapping[str, ChatAddress] = field(default_factory=dict)

    @property
    def allowed(self) -> Sequence[str] | None:
        """The channels that all messages of a topic must be in; None is any."""
        return self.channel_ids if self.own_topics else None


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written; if nothing was found, nothing is, and files of an earlier export stay."""

    out: Path
    message_entries: int
    topics: int
    files: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether there was nothing to export."""
        return not self.message_entries and not self.topics


class _NothingError(Exception):
    """There is nothing to write: what was begun is deleted. It never leaves this module."""


@dataclass(frozen=True, slots=True)
class _Topic:
    card: TopicCard
    bundle: TopicBundle | None
    sources: list[dict[str, Any]]
    documents: Mapping[str, Row]


class Exporter:
    """Writes kb_entries.ndjson, topics.json and one topic_<ref>.json per topic."""

    def __init__(self, documents: ProcessingStorage, topics: TopicStorage) -> None:
        self._documents = documents
        self._topics = topics

    async def export(self, request: ExportRequest, report: ReportProgress = silent) -> ExportReport:
        """Write all files of `request`. Raises OutputError; then the files of an earlier export are still complete."""
        with span("export", channels=len(request.channel_ids)) as told:
            done = await self._export(request, report)
            told.tell(messages_written=done.message_entries, topics=done.topics)
            return done

    async def _export(self, request: ExportRequest, report: ReportProgress) -> ExportReport:
        await self.require_own_folder(request)
        await in_thread(prepare_folder, request.out)
        held = await in_thread(exported_topics, request.out)
        stale = {name(topic_id) for topic_id in held for name in (topic_file_name, former_topic_file_name)}
        try:
            messages, written = await self._write(request, report)
        except _NothingError:
            return ExportReport(request.out, 0, 0, ())
        await in_thread(_remove, [request.out / name for name in stale - set(written)])
        metrics.count_messages("export", {"written": messages})
        return ExportReport(request.out, messages, len(written), (ENTRIES_FILE, TOPICS_FILE, *written))

    async def require_own_folder(self, request: ExportRequest) -> None:
        """Raises OutputError if the folder cannot exist, or if it holds another channel's files and replacing them was
        not allowed.
        """
        require_a_folder(request.out)
        if not request.replace:
            await in_thread(require_own_folder, request.out, request.channel_ids)

    async def _write(self, request: ExportRequest, report: ReportProgress) -> tuple[int, list[str]]:
        async with finished_in_thread(whole_file(request.out / ENTRIES_FILE)) as entries:
            messages = await self._write_messages(entries, request, report)
            async with finished_in_thread(whole_file(request.out / TOPICS_FILE)) as cards:
                written = await self._write_topics(entries, cards, request, report)
                if not messages and not written:
                    raise _NothingError
        return messages, written

    async def _write_messages(self, file: BinaryIO, request: ExportRequest, report: ReportProgress) -> int:
        wanted = DocumentFilter(
            channel_ids=tuple(request.channel_ids),
            topic_id=request.topic_id,
            include_supporting=request.include_supporting,
            date_from=request.date_from,
            date_to=request.date_to,
            with_text=True,
            with_facts=True,
        )
        count = 0
        if request.topic_id is not None and not await self._topics.titles([request.topic_id], request.allowed):
            return count
        total = await self._documents.count(wanted)
        async for page in self._documents.pages(wanted, PAGE):
            topics = await self._topics.topics_of([row["source_ref"] for row in page], request.allowed)
            await in_thread(_write_entries, file, page, topics, request.addresses)
            count += len(page)
            report(Progress("export", count, total))
        return count

    async def _write_topics(
        self, entries: BinaryIO, cards: BinaryIO, request: ExportRequest, report: ReportProgress
    ) -> list[str]:
        array, written = JsonArray(cards, pretty=request.pretty), list[str]()
        async for topic in self._wanted_topics(request, report):
            name = topic_file_name(topic.card.id)
            await in_thread(_write_topic, request.out / name, topic, request.pretty)
            array.add(topic.card.model_dump(mode="json"))
            entries.write(to_json_line(topic_entry(topic.card, topic.sources)))
            written.append(name)
        array.close()
        return written

    async def _wanted_topics(self, request: ExportRequest, report: ReportProgress) -> AsyncIterator[_Topic]:
        found = await self._topics.cards(
            channel_ids=request.channel_ids, topic_id=request.topic_id, allowed=request.allowed
        )
        for place, each in enumerate(found, 1):
            card = await self._without_hidden(each, request)
            report(Progress("topics", place, len(found)))
            bundle = await self._topics.bundle(card.id)
            documents = await self._bundle_documents(card, bundle, request)
            if not documents and (request.date_from or request.date_to):
                continue
            bundle = _narrow(bundle, documents, request)
            sources = resolved_sources(card, bundle, documents, request.addresses)
            yield _Topic(card, bundle, sources, documents)

    async def _without_hidden(self, card: TopicCard, request: ExportRequest) -> TopicCard:
        """The ids of related topics name their channels."""
        if request.allowed is None or not card.related_topics:
            return card
        shown = await self._topics.titles(card.related_topics, request.allowed)
        return card.model_copy(update={"related_topics": tuple(each for each in card.related_topics if each in shown)})

    async def _bundle_documents(
        self, card: TopicCard, bundle: TopicBundle | None, request: ExportRequest
    ) -> dict[str, Row]:
        refs = {anchor.anchor_ref for anchor in card.anchors}
        refs |= {item.source_ref for item in (bundle.items if bundle else ())}
        wanted = DocumentFilter(source_refs=tuple(sorted(refs)), date_from=request.date_from, date_to=request.date_to)
        return {row["source_ref"]: row async for page in self._documents.pages(wanted, PAGE) for row in page}


def _write_entries(
    file: BinaryIO,
    page: Sequence[Row],
    topics: Mapping[str, Sequence[Any]],
    addresses: Mapping[str, ChatAddress],
) -> None:
    nowhere = ChatAddress()
    for row in page:
        address = addresses.get(row["channel_id"], nowhere)
        file.write(to_json_line(message_entry(row, topics.get(row["source_ref"], ()), address)))


def _write_topic(path: Path, topic: _Topic, pretty: bool) -> None:
    with whole_file(path) as file:
        file.write(to_json(_topic_page(topic), pretty=pretty) + b"\n")


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _topic_page(topic: _Topic) -> dict[str, Any]:
    return {
        "card": topic.card.model_dump(mode="json"),
        "bundle": topic.bundle.model_dump(mode="json", by_alias=True) if topic.bundle else None,
        "resolved_sources": with_texts(topic.sources, topic.documents),
    }


def _narrow(bundle: TopicBundle | None, documents: Mapping[str, Row], request: ExportRequest) -> TopicBundle | None:
    """`bundle` with only the items that match the request."""
    if bundle is None:
        return None
    dated = request.date_from is not None or request.date_to is not None
    items = tuple(
        item
        for item in bundle.items
        if (request.include_supporting or item.role == "anchor") and (not dated or item.source_ref in documents)
    )
    return bundle.model_copy(update={"items": items}) if items else None
