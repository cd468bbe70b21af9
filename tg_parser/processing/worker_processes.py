"""Starts worker processes, which never see Ctrl-C and never outlive the main process; and what to say of their end."""

from __future__ import annotations

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


class WorkerCrashedError(AnalysisError):
    """One message that ends whichever process reads it."""

    code = "worker_crashed"

    def __init__(self) -> None:
        super().__init__(
            "Reading this message ended its worker process each time, alone in it too; all others are read.",
            "Please report it, with the message. Without worker processes it may end the program itself.",
        )


def processes(count: int) -> ProcessPoolExecutor:
    """So many at most, started when they are needed."""
    # A fork of a process with threads, of a database driver say, may hang; and Windows has none.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin)


def kill_left(executor: Executor) -> None:
    """End what is left of a broken pool.

    A worker that was started at the moment in which another one died is forgotten by the pool, which then waits for it
    for ever; there is no public way to it.
    """
    for process in [*(getattr(executor, "_processes", None) or {}).values()]:
        process.kill()


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
def interrupts_held() -> Iterator[None]:
    """Workers that start in here never see Ctrl-C, not even while they load."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
