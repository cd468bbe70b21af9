"""Sends a worker's heartbeat from a separate thread, so that a busy event loop does not make the worker look dead."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog

from tg_parser.domain.errors import StorageError
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.execution import JobExecutor
from tg_parser.storage.stores.jobs import JobStorage

log = structlog.get_logger(__name__)

_CLOSING_SECONDS = 5.0

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


class Heart:
    """Sends heartbeats on a connection opened by `open_storage`, in a separate event loop."""

    def __init__(
        self,
        open_storage: Callable[[], AbstractAsyncContextManager[JobStorage]],
        every: float,
        loop_factory: LoopFactory | None = None,
    ) -> None:
        """Beat every `every` seconds."""
        self._open_storage = open_storage
        self._every = every
        self._loop_factory = loop_factory
        self._last_beat = time.monotonic()

    async def silent_for(self, seconds: float) -> None:
        """Return once the database has had no heartbeat from the worker for this long."""
        while True:
            left = seconds - (time.monotonic() - self._last_beat)
            if left <= 0:
                return
            await asyncio.sleep(left)

    @asynccontextmanager
    async def beating(self, executor: JobExecutor) -> AsyncIterator[None]:
        """Within the block, send heartbeats and learn which of the worker's jobs should end."""
        stop, loop = threading.Event(), asyncio.get_running_loop()
        self._last_beat = time.monotonic()

        def live() -> None:
            with asyncio.Runner(loop_factory=self._loop_factory) as runner:
                runner.run(self._beat_until(stop, executor, loop))

        thread = threading.Thread(target=live, name="heart", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            await asyncio.to_thread(thread.join, _CLOSING_SECONDS)

    async def _beat_until(self, stop: threading.Event, executor: JobExecutor, loop: asyncio.AbstractEventLoop) -> None:
        while not stop.is_set():
            try:
                async with self._open_storage() as storage:
                    while not stop.is_set():
                        running = executor.running_ids
                        heard = await storage.beat(executor.worker, utc_now())
                        self._last_beat = time.monotonic()
                        loop.call_soon_threadsafe(executor.hear, heard, running)
                        await asyncio.to_thread(stop.wait, self._every)
            except StorageError as error:
                log.warning("the heartbeat of this worker cannot be stored; retrying", reason=error.message)
            except Exception:
                # Whatever the error, a worker without a heartbeat loses the jobs that it is running.
                log.exception("the heartbeat of this worker failed")
            await asyncio.to_thread(stop.wait, self._every)
