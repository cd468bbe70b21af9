"""A pool of connections and its usage figures, for logs, commands and health checks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

import structlog
from sqlalchemy import QueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """A pool at this moment, and who has had to wait for it since the start."""

    size: int
    """Connections kept open (DB_POOL_SIZE)."""
    limit: int
    """Connections at most (DB_POOL_SIZE + DB_MAX_OVERFLOW)."""
    open: int
    """Open connections; a broken one counts until it is needed and replaced."""
    checked_out: int
    overflow: int
    """How many open connections exceed the number that is kept."""
    waits: int
    """Requests that found no free connection and had to wait."""
    waited_seconds: float
    longest_wait_seconds: float
    refused: int
    """Requests that waited for DB_POOL_TIMEOUT in vain."""


class Pool:
    """The connections of one engine. All work goes through `connection`, so that waits are recorded."""

    def __init__(self, engine: AsyncEngine, limit: int | None = None) -> None:
        self.engine = engine
        self.writes = 0
        """Transactions of this process that have written."""
        self._limit = limit
        self._waits: int = 0
        self._waited: float = 0.0
        self._longest: float = 0.0
        self._refused: int = 0

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection for the length of the block."""
        full, started = self._is_full(), time.monotonic()
        given = False
        try:
            async with self.engine.connect() as conn:
                given = True
                if full:
                    self._note_wait(time.monotonic() - started)
                yield conn
        except PoolTimeoutError:
            if not given:
                self._note_wait(time.monotonic() - started)
                self._refused += 1
            raise

    def figures(self) -> PoolFigures:
        """The pool at this moment."""
        pool = self._queue()
        size = pool.size() if pool else 0
        checked_out = pool.checkedout() if pool else 0
        opened = checked_out + (pool.checkedin() if pool else 0)
        return PoolFigures(
            size=size,
            limit=self._limit or size,
            open=opened,
            checked_out=checked_out,
            overflow=max(0, opened - size),
            waits=self._waits,
            waited_seconds=round(self._waited, 3),
            longest_wait_seconds=round(self._longest, 3),
            refused=self._refused,
        )

    def _queue(self) -> QueuePool | None:
        pool = self.engine.pool
        return pool if isinstance(pool, QueuePool) else None

    def _is_full(self) -> bool:
        pool = self._queue()
        return pool is not None and self._limit is not None and pool.checkedout() >= self._limit

    def _note_wait(self, seconds: float) -> None:
        self._waits += 1
        self._waited += seconds
        self._longest = max(self._longest, seconds)


@contextlib.asynccontextmanager
async def logged(pools: dict[str, Pool], minutes: float) -> AsyncIterator[None]:
    """While the block runs, log a line about each pool every so many minutes; 0 means never."""
    if not minutes:
        yield
        return
    task = asyncio.create_task(_log_for_ever(pools, minutes * 60))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _log_for_ever(pools: dict[str, Pool], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        for name, pool in pools.items():
            log.info("connection pool", pool=name, **asdict(pool.figures()))
