"""Answers that many ask for: kept for a moment, looked up once for all who wait, and never waited for too long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_SECOND_CANCEL = 0.2


class CachedValue(Generic[T]):
    """The result of `look`, at most `seconds` old; older where looking would take more than a `share` of the time."""

    def __init__(
        self,
        look: Callable[[], Coroutine[Any, Any, T]],
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        share: float = 1.0,
    ) -> None:
        self._look = look
        self._seconds = seconds
        self._share = share
        self._clock = clock
        self._known: tuple[float, T] | None = None
        self._began = 0.0
        self._looking: asyncio.Task[T] | None = None

    @property
    def fresh(self) -> T | None:
        """What is known and not too old, without looking."""
        if self._known is None or self._clock() >= self._known[0]:
            return None
        return self._known[1]

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way."""
        return self._looking is not None

    async def get(self) -> T:
        """What is known, or what a new look finds. Whoever else asks meanwhile waits for the same look."""
        if (known := self.fresh) is not None:
            return known
        if self._looking is None:
            self._began = self._clock()
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        return await asyncio.shield(self._looking)

    def _looked(self, task: asyncio.Task[T]) -> None:
        self._looking = None
        if not task.cancelled() and task.exception() is None:
            now = self._clock()
            took = now - self._began
            self._known = now + max(self._seconds, took / self._share - took), task.result()


async def answered_within(seconds: float, work: Awaitable[T]) -> T:
    """The result of `work`. Raises TimeoutError after `seconds`, even if `work` takes its time to be cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
    finally:
        if not task.done():
            task.add_done_callback(_heard)
            task.cancel()
            # A driver asks a server that is silent to end the statement, and waits; the second time it gives up.
            asyncio.get_running_loop().call_later(_SECOND_CANCEL, task.cancel)
    raise TimeoutError


def _heard(task: asyncio.Future[Any]) -> None:
    """Whatever it ended with, nobody waits for it any more."""
    if not task.cancelled():
        task.exception()
