"""Work in threads beside the event loop: it is seen to its end, and files end well or not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tg_parser.storage.engine.threads import finished_in_thread, in_thread


async def test_it_is_done_in_another_thread() -> None:
    """With its arguments; what it raises is raised."""
    in_main = lambda number: (number, threading.current_thread() is threading.main_thread())  # noqa: E731
    assert await in_thread(in_main, 7) == (7, False)
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 / 0)


async def test_a_cancelled_task_sees_its_work_end() -> None:
    """Nobody closes the file that the thread still writes."""
    begun, free, ended = threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        free.wait()
        ended.append("work")

    async def waiting() -> None:
        try:
            await in_thread(work)
        finally:
            ended.append("task")

    task = asyncio.create_task(waiting())
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.sleep(0)
    free.set()
    await asyncio.wait({task})
    assert task.cancelled()
    assert ended == ["work", "task"]


@contextmanager
def told(ends: list[bool | str]) -> Iterator[str]:
    try:
        yield "value"
    except KeyError:
        ends.append("failed")
        raise
    ends.append(threading.current_thread() is threading.main_thread())


async def test_a_good_end_is_in_a_thread() -> None:
    """There is where a disk is waited for."""
    ends: list[bool | str] = []
    async with finished_in_thread(told(ends)) as value:
        assert value == "value"
    assert ends == [False]


async def test_a_bad_end_is_told_at_once() -> None:
    """The error goes on as it was."""
    ends: list[bool | str] = []
    with pytest.raises(KeyError):
        async with finished_in_thread(told(ends)):
            raise KeyError
    assert ends == ["failed"]
