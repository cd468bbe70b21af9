"""The processing stage: waiting messages become documents or entries of the ledger, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from samples import CHANNEL, NOW, message

from tg_parser.domain.documents import Analysis, Provenance
from tg_parser.domain.errors import AnalysisError
from tg_parser.nlp.footers import ChannelProfile
from tg_parser.processing.analyzer import Analyzed, Task
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.processor import ProcessOptions, Processor, ProcessReport
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage


class ReadingAnalyzer:
    """An Analyzer that repeats the text, fails or never ends where told to, and knows how many it read at a time."""

    provenance = Provenance(pipeline_version="processing:v0", provider="test", model_id="reader-1")

    def __init__(self, bad: Iterable[str] = (), endless: Iterable[str] = ()) -> None:
        self.bad, self.endless = set(bad), set(endless)
        self.read: list[str] = []
        self.now, self.most = 0, 0
        self.stuck = asyncio.Event()

    def batches(self, tasks: Sequence[Task]) -> list[list[Task]]:
        return [[task] for task in tasks]

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> list[Analyzed]:
        (message,) = (task.message for task in batch)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            self.read.append(message.id)
            if message.id in self.bad:
                raise AnalysisError(f"message {message.id} cannot be read")
            if message.id in self.endless:
                self.stuck.set()
                await asyncio.Event().wait()
            return [Analyzed(Analysis(text_clean=message.text, language="ru"), self.provenance)]
        finally:
            self.now -= 1


@pytest.fixture
def raw(databases: Databases) -> RawStorage:
    return RawStorage(databases.raw)


@pytest.fixture
def documents(databases: Databases) -> ProcessingStorage:
    return ProcessingStorage(databases.processing)


@pytest.fixture
def process(databases: Databases, documents: ProcessingStorage, raw: RawStorage) -> Callable[..., Any]:
    """Run the processor with an analyzer."""

    async def run(analyzer: ReadingAnalyzer, **options: Any) -> ProcessReport:
        claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)
        wanted = ProcessOptions(**{"page_size": 7, **options})
        return await Processor(documents, raw, analyzer, claims).run(CHANNEL, wanted)

    return run


async def texts(documents: ProcessingStorage) -> dict[str, str]:
    pages = documents.pages(DocumentFilter(channel_ids=(CHANNEL,)), 100)
    return {row["source_message_id"]: row["text_clean"] async for page in pages for row in page}


async def test_every_waiting_message_becomes_a_document_once(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """All messages, over several pages, each read once; a second run has nothing to do."""
    await raw.store([message(number, f"text {number}") for number in range(1, 51)], NOW)
    analyzer = ReadingAnalyzer()
    assert await process(analyzer) == ProcessReport(waiting=50, processed=50)
    assert len(analyzer.read) == len(set(analyzer.read)) == 50
    assert (await texts(documents))["7"] == "text 7"
    assert await process(analyzer) == ProcessReport()
    assert len(analyzer.read) == 50


async def test_document_says_how_it_was_made(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """The provenance of the analyzer stands in the metadata."""
    await raw.store([message(1)], NOW)
    await process(ReadingAnalyzer())
    made = await documents.get(message(1).source_ref)
    assert made.id == "doc:tg:-100123:post:1"
    facts = {name: made.metadata[name] for name in ("pipeline_version", "provider", "model_id", "cost_usd")}
    assert facts == {"pipeline_version": "processing:v0", "provider": "test", "model_id": "reader-1", "cost_usd": None}


async def test_bad_message_stops_nothing(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """It goes to the ledger with its reason, is left alone, retried on request, and leaves when it succeeds."""
    await raw.store([message(number) for number in range(1, 11)], NOW)
    assert await process(ReadingAnalyzer(bad={"4"})) == ProcessReport(waiting=10, processed=9, failed=1)
    (failure,) = (await documents.failures([CHANNEL]))[0]
    assert (failure.source_ref, failure.error_class, failure.error_message, failure.attempts) == (
        message(4).source_ref, "AnalysisError", "message 4 cannot be read", 1,
    )  # fmt: skip
    assert await process(ReadingAnalyzer()) == ProcessReport()
    again = await process(ReadingAnalyzer(bad={"4"}), retry_failed=True)
    assert again == ProcessReport(waiting=1, failed=1)
    assert ((await documents.failures([CHANNEL]))[0])[0].attempts == 2
    assert await process(ReadingAnalyzer(), retry_failed=True) == ProcessReport(waiting=1, processed=1)
    assert (await documents.failures([CHANNEL]))[0] == []


async def test_message_without_text_needs_no_model(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """A photo alone gets its document without a call, and is counted by itself; a service message gets none."""
    await raw.store([message(1, "  "), message(2, "", service_action="pin_message"), message(3, "text")], NOW)
    analyzer = ReadingAnalyzer()
    assert await process(analyzer) == ProcessReport(waiting=2, processed=2, without_text=1)
    assert analyzer.read == ["3"]
    assert (await documents.get(message(1).source_ref)).metadata["provider"] == "none"
    assert await documents.get(message(2).source_ref) is None


async def test_concurrency_is_bounded(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """No more messages at a time than asked for, and as many where there are enough."""
    await raw.store([message(number) for number in range(1, 61)], NOW)
    analyzer = ReadingAnalyzer()
    await process(analyzer, concurrency=3)
    assert analyzer.most == 3


async def test_edited_message_is_processed_again_alone(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """Only the message with a newer revision is waiting, and its document gets the new text."""
    await raw.store([message(1, "one"), message(2, "two")], NOW)
    await process(ReadingAnalyzer())
    await raw.store([message(2, "two, edited")], NOW)
    analyzer = ReadingAnalyzer()
    await process(analyzer)
    assert analyzer.read == ["2"]
    assert await texts(documents) == {"1": "one", "2": "two, edited"}


async def test_force_takes_all(raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]) -> None:
    """--force processes everything again."""
    await raw.store([message(1), message(2)], NOW)
    await process(ReadingAnalyzer())
    assert await process(ReadingAnalyzer(), force=True) == ProcessReport(waiting=2, processed=2)


async def test_cancelled_run_keeps_what_is_done(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """Ctrl-C in the middle: every finished answer is stored, the rest is waiting next time."""
    await raw.store([message(number) for number in range(1, 21)], NOW)
    # By ref, 9 comes last: when it is being read, all others have been.
    analyzer = ReadingAnalyzer(endless={"9"})
    running = asyncio.create_task(process(analyzer, concurrency=1, shutdown_wait=0))
    await analyzer.stuck.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(await texts(documents)) == sorted(str(number) for number in range(1, 21) if number != 9)
    assert await process(ReadingAnalyzer()) == ProcessReport(waiting=1, processed=1)
