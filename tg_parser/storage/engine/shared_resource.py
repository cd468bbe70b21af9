"""Shares a resource, such as a locked session: opened once, closed when it has not been used for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, Self, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")


class HeldResource(Generic[T]):
    """One life of a resource, from its opening to its closing.

    It is opened and closed in a task of its own, because a lock belongs to the task that took it, and this one outlives
    the task that happened to need it first.
    """

    def __init__(self, resource: AbstractAsyncContextManager[T], idle: float) -> None:
        self._idle = idle
        self._users: list[asyncio.Task[object]] = []
        self._over = asyncio.Event()
        self._because: Exception | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._opened: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(resource))
        self._task.add_done_callback(_noted)

    @classmethod
    async def open(cls, resource: AbstractAsyncContextManager[T], idle: float) -> Self:
        """Open `resource`, to be closed `idle` seconds after its last use. Raises what opening it raises."""
        held = cls(resource, idle)
        try:
            either: set[asyncio.Future[T] | asyncio.Future[None]] = {held._opened, held._task}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            held._task.cancel()
            await asyncio.wait({held._task})
            raise
        if not held._opened.done():
            held._task.result()
        return held

    @property
    def is_over(self) -> bool:
        """Whether it is closed or closing, so that it must not be used any more."""
        return self._over.is_set()

    @asynccontextmanager
    async def used(self) -> AsyncIterator[T]:
        """The resource, which stays open for the length of the block.

        If the resource ends meanwhile, the block is cancelled, and the cause, such as a lost lock, is raised.
        """
        task = asyncio.current_task()
        if task is None or self.is_over:
            raise RuntimeError("what is over cannot be used")
        if self._timer is not None:
            self._timer.cancel()
        self._users.append(task)
        try:
            yield self._opened.result()
        except asyncio.CancelledError:
            if self._over.is_set():
                await self._raise_what_ended_it(task)
            raise
        finally:
            self._users.remove(task)
            if not self._users:
                self._timer = asyncio.get_running_loop().call_later(self._idle, self._over.set)

    def give_back(self) -> None:
        """Close it now unless it is in use."""
        if not self._users:
            self._over.set()

    async def ended(self) -> None:
        """Return when it is closed."""
        await asyncio.wait({self._task})

    async def close(self, because: Exception | None = None) -> None:
        """Close it. Users are cancelled, or get the error `because`. Raises what closing raises."""
        self._because = because
        self._over.set()
        await self.ended()
        self._task.result()

    async def _hold(self, resource: AbstractAsyncContextManager[T]) -> None:
        async with resource as value:
            try:
                self._opened.set_result(value)
                await self._over.wait()
            finally:
                self._over.set()
                for task in set(self._users):
                    task.cancel()

    async def _raise_what_ended_it(self, user: asyncio.Task[object]) -> None:
        await self.ended()
        error = self._because or (None if self._task.cancelled() else self._task.exception())
        if error is not None and not user.uncancel():
            raise error


def _noted(task: asyncio.Task[None]) -> None:
    """Logs how an unused resource ended, because nobody may be waiting for its error."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("what was held has ended with an error", error=repr(error))
