"""Finds the message that ends its worker process, by trying ever smaller parts of a batch in a process of its own.
When one worker ends, the work of all others is lost too, so nothing shows which message was to blame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from typing import TypeVar

import structlog

from tg_parser.processing.worker_processes import WorkerCrashedError, WorkersKilledError, interrupts_held, processes

ATTEMPTS_ALONE = 2
CRASHES_IN_A_ROW = 3
"""If this many messages in a row each end a worker of their own, it is no coincidence: every worker is killed."""

T = TypeVar("T")
Item = TypeVar("Item")
BatchFunction = Callable[[Sequence[Item]], list[T]]

log = structlog.get_logger(__name__)


class Suspects:
    """Messages that were being read when workers ended; they are tried one batch at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._in_a_row = 0

    async def run_each(self, work: BatchFunction[Item, T], items: Sequence[Item]) -> list[T | WorkerCrashedError]:
        """See WorkerPool.run_each."""
        async with self._turn:
            return await self._found(work, items)

    async def _found(self, work: BatchFunction[Item, T], items: Sequence[Item]) -> list[T | WorkerCrashedError]:
        for _ in range(ATTEMPTS_ALONE if len(items) == 1 else 1):
            try:
                found = await _alone(work, items)
            except BrokenExecutor:
                continue
            self._in_a_row = 0
            return [*found]
        if len(items) == 1:
            return [self._crashed()]
        half = len(items) // 2
        return await self._found(work, items[:half]) + await self._found(work, items[half:])

    def _crashed(self) -> WorkerCrashedError:
        log.warning("a message crashes its worker process each time")
        self._in_a_row += 1
        if self._in_a_row == CRASHES_IN_A_ROW:
            self._in_a_row = 0
            raise WorkersKilledError
        return WorkerCrashedError()


async def _alone(work: BatchFunction[Item, T], items: Sequence[Item]) -> list[T]:
    executor = processes(1)
    try:
        with interrupts_held():
            running = asyncio.get_running_loop().run_in_executor(executor, work, items)
        return await running
    finally:
        await asyncio.shield(asyncio.to_thread(executor.shutdown, cancel_futures=True))
