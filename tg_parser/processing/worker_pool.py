"""Processes for work that needs a core: text tools.

A small amount of work is done in this process, in one thread beside the event loop, because a worker process takes
about a second to start. The number of expected messages decides.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from tg_parser.processing.suspects import Suspects
from tg_parser.processing.worker_processes import (
    ATTEMPTS,
    WorkerCrashedError,
    WorkersKilledError,
    interrupts_held,
    kill_left,
    processes,
)

__all__ = ["WorkerCrashedError", "WorkerPool", "WorkersKilledError", "all_cores"]

MESSAGES_PER_WORKER = 500
"""With this many each, two workers need two thirds of the time of one process, including their start."""
MOST_WORKERS = 60
"""Windows cannot wait for more processes at once."""

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

log = structlog.get_logger(__name__)


def all_cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerPool:
    """Runs functions in at most `most` processes, which are started when they are first needed.

    A function and its arguments are pickled, so the function must be importable and neither may depend on this
    process. A function may run more than once if a worker is killed.
    """

    def __init__(self, most: int = 0, messages_per_worker: int = MESSAGES_PER_WORKER) -> None:
        self._most = min(most, MOST_WORKERS)
        self._messages_per_worker = messages_per_worker
        self._count = 1
        self._executor: Executor | None = None
        self._suspects = Suspects()

    @property
    def count(self) -> int:
        """How many functions run at a time; 1 means that they run in this process."""
        return self._count

    def expect(self, messages: int) -> int:
        """Have as many workers as `messages` justify; existing ones stay. Returns their number."""
        wanted = min(self._most, messages // self._messages_per_worker)
        if wanted > self._count:
            self._leave(self._executor)
            self._count = wanted
        return self._count

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` returns, or raises. Raises WorkersKilledError."""
        work = partial(function, *args, **kwargs)
        for _ in range(ATTEMPTS):
            executor = self._started()
            try:
                with interrupts_held() if self._count > 1 else nullcontext():
                    running = asyncio.get_running_loop().run_in_executor(executor, work)
                return await running
            except BrokenExecutor:
                log.warning("a worker process was killed; its work is repeated")
                kill_left(executor)
                self._leave(executor)
        raise WorkersKilledError

    async def run_each(
        self, function: Callable[[Sequence[Item]], list[T]], items: Sequence[Item]
    ) -> list[T | WorkerCrashedError]:
        """What `function` returns for `items`, one result each; an error for an item that ends its worker each time.

        Raises WorkersKilledError if workers end whatever they are given.
        """
        try:
            return [*await self.run(function, items)]
        except WorkersKilledError:
            return await self._suspects.run_each(function, items)

    async def close(self) -> None:
        """End the workers when their current work is done; no new work starts."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, cancel_futures=True)

    def _started(self) -> Executor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1) if self._count == 1 else processes(self._count)
        return self._executor

    def _leave(self, executor: Executor | None) -> None:
        """Let `executor` end by itself; another task may have done so already."""
        if executor is not None:
            executor.shutdown(wait=False)
        if executor is self._executor:
            self._executor = None
