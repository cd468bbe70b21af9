"""Handoffs in progress: each process holds a numbered lock while it lives, so that none is stuck with a dead one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from tg_parser.domain.agents import Handoff, HandoffStatus
from tg_parser.domain.errors import BusyError
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.handoffs import HandoffStorage

MOST_RUNS = 1000
ABANDONED = "The process that held it ended before it was done; the next run took up what was left."


class HandoffQueue:
    """Adds handoffs and changes their state."""

    def __init__(self, storage: HandoffStorage, locks: Locks) -> None:
        self._storage = storage
        self._locks = locks

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[str]:
        """The name of a holder for the length of the block; first fails handoffs of dead holders, with the reason."""
        async with AsyncExitStack() as held:
            holder = await self._free_name(held)
            await self._fail_orphaned(holder)
            yield holder

    async def add(self, handoffs: Iterable[Handoff]) -> None:
        """Add new handoffs."""
        await self._storage.add(list(handoffs))

    async def move(self, handoff: Handoff, status: HandoffStatus, **outcome: Any) -> Handoff:
        """Move a handoff to its next state. Raises HandoffError if that is not allowed."""
        moved = handoff.moved(status, utc_now(), **outcome)
        await self._storage.move(handoff, moved)
        return moved

    async def _free_name(self, held: AsyncExitStack) -> str:
        for number in range(1, MOST_RUNS):
            with suppress(BusyError):
                await held.enter_async_context(self._locks.exclusive(_lock(str(number))))
                return str(number)
        raise BusyError(f"{MOST_RUNS} processes already run agents.", "Wait until one of them is done.")

    async def _fail_orphaned(self, own: str) -> None:
        """Fail open handoffs without a living holder; an earlier holder of our number is dead, as we hold its lock."""
        open_ones = await self._storage.open()
        for holder in sorted({_holder(each) for each in open_ones}):
            async with AsyncExitStack() as held:
                if holder not in {own, ""}:
                    try:
                        await held.enter_async_context(self._locks.exclusive(_lock(holder)))
                    except BusyError:
                        continue
                for handoff in open_ones:
                    if _holder(handoff) == holder:
                        await self.move(handoff, "failed", error=ABANDONED)


def _holder(handoff: Handoff) -> str:
    """Return the holder of a handoff; empty if it was created by the earlier version."""
    return str(handoff.context.get("holder", ""))


def _lock(holder: str) -> str:
    return f"agents:{holder}"
