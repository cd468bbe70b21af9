"""Work that waits for a disk or a processor is done in a thread, so that the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[..., T], *arguments: Any) -> T:
    """Do `call` in a thread and, even when cancelled, see it end: what it works on must not be closed before."""
    running = asyncio.get_running_loop().run_in_executor(None, partial(call, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()
        raise


@asynccontextmanager
async def finished_in_thread(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """`manager`, whose good end takes long: bringing a file to the disk, for one."""
    value = manager.__enter__()
    try:
        yield value
    except BaseException as error:
        if not manager.__exit__(type(error), error, error.__traceback__):
            raise
    else:
        await in_thread(manager.__exit__, None, None, None)
