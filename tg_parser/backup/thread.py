"""Runs the work of a backup in a thread, which reports through the event loop and stops when its task is cancelled."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from tg_parser.domain.progress import Progress, ReportProgress, silent

STOP_AGAIN_SECONDS = 0.1
"""What is stopped between two statements begins the next one, so it is stopped until it has ended."""

T = TypeVar("T")


class StoppedError(Exception):
    """The task that waits for this work was cancelled."""


class BackupThread:
    """How a working thread reports, and how it is stopped."""

    def __init__(self, report: ReportProgress, loop: asyncio.AbstractEventLoop) -> None:
        self._report = report
        self._loop = loop
        self._changing = threading.Lock()
        self._stops: list[Callable[[], object]] = []
        self._is_stopped = False

    def tell(self, progress: Progress) -> None:
        """Report progress, and continue once it was received. Raises StoppedError, and what the reporter raises."""
        self.check()
        asyncio.run_coroutine_threadsafe(self._report_now(progress), self._loop).result()
        self.check()

    def check(self) -> None:
        """Raises StoppedError if the work is to stop."""
        if self._is_stopped:
            raise StoppedError

    @contextmanager
    def stopped_by(self, stop: Callable[[], object]) -> Iterator[None]:
        """During the block, `stop`, called from another thread, interrupts what this one is waiting for."""
        with self._changing:
            self.check()
            self._stops.append(stop)
        try:
            yield
        finally:
            with self._changing:
                self._stops.remove(stop)

    def stop(self) -> None:
        """Interrupt what it is waiting for."""
        with self._changing:
            for stop in self._stops:
                stop()

    def begin_to_stop(self) -> None:
        """Let nothing new begin from now on."""
        self._is_stopped = True

    async def _report_now(self, progress: Progress) -> None:
        self._report(progress)
        # A task that its own reporter cancelled must learn of it before the thread goes on.
        await asyncio.sleep(0)


async def in_thread(work: Callable[[BackupThread], T], report: ReportProgress = silent) -> T:
    """Run `work` while the event loop goes on. When cancelled, return after the thread has cleaned up and ended."""
    loop = asyncio.get_running_loop()
    doing = BackupThread(report, loop)
    running = loop.run_in_executor(None, contextvars.copy_context().run, work, doing)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        doing.begin_to_stop()
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.to_thread(doing.stop)
                await asyncio.wait({running}, timeout=STOP_AGAIN_SECONDS)
        running.exception()
        raise
