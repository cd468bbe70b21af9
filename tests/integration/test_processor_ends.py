"""How a run of the processor ends early: what is paid for is kept, what was not reached stays waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from samples import CHANNEL, NOW, message

from tg_parser.domain.documents import Analysis, Provenance
from tg_parser.domain.errors import (
    AnalysisError,
    ProviderError,
    ProviderUnavailableError,
    SettingsError,
    StorageUnavailableError,
    TgParserError,
)
from tg_parser.nlp.footers import ChannelProfile
from tg_parser.processing.analyzer import Analyzed, Task
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.processor import ProcessOptions, Processor, ProcessReport
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage

MADE = Provenance(pipeline_version="processing:v0", provider="test", model_id="m")


class ScriptedAnalyzer:
    """Does with a message what `script` says for its id: an error is raised, an event waited for; else it is read."""

    def __init__(self, script: Callable[..., Any]) -> None:
        self.script = script
        self.begun: list[str] = []
        self.tasks: list[Task] = []
        self.waiting = asyncio.Event()
        self._news = asyncio.Condition()

    def batches(self, tasks: Sequence[Task]) -> list[list[Task]]:
        return [[task] for task in tasks]

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> list[Analyzed]:
        (task,) = batch
        self.begun.append(task.message.id)
        self.tasks.append(task)
        async with self._news:
            self._news.notify_all()
        step = self.script(task.message.id)
        await asyncio.sleep(0)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, asyncio.Event):
            self.waiting.set()
            await step.wait()
        return [Analyzed(Analysis(text_clean=task.message.text), MADE, asked=True)]

    async def has_begun(self, enough: Callable[..., Any]) -> None:
        """Return when `enough` holds of the ids begun."""
        async with self._news:
            await self._news.wait_for(lambda: enough(self.begun))


@pytest.fixture
def raw(databases: Databases) -> RawStorage:
    return RawStorage(databases.raw)


@pytest.fixture
def documents(databases: Databases) -> ProcessingStorage:
    return ProcessingStorage(databases.processing)


@pytest.fixture
def process(databases: Databases, documents: ProcessingStorage, raw: RawStorage) -> Callable[..., Any]:
    """Run the processor with an analyzer."""

    async def run(analyzer: ScriptedAnalyzer, **options: Any) -> ProcessReport:
        claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)
        return await Processor(documents, raw, analyzer, claims).run(CHANNEL, ProcessOptions(**options))

    return run


@pytest.fixture
def made(documents: ProcessingStorage) -> Callable[..., Any]:
    """Ids of the messages that have a document."""

    async def ids() -> set[str]:
        pages = documents.pages(DocumentFilter(channel_ids=(CHANNEL,)), 100)
        return {row["source_message_id"] async for page in pages for row in page}

    return ids


async def stored(raw: RawStorage, count: int) -> None:
    await raw.store([message(number, f"text {number}") for number in range(100, 100 + count)], NOW)


async def test_final_error_ends_the_run_at_once(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any], made: Callable[..., Any]
) -> None:
    """A wrong key is told once: no further call is made, running ones are kept, the ledger stays empty."""
    await stored(raw, 50)
    last = asyncio.Event()
    analyzer = ScriptedAnalyzer({"105": ProviderError("The key is wrong."), "104": last}.get)
    running = asyncio.create_task(process(analyzer, concurrency=4))
    await analyzer.waiting.wait()
    await analyzer.has_begun(lambda ids: "105" in ids)
    last.set()
    with pytest.raises(ProviderError, match="The key is wrong"):
        await running
    assert len(analyzer.begun) < 12
    assert await made() == set(analyzer.begun) - {"105"}
    assert (await documents.failures([CHANNEL]))[0] == []
    assert await process(ScriptedAnalyzer({}.get)) == ProcessReport(
        waiting=51 - len(analyzer.begun), processed=51 - len(analyzer.begun)
    )


@pytest.mark.parametrize("error", [StorageUnavailableError("The database is gone."), SettingsError("A wrong prompt.")])
async def test_errors_of_all_are_no_messages_fault(
    raw: RawStorage,
    documents: ProcessingStorage,
    process: Callable[..., Any],
    error: TgParserError,
) -> None:
    """A lost database or a wrong setting met by an analyzer ends the run like a wrong key."""
    await stored(raw, 30)
    with pytest.raises(type(error)):
        await process(ScriptedAnalyzer(lambda _: error), concurrency=2)
    assert (await documents.failures([CHANNEL]))[0] == []


async def test_outage_ends_the_run(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any], made: Callable[..., Any]
) -> None:
    """Ten calls in a row that find nobody: the error is told, their messages stay waiting."""
    await stored(raw, 60)
    gone = ProviderUnavailableError("Nobody answers.")
    analyzer = ScriptedAnalyzer(lambda number: gone if int(number) >= 105 else None)
    with pytest.raises(ProviderUnavailableError, match="Nobody answers"):
        await process(analyzer, concurrency=2)
    assert await made() == {"100", "101", "102", "103", "104"}
    assert 15 <= len(analyzer.begun) <= 17
    assert (await documents.failures([CHANNEL]))[0] == []


async def test_calls_that_fail_between_answers_are_failures(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """Some find nobody, others are answered: the provider is there, and the ledger holds those that failed."""
    await stored(raw, 40)
    gone = ProviderUnavailableError("Nobody answers.")
    done = await process(ScriptedAnalyzer(lambda number: gone if int(number) % 4 else None), concurrency=1)
    assert done == ProcessReport(waiting=40, processed=10, failed=30)
    assert {failure.error_class for failure in (await documents.failures([CHANNEL]))[0]} == {"ProviderUnavailableError"}


async def test_refused_answers_are_answers(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """A provider that answers badly is not down."""
    await stored(raw, 40)
    errors = (ProviderUnavailableError("Nobody answers."), AnalysisError("Bad answer."))
    done = await process(ScriptedAnalyzer(lambda number: errors[int(number) % 10 == 0]), concurrency=1)
    assert done == ProcessReport(waiting=40, failed=40)


async def test_few_messages_and_nobody_there(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """A provider that never answered is the error of the run, however few messages there are."""
    await stored(raw, 3)
    with pytest.raises(ProviderUnavailableError):
        await process(ScriptedAnalyzer(lambda _: ProviderUnavailableError("Nobody answers.")), concurrency=1)
    assert (await documents.failures([CHANNEL]))[0] == []


async def test_cancelled_run_waits_for_running_calls(
    raw: RawStorage, process: Callable[..., Any], made: Callable[..., Any]
) -> None:
    """Ctrl-C starts no new call; those that run come to their end, and their answers are kept."""
    await stored(raw, 30)
    answers = asyncio.Event()
    analyzer = ScriptedAnalyzer(lambda number: answers if int(number) >= 110 else None)
    running = asyncio.create_task(process(analyzer, concurrency=3, shutdown_wait=60))
    await analyzer.has_begun(lambda ids: len(ids) == 13)
    running.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    answers.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(analyzer.begun) == 13
    assert await made() == set(analyzer.begun)


async def test_cancelled_run_waits_only_so_long(
    raw: RawStorage, process: Callable[..., Any], made: Callable[..., Any]
) -> None:
    """A call that does not end is given up after the wait, or at a second Ctrl-C; what was answered is kept."""
    await stored(raw, 12)
    never = asyncio.Event()
    for wait, times in ((0.05, 1), (60, 2)):
        analyzer = ScriptedAnalyzer(lambda number: never if int(number) >= 103 else None)
        running = asyncio.create_task(process(analyzer, concurrency=1, shutdown_wait=wait, force=True))
        await analyzer.waiting.wait()
        for _ in range(times):
            running.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await made() == {"100", "101", "102"}


async def test_comments_come_with_their_context(raw: RawStorage, process: Callable[..., Any]) -> None:
    """The newest text of the post and of the answered comment, in one look a page."""
    await raw.store(
        [
            message(5, "post"),
            message(6, "first comment", kind="comment", thread_id="5", parent_message_id="5"),
            message(7, "reply", kind="comment", thread_id="5", parent_message_id="6"),
            message(8, "lost thread", kind="comment", thread_id="99", parent_message_id="99"),
        ],
        NOW,
    )
    await raw.store([message(5, "post, edited")], NOW)
    analyzer = ScriptedAnalyzer({}.get)
    await process(analyzer)
    assert {task.message.id: (task.post_text, task.parent_text) for task in analyzer.tasks} == {
        "5": (None, None),
        "6": ("post, edited", None),
        "7": ("post, edited", "first comment"),
        "8": (None, None),
    }
