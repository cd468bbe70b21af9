"""Tells whether jobs are being run: by a queue worker seen recently, or by the one runner for SQLite files."""

from __future__ import annotations

from tg_parser.domain.errors import BusyError
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.job_figures import JobFigures

LATELY = 30.0
"""Seconds; workers report every ten."""


class QueueWorkers:
    """Workers on a server's queue, on any machine."""

    def __init__(self, figures: JobFigures) -> None:
        self._figures = figures

    async def alive(self) -> bool:
        """Return whether a worker was seen recently. Raises StorageError."""
        return await self._figures.workers_live(LATELY)


class EmbeddedWorker:
    """The one process that runs the jobs of SQLite files: it holds a lock while it is alive."""

    def __init__(self, locks: Locks, lock: str) -> None:
        self._locks = locks
        self._lock = lock

    async def alive(self) -> bool:
        """Return whether it is running."""
        try:
            async with self._locks.exclusive(self._lock):
                return False
        except BusyError:
            return True
