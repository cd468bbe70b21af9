"""The stage: due messages to documents, with bounded concurrency, failures to the ledger, answers stored at once.

    feeder (pages by key) → inbox → `concurrency` workers → outbox → writer (one transaction a batch)

Both queues are bounded, so memory does not grow with the number of waiting messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import structlog

from tg_parser.domain.documents import Analysis, ProcessedDocument, Provenance
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.refs import document_id
from tg_parser.domain.times import utc_now
from tg_parser.nlp.footers import build_profile
from tg_parser.processing.analyzer import PIPELINE_VERSION, Analyzed, Analyzer, ChannelProfile, Task
from tg_parser.processing.claims import WorkClaims
from tg_parser.storage.claim_storage import ClaimStorage, DueMessage
from tg_parser.storage.processing_storage import Failure, ProcessingStorage, StoredDocument
from tg_parser.storage.raw_storage import RawStorage

PROFILE_POSTS = 500
LINGER_SECONDS = 0.2
OUTBOX_SIZE = 1000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How to process: which messages count as due, how many at a time, how many are read at once."""

    concurrency: int = 4
    page_size: int = 100
    force: bool = False
    retry_failed: bool = False


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """What became of the due messages: `failed` ones stand in the ledger, `removed` ones were deleted in Telegram."""

    due: int = 0
    processed: int = 0
    noise: int = 0
    failed: int = 0
    removed: int = 0

    def __add__(self, other: ProcessReport) -> ProcessReport:
        return ProcessReport(
            self.due + other.due,
            self.processed + other.processed,
            self.noise + other.noise,
            self.failed + other.failed,
            self.removed + other.removed,
        )


class Processor:
    """Makes the documents of a channel with the given analyzer."""

    def __init__(self, documents: ProcessingStorage, raw: RawStorage, analyzer: Analyzer, claims: WorkClaims) -> None:
        self._documents = documents
        self._claims = claims
        self._raw = raw
        self._analyzer = analyzer

    async def count_due(self, channel_id: str, options: ProcessOptions) -> int:
        """How many messages a run would take."""
        return await self._documents.count_due(channel_id, force=options.force, retry_failed=options.retry_failed)

    async def run(self, channel_id: str, options: ProcessOptions, report: ReportProgress = silent) -> ProcessReport:
        """Process every due message of a channel that no other process is at work on.

        What is done stays done when the run is cancelled.
        """
        due = await self.count_due(channel_id, options)
        if due == 0:
            return ProcessReport()
        profile = build_profile(await self._raw.closing_texts(channel_id, PROFILE_POSTS))
        async with self._claims.worker() as worker:
            await self._claims.take_from_dead()
            run = _ChannelRun(
                self._documents, self._claims.storage, self._analyzer, profile, options, worker, due, report
            )
            await self._completed(run, channel_id)
        return replace(run.done, due=due)

    @staticmethod
    async def _completed(run: _ChannelRun, channel_id: str) -> None:
        try:
            await run.complete(channel_id)
        except BaseExceptionGroup as group:
            raise _first(group) from group


@dataclass
class _ChannelRun:
    """The queues and counts of one run over one channel."""

    documents: ProcessingStorage
    claims: ClaimStorage
    analyzer: Analyzer
    profile: ChannelProfile
    options: ProcessOptions
    worker: str
    due: int
    report: ReportProgress
    done: ProcessReport = ProcessReport()
    inbox: asyncio.Queue[Sequence[DueMessage] | None] = field(init=False)
    outbox: asyncio.Queue[_Outcome | None] = field(init=False)

    def __post_init__(self) -> None:
        self.inbox = asyncio.Queue(self.options.concurrency * 2)
        self.outbox = asyncio.Queue(OUTBOX_SIZE)

    async def complete(self, channel_id: str) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.feed(channel_id))
            for _ in range(self.options.concurrency):
                group.create_task(self.work())
            group.create_task(self.write())

    async def feed(self, channel_id: str) -> None:
        after: str | None = None
        while page := await self.claims.take_due(
            channel_id,
            self.worker,
            after_ref=after,
            limit=self.options.page_size,
            force=self.options.force,
            retry_failed=self.options.retry_failed,
        ):
            for portion in self.portions(page):
                await self.inbox.put(portion)
            after = page[-1].message.source_ref
        for _ in range(self.options.concurrency):
            await self.inbox.put(None)

    def portions(self, page: Sequence[DueMessage]) -> Iterator[Sequence[DueMessage]]:
        """What needs no analyzer one by one, then the rest as the analyzer takes it best."""
        plain = [due for due in page if due.deleted or not due.message.text.strip()]
        yield from ([due] for due in plain)
        asked = {due.message.source_ref: due for due in page if not (due.deleted or not due.message.text.strip())}
        for portion in self.analyzer.portions([Task(due.message) for due in asked.values()]):
            yield [asked[task.message.source_ref] for task in portion]

    async def work(self) -> None:
        while (portion := await self.inbox.get()) is not None:
            for outcome in await self.outcomes(portion):
                await self.outbox.put(outcome)
        await self.outbox.put(None)

    async def outcomes(self, portion: Sequence[DueMessage]) -> list[_Outcome]:
        due = portion[0]
        if due.deleted:
            return [_Outcome(removed=due.message.source_ref)]
        if not due.message.text.strip():
            return [_outcome(due, Analyzed(Analysis(text_clean="", is_noise=True), NO_MODEL))]
        try:
            analyzed = await self.analyzer.analyze([Task(each.message) for each in portion], self.profile)
            return [_outcome(each, result) for each, result in zip(portion, analyzed, strict=True)]
        except Exception as error:  # noqa: BLE001 - the boundary of a message: one bad message never stops a run
            return [_outcome(each, error) for each in portion]

    async def write(self) -> None:
        """Store outcomes soon after they come, many in one transaction; when cancelled, first store what is there."""
        working, batch = self.options.concurrency, list[_Outcome]()
        try:
            while working:
                working -= self._take(await self.outbox.get(), batch)
                await asyncio.sleep(LINGER_SECONDS if working else 0)
                while not self.outbox.empty():
                    working -= self._take(self.outbox.get_nowait(), batch)
                await self.store(batch)
                batch.clear()
        except asyncio.CancelledError:
            while not self.outbox.empty():
                self._take(self.outbox.get_nowait(), batch)
            await self.store(batch)
            raise

    @staticmethod
    def _take(outcome: _Outcome | None, batch: list[_Outcome]) -> int:
        if outcome is None:
            return 1
        batch.append(outcome)
        return 0

    async def store(self, batch: list[_Outcome]) -> None:
        documents = [outcome.document for outcome in batch if outcome.document]
        failures = [outcome.failure for outcome in batch if outcome.failure]
        removed = [outcome.removed for outcome in batch if outcome.removed]
        await self.documents.store(documents)
        await self.documents.record_failures(failures)
        await self.documents.remove_documents(removed)
        noise = sum(stored.document.is_noise for stored in documents)
        self.done += ProcessReport(0, len(documents), noise, len(failures), len(removed))
        self.report(Progress("process", self.done.processed + self.done.failed + self.done.removed, self.due))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one message: exactly one of the three."""

    document: StoredDocument | None = None
    failure: Failure | None = None
    removed: str | None = None


NO_MODEL = Provenance(pipeline_version=PIPELINE_VERSION, provider="none", model_id="none")
"""How the document of a message without text was made."""


def _outcome(due: DueMessage, result: Analyzed | Exception) -> _Outcome:
    message = due.message
    if isinstance(result, Exception):
        log.warning("message failed", source_ref=message.source_ref, error=f"{type(result).__name__}: {result}")
        return _Outcome(failure=_failure(due, result))
    return _Outcome(
        document=StoredDocument(
            document=build_document(message, result.analysis, result.provenance),
            revision=due.revision,
            message_date=message.date,
            message_type=message.message_type,
            thread_id=message.thread_id,
            parent_message_id=message.parent_message_id,
        )
    )


def build_document(message: RawMessage, analysis: Analysis, provenance: Provenance) -> ProcessedDocument:
    """The document of `message`; its metadata is the provenance."""
    return ProcessedDocument(
        id=document_id(message.source_ref),
        source_ref=message.source_ref,
        source_message_id=message.id,
        channel_id=message.channel_id,
        processed_at=utc_now(),
        metadata=provenance.model_dump(mode="json"),
        **{name: getattr(analysis, name) for name in Analysis.model_fields},
    )


def _failure(due: DueMessage, error: Exception) -> Failure:
    return Failure(
        source_ref=due.message.source_ref,
        channel_id=due.message.channel_id,
        revision=due.revision,
        error_class=type(error).__name__,
        error_message=str(error),
        at=utc_now(),
    )


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that stopped the run; the others of the group only followed from it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
