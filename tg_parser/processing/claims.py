"""Which process works on which message: no message is processed, or paid for, by two at once.

A worker is known by a numbered lock that it holds as long as it lives. Claims of a worker whose lock is free are those
of a dead one: whoever takes the lock gives them up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from tg_parser.domain.errors import BusyError
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.claims import ClaimStorage

MOST_WORKERS = 1000


class WorkClaims:
    """Names workers and cleans up after dead ones."""

    def __init__(self, storage: ClaimStorage, locks: Locks) -> None:
        self.storage = storage
        self._locks = locks

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[str]:
        """The name of a new worker for the length of the block; whatever it has claimed then is given up."""
        async with AsyncExitStack() as held:
            name = await self._free_name(held)
            # Who had the name before is dead, or this lock would not be free.
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
        raise BusyError(f"{MOST_WORKERS} processes are at work already.", "Wait until some of them are done.")

    async def take_from_dead(self) -> int:
        """Give up the claims of workers that live no more; how many there were."""
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
