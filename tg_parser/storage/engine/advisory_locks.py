"""PostgreSQL's advisory locks for named work, held as long as the work lasts, even across a server restart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tg_parser.domain.errors import BusyError, StorageError
from tg_parser.storage.engine.dialects import dialect_of, lock_key
from tg_parser.storage.engine.faults import DATABASE_ERRORS, translate_db_errors
from tg_parser.storage.engine.locks import busy

log = structlog.get_logger(__name__)

CHECK_EVERY_SECONDS = 5.0


class AdvisoryLocks:
    """Locks, each on a connection of its own that lives as long as the lock.

    `engine` has no pool: a lock is held for a whole run and must not take a connection from the work itself.
    Behind a transaction pooler only an open transaction keeps its session, so the lock belongs to one (`pooled`).
    """

    def __init__(self, engine: AsyncEngine, *, pooled: bool, check_every: float = CHECK_EVERY_SECONDS) -> None:
        self._engine = engine
        self._pooled = pooled
        self._check_every = check_every

    @contextlib.asynccontextmanager
    async def exclusive(self, name: str) -> AsyncIterator[None]:
        """Hold `name`. A lock that the server lost is taken again; if another process was quicker, the block ends."""
        owner = asyncio.current_task()
        if owner is None:
            raise RuntimeError("a lock is held by a task")
        lock = _Lock(self._engine, name, pooled=self._pooled)
        try:
            await lock.take()
            keeper = asyncio.create_task(lock.keep(owner, self._check_every))
            try:
                yield
            except asyncio.CancelledError:
                if lock.lost is None:
                    raise
                owner.uncancel()
                raise lock.lost from None
            finally:
                keeper.cancel()
                await asyncio.wait([keeper])
                if not keeper.cancelled():
                    keeper.result()
        finally:
            await lock.let_go()


class _Lock:
    """One lock and the connection it lives on."""

    def __init__(self, engine: AsyncEngine, name: str, *, pooled: bool) -> None:
        self.lost: BusyError | None = None
        """Set when another process has taken the lock after the server lost ours."""
        self._engine = engine
        self._name = name
        self._pooled = pooled
        self._place = dialect_of(engine).table_owner(engine)
        self._conn: AsyncConnection | None = None

    async def take(self) -> None:
        """Raises BusyError, which names the holder, and StorageError."""
        key = {"key": lock_key(self._name)}
        with translate_db_errors(self._place):
            self._conn = conn = await self._engine.connect()
            if self._pooled:
                await conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            else:
                await conn.execution_options(isolation_level="AUTOCOMMIT")
            if not await conn.scalar(text(_TAKE_IN_TRANSACTION if self._pooled else _TAKE), key):
                raise busy(self._name, await conn.scalar(text(_HOLDER_SQL), key) or "")

    async def keep(self, owner: asyncio.Task[object], check_every: float) -> None:
        """Check regularly that the lock is still held; cancel `owner` when another process has it."""
        while self.lost is None:
            await asyncio.sleep(check_every)
            if await self._is_alive():
                continue
            await self.let_go()
            try:
                await self.take()
                log.warning(f"{self._place} lost the lock on {self._name}; it was acquired again.")
            except BusyError as error:
                self.lost = error
                owner.cancel()
            except StorageError as error:
                log.debug("the lock cannot be taken again yet", lock=self._name, reason=error.message)

    async def let_go(self) -> None:
        """Release the lock and close its session."""
        if self._conn is None:
            return
        conn, self._conn = self._conn, None
        try:
            # Closing the session would release it too, but only once the server has noticed.
            if self._pooled:
                await conn.rollback()
            elif not conn.invalidated:
                await conn.execute(text("SELECT pg_advisory_unlock_all()"))
        except DATABASE_ERRORS as error:
            log.debug("the session of a lock was gone", lock=self._name, reason=type(error).__name__)
        finally:
            await conn.invalidate()
            await conn.close()

    async def _is_alive(self) -> bool:
        if self._conn is None:
            return False
        try:
            await self._conn.exec_driver_sql("SELECT 1")
        except DATABASE_ERRORS:
            return False
        return True


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
