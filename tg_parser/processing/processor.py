"""The stage: waiting messages to documents, failures to the ledger, answers stored at once."""

from __future__ import annotations

from dataclasses import replace

from tg_parser.domain.progress import ReportProgress, silent
from tg_parser.nlp.footers import build_profile
from tg_parser.observability.tracing import span
from tg_parser.processing.analyzer import Analyzer
from tg_parser.processing.channel_run import ChannelRun
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.outcomes import build_document
from tg_parser.processing.reports import ProcessOptions, ProcessReport
from tg_parser.processing.worker_pool import WorkerPool
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage

__all__ = ["ProcessOptions", "ProcessReport", "Processor", "build_document"]

PROFILE_POSTS = 500


class Processor:
    """Makes the documents of a channel with the given analyzer; `workers` start if there is enough work."""

    def __init__(
        self,
        documents: ProcessingStorage,
        raw: RawStorage,
        analyzer: Analyzer,
        claims: WorkClaims,
        workers: WorkerPool | None = None,
    ) -> None:
        self._documents = documents
        self._claims = claims
        self._raw = raw
        self._analyzer = analyzer
        self._workers = workers

    async def run(self, channel_id: str, options: ProcessOptions, report: ReportProgress = silent) -> ProcessReport:
        """Process every waiting message of a channel that no other process is working on. What is done stays done,
        whatever ends the run: Ctrl-C, or an error that would hit all other messages too, which is raised when the
        running calls are finished and stored.
        """
        with span("process", channel_id=channel_id) as told:
            done = await self._run(channel_id, options, report)
            told.tell(messages_processed=done.processed, messages_failed=done.failed)
            return done

    async def _run(self, channel_id: str, options: ProcessOptions, report: ReportProgress) -> ProcessReport:
        waiting = await self._documents.count_waiting(
            channel_id, force=options.force, retry_failed=options.retry_failed
        )
        if waiting == 0:
            return ProcessReport()
        if self._workers is not None and self._workers.expect(waiting) > 1:
            options = replace(options, ahead=max(options.ahead, self._workers.count))
        profile = build_profile(await self._raw.closing_texts(channel_id, PROFILE_POSTS))
        async with self._claims.worker() as worker:
            await self._claims.take_from_dead()
            run = ChannelRun(
                self._documents, self._claims.storage, self._analyzer, profile, options, worker, waiting, report
            )
            await self._completed(run, channel_id)
        return replace(run.done, waiting=waiting)

    @staticmethod
    async def _completed(run: ChannelRun, channel_id: str) -> None:
        try:
            await run.complete(channel_id)
        except BaseExceptionGroup as group:
            raise _first(group) from group


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that stopped the run; the others of the group only followed from it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
