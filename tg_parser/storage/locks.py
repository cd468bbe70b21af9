"""Named locks that keep two processes apart. The system takes them back when a process dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tg_parser.domain.errors import BusyError
from tg_parser.storage.dialects import dialect_of, lock_key
from tg_parser.storage.faults import told


class Locks(Protocol):
    """Exclusive use of named work, such as `process:-100123`."""

    def exclusive(self, name: str) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold `name` for the length of the block. Raises BusyError, which says who holds it."""
        ...


class FileLocks:
    """Locks as locked files in a folder beside the SQLite files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.asynccontextmanager
    async def exclusive(self, name: str) -> AsyncIterator[None]:
        """Hold `name` by a lock on a file that carries the holder's process id."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _busy(name, os.read(handle, 200).decode(errors="replace")) from None
            os.ftruncate(handle, 0)
            os.write(handle, _holder().encode())
            yield
        finally:
            os.close(handle)


class AdvisoryLocks:
    """PostgreSQL's advisory locks, each on a connection of its own that lives as long as the lock.

    `engine` has no pool: a lock is held as long as a whole run, and must not take a connection from those who work.
    Behind a transaction pooler only an open transaction keeps its session, so the lock belongs to one (`pooled`).
    """

    def __init__(self, engine: AsyncEngine, *, pooled: bool) -> None:
        self._engine = engine
        self._pooled = pooled
        self._place = dialect_of(engine).table_owner(engine)

    @contextlib.asynccontextmanager
    async def exclusive(self, name: str) -> AsyncIterator[None]:
        """Hold `name` by a lock of the session, or of a transaction that does nothing else."""
        key = {"key": lock_key(name)}
        async with self._session() as conn:
            with told(self._place):
                taken = await conn.scalar(text(_TAKE_IN_TRANSACTION if self._pooled else _TAKE), key)
                holder = None if taken else await conn.scalar(text(_HOLDER_SQL), key)
            if not taken:
                raise _busy(name, holder or "")
            yield

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncConnection]:
        with told(self._place):
            conn = await self._engine.connect()
        try:
            with told(self._place):
                if self._pooled:
                    await conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
                else:
                    await conn.execution_options(isolation_level="AUTOCOMMIT")
            yield conn
        finally:
            await conn.invalidate()
            await conn.close()


_TAKE = "SELECT pg_try_advisory_lock(:key)"
_TAKE_IN_TRANSACTION = "SELECT pg_try_advisory_xact_lock(:key)"
_HOLDER_SQL = """
SELECT activity.application_name || ' (server process ' || activity.pid || ')'
FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.classid::bigint = ((:key >> 32) & 4294967295) AND held.objid::bigint = (:key & 4294967295)
LIMIT 1
"""


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def _busy(name: str, holder: str) -> BusyError:
    what, _, channel = name.partition(":")
    by = f": {holder}" if holder else ""
    return BusyError(
        f"Another run is at work on {channel or what} ({what}){by}.",
        "Wait until it is done, or stop it; then try again.",
    )
