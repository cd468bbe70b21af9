"""Work in a thread: what it reports, how it is stopped, and that nobody leaves before it has ended."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tg_parser.backup.thread import BackupThread, StoppedError, in_thread
from tg_parser.domain.progress import Progress


async def test_the_result_comes_back_and_reports_come_first() -> None:
    """The reporter runs in the event loop's own thread, and the work waits for it."""
    heard = []

    def report(progress: Progress) -> None:
        heard.append((progress.done, threading.current_thread() is threading.main_thread()))

    def work(doing: BackupThread) -> bool:
        for number in range(3):
            doing.tell(Progress("steps", number))
            assert len(heard) == number + 1
        return threading.current_thread() is threading.main_thread()

    assert await in_thread(work, report) is False
    assert heard == [(0, True), (1, True), (2, True)]


async def test_an_error_of_the_work_or_the_reporter_is_raised() -> None:
    """The work tidies up after both."""
    tidied = []

    def report(_progress: Progress) -> None:
        raise KeyError

    def work(doing: BackupThread) -> None:
        try:
            doing.tell(Progress("steps", 1))
        finally:
            tidied.append("work")

    with pytest.raises(KeyError):
        await in_thread(work, report)
    assert tidied == ["work"]


async def test_a_cancelled_task_returns_when_its_thread_has_ended() -> None:
    """What the thread waits for is ended, nothing new begins, and it tidies up; cancelled twice is cancelled once."""
    waiting, free, tidied = threading.Event(), threading.Event(), []

    def work(doing: BackupThread) -> None:
        try:
            with doing.stopped_by(free.set):
                waiting.set()
                free.wait()
            with pytest.raises(StoppedError), doing.stopped_by(free.set):
                pass
        finally:
            tidied.append("work")

    task = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(waiting.wait)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert tidied == ["work"]


async def test_a_reporter_that_cancels_is_heard_at_once() -> None:
    """The thread takes not one step more after the report in which somebody said stop."""
    steps = []

    def work(doing: BackupThread) -> None:
        for number in range(3):
            steps.append(number)
            doing.tell(Progress("steps", number))

    def stop(_: Progress) -> None:
        task.cancel()

    task = asyncio.create_task(in_thread(work, stop))
    await asyncio.wait({task}, timeout=20)
    assert task.cancelled()
    assert steps == [0]


async def test_it_is_stopped_until_it_has_ended() -> None:
    """What was stopped between two statements is stopped again in the next one."""
    begun, stops = threading.Event(), threading.Semaphore(0)

    def work(doing: BackupThread) -> None:
        with doing.stopped_by(stops.release):
            begun.set()
            for _ in range(3):
                stops.acquire()

    task = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.wait({task}, timeout=20)
    assert task.cancelled()
