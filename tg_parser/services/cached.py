"""Caches an expensive value for a moment; concurrent callers share one lookup and never wait too long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_SECOND_CANCEL = 0.2


class CachedValue(Generic[T]):
    """The result of `look`, at most `seconds` old, or older if lookups would take more than `share` of the time."""

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
        """Return the cached value if it is recent enough, without a lookup."""
        if self._known is None or self._clock() >= self._known[0]:
            return None
        return self._known[1]

    @property
    def is_looking(self) -> bool:
        """Return whether a lookup is in progress."""
        return self._looking is not None

    async def get(self) -> T:
        """Return the cached value or look it up. Concurrent callers wait for the same lookup."""
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
    """Return the result of `work`. Raises TimeoutError after `seconds`, even if `work` is slow to be cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
    finally:
        if not task.done():
            task.add_done_callback(_heard)
            task.cancel()
            # When cancelled, a driver asks the server to stop the statement and waits; the second time it gives up.
            asyncio.get_running_loop().call_later(_SECOND_CANCEL, task.cancel)
    raise TimeoutError


def _heard(task: asyncio.Future[Any]) -> None:
    """Retrieve the outcome of a task that is no longer awaited."""
    if not task.cancelled():
        task.exception()
