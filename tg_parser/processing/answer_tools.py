"""The work around a call to a model: preparing the message and judging the answer, in workers if there is much of it.

With a few calls at a time, this process does it immediately. With many, whatever is waiting is sent to a worker
together, which pays for the transfer once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import structlog

from tg_parser.domain.documents import Analysis
from tg_parser.llm.slots import SLOTS
from tg_parser.processing.analyzer import ChannelProfile, Task
from tg_parser.processing.briefing import Brief, brief
from tg_parser.processing.judging import analysis_of, judge
from tg_parser.processing.reading import Reading
from tg_parser.processing.worker_pool import WorkerCrashedError, WorkerPool

MANY_CALLS = 50
"""With fewer calls at a time, this process has enough time for it."""
LEAST_TOGETHER, MOST_TOGETHER = 4, 32

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Made = TypeVar("Made")


class Received(NamedTuple):
    """A message, and how much of it is sent."""

    task: Task
    profile: ChannelProfile
    max_chars: int


class Answered(NamedTuple):
    """What a model said about a message, and what it is checked against."""

    reading: Reading
    asked: Brief
    system: str
    faithfulness: float


def prepared(received: Received) -> Brief:
    """The message, ready to be asked about."""
    return brief(*received)


def judged(answered: Answered) -> Analysis:
    """What a good answer says of its message. Raises AnswerRejectedError."""
    judge(*answered)
    return analysis_of(answered.reading, answered.asked)


def prepared_each(items: Sequence[Received]) -> list[Brief | None]:
    """One per item; None if it failed, since not every error can be sent to another process: the caller retries."""
    return [_attempted(prepared, item) for item in items]


def judged_each(items: Sequence[Answered]) -> list[Analysis | None]:
    """The same for answers."""
    return [_attempted(judged, item) for item in items]


def _attempted(work: Callable[[Item], Made], item: Item) -> Made | None:
    try:
        return work(item)
    except Exception:  # noqa: BLE001 - the boundary of a message
        return None


class AnswerTools:
    """Both kinds of work, for all messages of a run."""

    def __init__(self, workers: WorkerPool) -> None:
        self.prepared = _Together(workers, prepared, prepared_each)
        self.judged = _Together(workers, judged, judged_each)


class _Together(Generic[Item, Made]):
    """`one` for an item, or `each` in a worker for those that wait at the same time."""

    def __init__(
        self, workers: WorkerPool, one: Callable[[Item], Made], each: Callable[[Sequence[Item]], list[Made | None]]
    ) -> None:
        self._workers = workers
        self._one = one
        self._each = each
        self._waiting: list[tuple[Item, asyncio.Future[Made | None]]] = []
        self._sending = set[asyncio.Task[None]]()
        self._start: asyncio.Future[Any] | None = None

    async def __call__(self, item: Item) -> Made:
        """What `one` makes of the item. Raises what `one` raises, and WorkerCrashedError."""
        made = await self._of_worker(item) if self._is_started() else None
        return self._one(item) if made is None else made

    def _is_started(self) -> bool:
        """Whether there are workers; they start beside the first messages."""
        slots = SLOTS.get()
        if self._workers.count == 1 or slots is None or slots.count < MANY_CALLS:
            return False
        if self._start is None:
            starts = (self._workers.run(self._each, []) for _ in range(self._workers.count))
            self._start = asyncio.ensure_future(asyncio.gather(*starts, return_exceptions=True))
        return self._start.done()

    async def _of_worker(self, item: Item) -> Made | None:
        future: asyncio.Future[Made | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._sending) < self._workers.count:
            task = asyncio.create_task(self._send())
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return await future

    async def _send(self) -> None:
        await asyncio.sleep(0)  # by then, all that arrived in the same turn of the event loop is waiting
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            made = await self._made([item for item, _ in batch])
            for (_, future), result in zip(batch, made, strict=True):
                if future.done():  # the task that waited was cancelled
                    continue
                if isinstance(result, WorkerCrashedError):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    async def _made(self, items: Sequence[Item]) -> Sequence[Made | WorkerCrashedError | None]:
        if len(items) >= LEAST_TOGETHER:
            try:
                return await self._workers.run_each(self._each, items)
            except Exception as error:  # noqa: BLE001 - answers are paid for: whatever ails workers, they are judged
                log.warning("worker processes failed; their work is done in the main process", error=str(error))
        return [None] * len(items)
