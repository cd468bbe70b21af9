"""Starts worker processes, which ignore Ctrl-C and never outlive the main process; and the errors when they die."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from tg_parser.domain.errors import AnalysisError, TgParserError

ATTEMPTS = 3
ALLOCATIONS_PER_COLLECTION = 10_000
"""Text tools create many objects but no cycles: collecting garbage at the usual 700 took 4 % of their time."""


class WorkersKilledError(TgParserError):
    """Worker processes end again and again before their work is done."""

    code = "workers_killed"
    stops_run = True

    def __init__(self) -> None:
        super().__init__(
            f"Worker processes ended {ATTEMPTS} times before their messages were read: something kills them.",
            "The usual cause is too little memory: set PROCESSING_WORKERS to a smaller number, or to 0 for none. "
            "What was read is stored; the next run continues from there.",
        )


class WorkerCrashedError(AnalysisError):
    """One message ends every process that reads it."""

    code = "worker_crashed"

    def __init__(self) -> None:
        super().__init__(
            "This message ended its worker process each time, even alone; all others were read.",
            "Please report it, with the message. Without worker processes it may end the program itself.",
        )


def processes(count: int) -> ProcessPoolExecutor:
    """A pool of at most `count` processes, started when they are needed."""
    # Forking a process with threads, such as those of a database driver, may hang; and Windows has no fork.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin)


def kill_left(executor: Executor) -> None:
    """End what is left of a broken pool.

    The pool forgets a worker that was started at the moment another one died, and then waits for it forever; there is
    no public API for it.
    """
    for process in [*(getattr(executor, "_processes", None) or {}).values()]:
        process.kill()


def _begin() -> None:
    """Runs in a worker: ignore Ctrl-C, which the main process handles, and end when the main process is killed."""
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Workers that start in this block ignore Ctrl-C, even while they load."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
