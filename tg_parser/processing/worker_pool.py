"""Processes for work that needs a core: text tools.

Little work is done in this process, in one thread beside the event loop: a worker process takes about a second to
start. How many messages are expected decides.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from tg_parser.domain.errors import TgParserError

MESSAGES_PER_WORKER = 500
"""Two workers with so many each need two thirds of the time of one process, their start included."""
MOST_WORKERS = 60
"""Windows waits for no more processes at once."""
ATTEMPTS = 3

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)


class WorkersKilledError(TgParserError):
    """Worker processes that end before their work does, again and again."""

    code = "workers_killed"
    stops_run = True

    def __init__(self) -> None:
        super().__init__(
            f"Worker processes ended {ATTEMPTS} times before their messages were read: something kills them.",
            "Most often memory is short: set PROCESSING_WORKERS to a smaller number, or to 0 for none. "
            "What was read is stored; the next run goes on from there.",
        )


def all_cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerPool:
    """Runs functions in `most` processes at most, which are started when they are first needed.

    A function and its arguments are sent as they are, so both must be importable and know nothing of this process. It
    may run more than once, where a worker is killed.
    """

    def __init__(self, most: int = 0, messages_per_worker: int = MESSAGES_PER_WORKER) -> None:
        self._most = min(most, MOST_WORKERS)
        self._messages_per_worker = messages_per_worker
        self._count = 1
        self._executor: Executor | None = None

    @property
    def count(self) -> int:
        """How many functions run at a time; one is run in this process."""
        return self._count

    def expect(self, messages: int) -> int:
        """Have as many workers as `messages` are worth; those that are there already stay. Their number."""
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
                with _interrupts_held() if self._count > 1 else nullcontext():
                    running = asyncio.get_running_loop().run_in_executor(executor, work)
                return await running
            except BrokenExecutor:
                log.warning("a worker process was killed; what it had begun is done again")
                self._leave(executor)
        raise WorkersKilledError

    async def close(self) -> None:
        """End the workers when what they do is done; nothing new begins."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, cancel_futures=True)

    def _started(self) -> Executor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1) if self._count == 1 else _processes(self._count)
        return self._executor

    def _leave(self, executor: Executor | None) -> None:
        """Let `executor` end by itself; others may have left it already."""
        if executor is not None:
            executor.shutdown(wait=False)
        if executor is self._executor:
            self._executor = None


def _processes(count: int) -> ProcessPoolExecutor:
    # A fork of a process with threads, of a database driver say, may hang; and Windows has none.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """In a worker: Ctrl-C is for the main process, which ends its workers; killed, it leaves none behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Workers that start in here never see Ctrl-C, not even while they load."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
