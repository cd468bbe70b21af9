"""Records what agents did, limited in size and without secrets, written in batches while the work goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from tg_parser.config.logging import masked
from tg_parser.domain.agents import Handoff, JsonObject, TaskRecord
from tg_parser.domain.errors import TgParserError
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.handoffs import HandoffStorage

SECONDS_BETWEEN_BATCHES = 1.0
LONGEST_TEXT = 400
MOST_ITEMS = 20
DEEPEST = 5


def noted(value: Mapping[str, Any]) -> JsonObject:
    """`value` as it may be stored: long texts and lists shortened, secrets masked."""
    return {str(key): _noted(item, DEEPEST) for key, item in list(value.items())[:MOST_ITEMS]}


def noted_error(error: BaseException) -> str:
    """The class and message of `error`, shortened and without secrets."""
    if isinstance(error, asyncio.CancelledError):
        return "Stopped before it was done."
    text = error.message if isinstance(error, TgParserError) else str(error)
    return _cut(f"{type(error).__name__}: {text}")


def _noted(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _cut(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _noted(item, depth - 1) for key, item in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, list | tuple):
        kept = [_noted(item, depth - 1) for item in value[:MOST_ITEMS]]
        return kept if len(kept) == len(value) else [*kept, f"… {len(value) - len(kept)} more"]
    return _cut(str(value))


def _cut(text: str) -> str:
    # Masked before it is shortened: half a secret would not be recognised.
    whole = masked(text)
    return whole if len(whole) <= LONGEST_TEXT else f"{whole[:LONGEST_TEXT]}… ({len(whole)} characters)"


class Recorder:
    """Takes records at once and writes them a second later, many in one transaction."""

    def __init__(self, agents: AgentStorage, handoffs: HandoffStorage, retention: timedelta) -> None:
        self._agents = agents
        self._handoffs = handoffs
        self._retention = retention
        self._tasks: list[TaskRecord] = []
        self._finished: list[Handoff] = []

    def task(self, record: TaskRecord) -> None:
        """Record what an agent did."""
        self._tasks.append(record)

    def handoff(self, handoff: Handoff) -> None:
        """Record a handoff that began and ended between two agents of this process."""
        self._finished.append(handoff)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write during the block, and the rest at its end. Raises StorageError if that fails."""
        stop = asyncio.Event()
        writing = asyncio.create_task(self._write_until(stop))
        try:
            yield
        finally:
            # Not cancelled: an interrupted transaction may have been committed all the same.
            stop.set()
            await writing

    async def flush(self) -> None:
        """Write what has been recorded so far."""
        tasks, self._tasks = self._tasks, []
        finished, self._finished = self._finished, []
        await self._agents.record(tasks, self._retention)
        if finished:
            await self._handoffs.add(finished)

    async def _write_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS_BETWEEN_BATCHES):
                    await stop.wait()
            await self.flush()
