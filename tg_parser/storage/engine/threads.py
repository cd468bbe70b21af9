"""Runs blocking work in a thread, so that the event loop goes on."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[..., T], *arguments: Any) -> T:
    """Run `call` in a thread and wait for its end even when cancelled: what it uses must stay open until then."""
    # What is bound to the log and to traces goes with it.
    work = partial(contextvars.copy_context().run, call, *arguments)
    running = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()
        raise


@asynccontextmanager
async def finished_in_thread(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """`manager`, for which leaving the block normally takes long, such as flushing a file to the disk."""
    value = manager.__enter__()
    try:
        yield value
    except BaseException as error:
        if not manager.__exit__(type(error), error, error.__traceback__):
            raise
    else:
        await in_thread(manager.__exit__, None, None, None)
