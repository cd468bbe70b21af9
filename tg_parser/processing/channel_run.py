"""One run over one channel: waiting messages become documents, with bounded concurrency and memory.

    feeder (pages by key) → inbox → workers → outbox → writer (one transaction a batch)

A run that ends early starts no new calls; running ones, which are paid for, are finished and stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from tg_parser.domain.errors import AnalysisError, ProviderUnavailableError, TgParserError, UnusableAnswerError
from tg_parser.domain.progress import Progress, ReportProgress
from tg_parser.llm.slots import SLOTS, CallSlots
from tg_parser.observability import metrics
from tg_parser.processing.analyzer import AnalysisOutcome, Analyzed, Analyzer, ChannelProfile, Task
from tg_parser.processing.circuit_breaker import CircuitBreaker, SetAside
from tg_parser.processing.contexts import context_refs, task_of
from tg_parser.processing.outcomes import WITHOUT_TEXT, Outcome, Removal, document_of, failure_of
from tg_parser.processing.reports import ProcessOptions, ProcessReport
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.documents import Failure, ProcessingStorage, StoredDocument

LINGER_SECONDS = 0.2
OUTBOX_SIZE = 1000

log = structlog.get_logger(__name__)


TaskBatch = Sequence[Task]


@dataclass
class ChannelRun:
    """The queues and counts of a run. `error` is why it ends early, if it does."""

    documents: ProcessingStorage
    claims: ClaimStorage
    analyzer: Analyzer
    profile: ChannelProfile
    options: ProcessOptions
    worker: str
    waiting: int
    report: ReportProgress
    done: ProcessReport = field(default_factory=ProcessReport)
    error: TgParserError | None = None
    stopping: bool = False
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    workers: int = field(init=False)
    slots: CallSlots = field(init=False)
    inbox: asyncio.Queue[TaskBatch | None] = field(init=False)
    outbox: asyncio.Queue[Outcome | None] = field(init=False)
    all_made: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.workers = self.options.concurrency + self.options.ahead
        self.slots = CallSlots(self.options.concurrency)
        self.inbox = asyncio.Queue(self.options.concurrency * 2)
        self.outbox = asyncio.Queue(OUTBOX_SIZE)

    async def complete(self, channel_id: str) -> None:
        """Run to the end. When cancelled, let running calls end first, for `shutdown_wait` seconds at most."""
        flow = asyncio.create_task(self._flow(channel_id))
        try:
            await asyncio.shield(flow)
        except asyncio.CancelledError:
            self._end()
            await self._finish_calls(flow)
            raise
        if self.error is not None:
            raise self.error
        # Other processes may have claimed some of the messages that were counted as waiting.
        self.report(Progress("process", self._handled, self._handled))

    @property
    def _handled(self) -> int:
        return self.done.processed + self.done.failed + self.done.removed

    async def _finish_calls(self, flow: asyncio.Task[None]) -> None:
        log.info("waiting for running calls; Ctrl-C again ends at once", seconds=self.options.shutdown_wait)
        try:
            await asyncio.wait([flow], timeout=self.options.shutdown_wait)
        finally:
            flow.cancel()
            await asyncio.wait([flow])
            if not flow.cancelled() and (error := flow.exception()):
                log.error("the results of running calls could not be stored", error=str(error))

    async def _flow(self, channel_id: str) -> None:
        SLOTS.set(self.slots)
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._write())
            async with asyncio.TaskGroup() as makers:
                makers.create_task(self._feed(channel_id))
                for _ in range(self.workers):
                    makers.create_task(self._work())
            for outcome in self._left_over():
                await self.outbox.put(outcome)
            self.all_made.set()
            await self.outbox.put(None)

    def _stop(self, error: TgParserError) -> None:
        """End early; the first error is the one to report."""
        self._end()
        self.error = self.error or error

    def _end(self) -> None:
        """Start no new calls."""
        self.stopping = True
        self.slots.close()

    async def _feed(self, channel_id: str) -> None:
        after: str | None = None
        try:
            while not self.stopping and (page := await self._page(channel_id, after)):
                for batch in self._batches(page):
                    if not self.stopping:
                        await self.inbox.put(batch)
                after = page[-1].message.source_ref
        except TgParserError as error:
            self._stop(error)
        for _ in range(self.workers):
            await self.inbox.put(None)

    async def _page(self, channel_id: str, after: str | None) -> TaskBatch:
        """The next waiting messages, claimed; comments come with the texts of their context."""
        waiting = await self.claims.take_waiting(
            channel_id,
            self.worker,
            after_ref=after,
            limit=max(self.options.page_size, self.options.concurrency * 2),
            force=self.options.force,
            retry_failed=self.options.retry_failed,
        )
        texts = await self.claims.texts(context_refs(each.message for each in waiting))
        return [task_of(each, texts) for each in waiting]

    def _batches(self, page: TaskBatch) -> Iterator[TaskBatch]:
        """Messages that need no analyzer one by one, then the rest in the analyzer's batches."""
        yield from ([task] for task in page if not task.is_asked)
        yield from self.analyzer.batches([task for task in page if task.is_asked])

    async def _work(self) -> None:
        while (batch := await self.inbox.get()) is not None:
            if not self.stopping:
                for outcome in await self._outcomes(batch):
                    await self.outbox.put(outcome)

    async def _outcomes(self, batch: TaskBatch) -> Iterable[Outcome]:
        first = batch[0]
        if first.deleted:
            return [Removal(first.message.source_ref)]
        if not first.is_asked:
            return [document_of(first, WITHOUT_TEXT)]
        try:
            results = await self.analyzer.analyze(batch, self.profile)
            return list(self._sorted_out(zip(batch, results, strict=True)))
        except Exception as error:  # noqa: BLE001 - the boundary of a message: one bad message never stops a run
            return list(self._sorted_out((task, error) for task in batch))

    def _sorted_out(self, results: Iterable[tuple[Task, AnalysisOutcome]]) -> Iterator[Outcome]:
        """The outcomes of a call; none for messages that stay waiting because the error was not about them."""
        unanswered, unusable = list[SetAside](), list[SetAside]()
        for task, result in results:
            if isinstance(result, UnusableAnswerError):
                unusable.append((task, result))
            elif isinstance(result, Analyzed | AnalysisError):
                if isinstance(result, AnalysisError) or result.asked:
                    yield from (failure_of(*held) for held in self.breaker.answered())
                yield document_of(task, result) if isinstance(result, Analyzed) else failure_of(task, result)
            elif isinstance(result, TgParserError) and result.stops_run:
                self._stop(result)
            elif isinstance(result, ProviderUnavailableError):
                unanswered.append((task, result))
            else:
                yield failure_of(task, result)
        if unanswered and (error := self.breaker.unanswered(unanswered)):
            self._stop(error)
        if unusable:
            released, error = self.breaker.unusable(unusable)
            yield from (failure_of(*held) for held in released)
            if error is not None:
                self._stop(error)

    def _left_over(self) -> Iterator[Outcome]:
        """The outcomes, known only at the end, of messages that were set aside: they failed, or the provider did."""
        held, error = self.breaker.over(early=self.stopping)
        if error is not None:
            self._stop(error)
        yield from (failure_of(*each) for each in held)

    async def _write(self) -> None:
        """Store outcomes soon after they come, many in one transaction; when cancelled, first store what is there."""
        more, batch = True, list[Outcome]()
        try:
            while more:
                more = _take(await self.outbox.get(), batch)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.all_made.wait(), LINGER_SECONDS)
                while more and not self.outbox.empty():
                    more = _take(self.outbox.get_nowait(), batch)
                await self._store(batch)
                batch.clear()
        except asyncio.CancelledError:
            while not self.outbox.empty():
                _take(self.outbox.get_nowait(), batch)
            await self._store(batch)
            raise

    async def _store(self, batch: Sequence[Outcome]) -> None:
        documents = [outcome for outcome in batch if isinstance(outcome, StoredDocument)]
        failures = [outcome for outcome in batch if isinstance(outcome, Failure)]
        removed = [outcome.source_ref for outcome in batch if isinstance(outcome, Removal)]
        await self.documents.store(documents)
        await self.documents.record_failures(failures)
        await self.documents.remove_documents(removed)
        done = ProcessReport(
            processed=len(documents),
            noise=sum(stored.document.is_noise and stored.document.text_clean != "" for stored in documents),
            failed=len(failures),
            removed=len(removed),
            without_text=sum(stored.document.text_clean == "" for stored in documents),
        )
        self.done += done
        _count(done, failures)
        self.report(Progress("process", self._handled, max(self.waiting, self._handled)))


def _count(done: ProcessReport, failures: Sequence[Failure]) -> None:
    """Messages whose outcome is stored."""
    words = done.processed - done.noise - done.without_text
    outcomes = {
        "document": words,
        "noise": done.noise,
        "without_text": done.without_text,
        "failed": done.failed,
        "removed": done.removed,
    }
    metrics.count_messages("process", outcomes)
    for failure in failures:
        metrics.count_failure("process", failure.error_class)


def _take(outcome: Outcome | None, batch: list[Outcome]) -> bool:
    """Add an outcome to `batch`; returns whether more may come."""
    if outcome is not None:
        batch.append(outcome)
    return outcome is not None
