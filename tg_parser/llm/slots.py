"""Limits how many calls a run makes at once, and starts none once it is ending. Imports nothing heavy.

A run that asks models opens slots for its calls; preparing a question or checking an answer takes none. So the next
call begins the moment one ends, however long its answer is being checked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from tg_parser.domain.errors import TgParserError


class RunEndsError(TgParserError):
    """A call that was not made, because its run is ending."""

    stops_run = True

    def __init__(self) -> None:
        super().__init__("The run is ending; no more calls are made.")


class CallSlots:
    """That many calls at a time, until it is closed."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = asyncio.Semaphore(count)
        self._closed = False

    def close(self) -> None:
        """Let no further call begin; waiting ones end with RunEndsError as soon as a slot becomes free."""
        self._closed = True

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A slot for the length of the block. Raises RunEndsError."""
        async with self._free:
            if self._closed:
                raise RunEndsError
            yield


SLOTS: ContextVar[CallSlots | None] = ContextVar("tg_parser_call_slots", default=None)
"""The slots of the run that a task belongs to; tasks of a run inherit them."""
