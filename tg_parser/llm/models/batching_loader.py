"""Combines simultaneous lookups into one query: never a query per row, however many tasks ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class BatchingLoader(Generic[T]):
    """Asks `find` for all keys requested meanwhile; while a query runs, the next ones collect."""

    def __init__(self, find: Callable[[Sequence[str]], Awaitable[Mapping[str, T]]]) -> None:
        self._find = find
        self._wanted: dict[str, list[asyncio.Future[T | None]]] = {}
        self._serving: asyncio.Task[None] | None = None

    async def get(self, key: str) -> T | None:
        """Return the value stored under `key`. Raises the errors of `find`."""
        future: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(key, []).append(future)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return await future

    async def _serve(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            outcome = (await asyncio.gather(self._find(list(wanted)), return_exceptions=True))[0]
            for key, futures in wanted.items():
                for future in futures:
                    _deliver(future, outcome, key)


def _deliver(future: asyncio.Future[T | None], outcome: Mapping[str, T] | BaseException, key: str) -> None:
    if future.done():  # the task that waited was cancelled
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome.get(key))
