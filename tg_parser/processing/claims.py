"""Which process works on which message: no message is processed, or paid for, by two at once.

A worker is identified by a numbered lock that it holds as long as it lives. If the lock is free, the worker is dead,
and whoever takes the lock releases its claims.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from tg_parser.domain.errors import BusyError
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.claims import ClaimStorage

MOST_WORKERS = 1000


class WorkClaims:
    """Gives workers their names and cleans up after dead ones."""

    def __init__(self, storage: ClaimStorage, locks: Locks) -> None:
        self.storage = storage
        self._locks = locks

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[str]:
        """The name of a new worker for the length of the block; what it still claims at the end is released."""
        async with AsyncExitStack() as held:
            name = await self._free_name(held)
            # The worker that had the name before is dead, or this lock would not be free.
            await self.storage.release(name)
            try:
                yield name
            finally:
                await self.storage.release(name)

    async def _free_name(self, held: AsyncExitStack) -> str:
        for number in range(1, MOST_WORKERS):
            with suppress(BusyError):
                await held.enter_async_context(self._locks.exclusive(_lock(str(number))))
                return str(number)
        raise BusyError(f"{MOST_WORKERS} processes are already working.", "Wait until some of them are done.")

    async def take_from_dead(self) -> int:
        """Release the claims of dead workers; returns how many there were."""
        freed = 0
        for holder in await self.storage.holders():
            try:
                async with self._locks.exclusive(_lock(holder)):
                    freed += await self.storage.release(holder)
            except BusyError:
                continue
        return freed


def _lock(holder: str) -> str:
    return f"worker:{holder}"
