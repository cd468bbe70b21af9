"""Read replicas: reads that may be slightly stale go there; one that is down, lags or belongs elsewhere is left out.

Every few seconds the primary is asked for its position and each replica how far it has followed. A replica serves
reads only if it was healthy at the last check, and that check came after everything this process has written:
a read after a write sees the write.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.storage.engine.faults import DATABASE_ERRORS, lost_connection, translate
from tg_parser.storage.engine.pool import Pool
from tg_parser.storage.engine.transactions import Database

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 3.0
LOOK_TIMEOUT_SECONDS = 5.0
NOT_LOOKED_AT = "has not been looked at yet"
LOOKS_KEPT = 1000

T = TypeVar("T")


class Sample(NamedTuple):
    """The primary at one check: its position in the log, and how many transactions this process had written by then."""

    at: float
    position: int
    writes: int


class ReplayProgress(NamedTuple):
    """A replica's report: how far it has replayed, and the age in seconds of its last transaction."""

    in_recovery: bool
    same_cluster: bool
    replayed: int | None
    age: float | None


def followed(samples: Iterable[Sample], progress: ReplayProgress) -> Sample | None:
    """The latest sample whose position the replica has reached."""
    reached = [each for each in samples if progress.replayed is not None and each.position <= progress.replayed]
    return reached[-1] if reached else None


def lag_of(samples: Sequence[Sample] | deque[Sample], progress: ReplayProgress) -> float | None:
    """At most this many seconds behind: since the primary was at a passed position, or since the last transaction."""
    passed, now = followed(samples, progress), samples[-1]
    if passed is now:
        return 0.0
    bounds = [now.at - passed.at] if passed else []
    return min(bounds + ([progress.age] if progress.age is not None else []), default=None)


def why_left_out(progress: ReplayProgress, lag: float | None, max_lag: float) -> str | None:
    """The reason not to read from a replica, in words that follow its name; None if it is healthy."""
    if not progress.same_cluster:
        return "belongs to another server than the primary"
    if not progress.in_recovery:
        return "is not a replica: it takes writes itself"
    if lag is None:
        return "does not report how far behind it is"
    return f"is {lag:.0f} s behind" if lag > max_lag else None


@dataclass(slots=True)
class Replica:
    """One replica and its state; `writes_seen` counts the writes of this process that it has certainly followed."""

    name: str
    pool: Pool
    left_out: str | None = NOT_LOOKED_AT
    writes_seen: int = -1


class Replicas:
    """The replicas of one primary."""

    def __init__(self, primary: Pool, engines: Mapping[str, AsyncEngine], settings: DatabaseSettings) -> None:
        limit = settings.pool_limit
        self.all: Sequence[Replica] = [Replica(name, Pool(engine, limit)) for name, engine in engines.items()]
        self._primary = primary
        self._max_lag = settings.replica_max_lag
        self._turn = itertools.count()
        self._samples: deque[Sample] = deque(maxlen=LOOKS_KEPT)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Check at once, then regularly while the block runs; then close the connections."""
        await self.look()
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            for replica in self.all:
                await replica.pool.engine.dispose()

    def choose(self) -> Replica | None:
        """A replica that has followed all that this process has written, in rotation; None if there is none."""
        well = [each for each in self.all if each.left_out is None and each.writes_seen >= self._primary.writes]
        return well[next(self._turn) % len(well)] if well else None

    def leave_out(self, replica: Replica, reason: str | None) -> None:
        """Record the state of `replica`, and log what has changed."""
        if reason == replica.left_out:
            return
        was, replica.left_out = replica.left_out, reason
        if reason is None:
            log.info(f"Replica {replica.name} is used for reads.", before=was)
        elif was in {None, NOT_LOOKED_AT}:
            log.warning(f"Replica {replica.name} {reason}; it is not used until that is fixed.")

    async def look(self) -> None:
        """Ask the primary for its position, and every replica how far it has followed."""
        writes = self._primary.writes
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_SECONDS), self._primary.connection() as conn:
                primary = (await conn.exec_driver_sql(_PRIMARY_SQL)).one()
        except (*DATABASE_ERRORS, TimeoutError) as error:
            # Whoever needs the primary will notice; without it nothing can be said about the replicas.
            log.debug("the primary does not report its position", reason=type(error).__name__)
            return
        self._samples.append(Sample(time.monotonic(), primary.position, writes))
        await asyncio.gather(*(self._look_at(each, primary.cluster) for each in self.all))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await self.look()

    async def _look_at(self, replica: Replica, cluster: int) -> None:
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_SECONDS), replica.pool.connection() as conn:
                progress = ReplayProgress(*(await conn.execute(text(_REPLICA_SQL), {"cluster": cluster})).one())
        except (*DATABASE_ERRORS, TimeoutError) as error:
            self.leave_out(replica, _reason(error))
            return
        passed = followed(self._samples, progress)
        replica.writes_seen = passed.writes if passed else -1
        self.leave_out(replica, why_left_out(progress, lag_of(self._samples, progress), self._max_lag))


class Reader(Database):
    """A database for reads that may be a few seconds old: from a healthy replica if any, or from the primary."""

    def __init__(self, primary: Database, replicas: Replicas) -> None:
        super().__init__(primary.name, primary.engine, pool=primary.pool, retry=primary.retry)
        self._replicas = replicas

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` on one consistent state. Raises StorageError."""
        replica = self._replicas.choose()
        if replica is None:
            return await super().read(work)
        try:
            async with replica.pool.connection() as conn, conn.begin():
                return await work(conn)
        except DATABASE_ERRORS as error:
            # A replica also cancels statements that block its replay; the primary does not.
            if lost_connection(error):
                self._replicas.leave_out(replica, _reason(error))
        return await super().read(work)


def _reason(error: Exception) -> str:
    known = translate(error, "")
    return known.message.strip(" .") if known else "does not answer"


_PRIMARY_SQL = """
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint AS position, system_identifier AS cluster
FROM pg_control_system()
"""
_REPLICA_SQL = """
SELECT pg_is_in_recovery(),
       (SELECT system_identifier FROM pg_control_system()) = :cluster,
       pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
"""
