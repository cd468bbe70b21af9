"""The questions of one run over topics: asked concurrently, answered in order, counted, and ended by the first error
that affects them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from tg_parser.domain.errors import ProviderUnavailableError, TgParserError
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.llm.question import Answer, Asker, Purpose, Question

T = TypeVar("T", bound=BaseModel)
N = TypeVar("N", int, float)
_DIGITS = 9
"""Of a dollar; calls are booked in billionths."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EditReport:
    """What a model did for the topics of a run, and what that cost; tokens and dollars are null if unknown.

    `worded` topics have new words, `kept` ones those of an earlier run; `judged` counts messages near the threshold of
    a known topic and pairs near the border of an event, `merged` topics merged into another, `failed` questions without
    a good answer: they are asked again when documents change, or by force. Of the `asked` questions, `cached` ones were
    paid for earlier.
    """

    worded: int = 0
    kept: int = 0
    judged: int = 0
    merged: int = 0
    failed: int = 0
    asked: int = 0
    cached: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(slots=True)
class LlmSession:
    """One run's questions to `llm`, `concurrency` at a time, paid for `purpose`.

    `stopped` is the error that ended them, `failed` counts those without a good answer. When the run is cancelled,
    it waits `shutdown_wait` seconds for questions in flight: their answers are paid for, and kept by the cache.
    """

    llm: Asker
    concurrency: int
    purpose: Purpose
    shutdown_wait: float = 30.0
    report: ReportProgress = silent
    stopped: TgParserError | None = None
    failed: int = 0
    _is_ending: bool = False
    _done: int = 0
    _answers: list[Answer[Any]] = field(default_factory=list)

    async def ask_all(self, step: str, questions: Sequence[Question[T]]) -> list[Answer[T] | None]:
        """One answer per question; None if there is no good one, or if an error ended the session before it.

        No question is sent after that error; those in flight are waited for, because they are paid for.
        """
        answers: list[Answer[T] | None] = [None] * len(questions)
        waiting, self._done = iter(range(len(questions))), 0
        workers = [
            asyncio.create_task(self._work(step, questions, waiting, answers))
            for _ in range(min(self.concurrency, len(questions)))
        ]
        try:
            await asyncio.gather(*(asyncio.shield(worker) for worker in workers))
        finally:
            await self._end(workers)
        self._answers += [answer for answer in answers if answer is not None]
        return answers

    async def _end(self, workers: Sequence[asyncio.Task[None]]) -> None:
        """Send nothing more, wait for what is in flight, then stop; no worker outlives its run."""
        self._is_ending = True
        try:
            if running := [worker for worker in workers if not worker.done()]:
                await asyncio.wait(running, timeout=self.shutdown_wait)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self._is_ending = False

    def edit_report(self, **counts: int) -> EditReport:
        """The report of all questions so far, with `counts` of their results."""
        paid = [answer for answer in self._answers if not answer.cached]
        cost = _sum(answer.cost_usd for answer in paid)
        return EditReport(
            failed=self.failed,
            asked=len(self._answers),
            cached=len(self._answers) - len(paid),
            input_tokens=_sum(answer.input_tokens for answer in paid),
            output_tokens=_sum(answer.output_tokens for answer in paid),
            cost_usd=None if cost is None else round(cost, _DIGITS),
            **counts,
        )

    async def _work(
        self,
        step: str,
        questions: Sequence[Question[T]],
        waiting: Iterator[int],
        answers: list[Answer[T] | None],
    ) -> None:
        for place in waiting:
            if self.stopped is not None or self._is_ending:
                return
            try:
                answers[place] = await self.llm.ask(questions[place])
            except TgParserError as error:
                self._count(error)
            self._done += 1
            self.report(Progress(step, self._done, len(questions)))

    def _count(self, error: TgParserError) -> None:
        if error.stops_run or isinstance(error, ProviderUnavailableError):
            self.stopped = self.stopped or error
            return
        self.failed += 1
        log.warning("topic question failed", error=f"{type(error).__name__}: {error}")


def _sum(amounts: Iterable[N | None]) -> N | None:
    """The sum; None if any of them is unknown, and if there are none."""
    every = list(amounts)
    known = [amount for amount in every if amount is not None]
    return sum(known[1:], start=known[0]) if known and len(known) == len(every) else None
