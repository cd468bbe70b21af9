"""Whether anybody does jobs: a worker of the queue that was heard of lately, or the one runner of SQLite files."""

from __future__ import annotations

from tg_parser.domain.errors import BusyError
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.job_figures import JobFigures

LATELY = 30.0
"""Seconds; a worker is heard of every ten."""


class QueueWorkers:
    """Workers of a server, on any machine."""

    def __init__(self, figures: JobFigures) -> None:
        self._figures = figures

    async def alive(self) -> bool:
        """Whether one was heard of lately. Raises StorageError."""
        return await self._figures.workers_live(LATELY)


class EmbeddedWorker:
    """The one process that does the jobs in SQLite files: it holds a lock as long as it lives."""

    def __init__(self, locks: Locks, lock: str) -> None:
        self._locks = locks
        self._lock = lock

    async def alive(self) -> bool:
        """Whether there is one."""
        try:
            async with self._locks.exclusive(self._lock):
                return False
        except BusyError:
            return True
