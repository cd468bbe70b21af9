"""Health of the service. Every check answers within two seconds, even if the database does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime
from typing import Literal, Protocol

from tg_parser import __version__
from tg_parser.domain.errors import NotReadyError, StorageUnavailableError, TgParserError
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.cached import CachedValue, answered_within
from tg_parser.services.databases import DatabaseService
from tg_parser.services.service_figures import FiguresService
from tg_parser.services.views.health import (
    DatabaseHealth,
    HealthReport,
    JobsHealth,
    Liveness,
    MigrationsHealth,
    PartName,
    ProviderHealth,
    Readiness,
    ServiceStatus,
)
from tg_parser.services.views.upkeep import SchemaState
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.migrator import known_revisions

KEPT_SECONDS = 1.0
DATABASE_SECONDS = 1.5
"""How long to wait for a database."""
NOBODY_WORKS = "No worker has been seen recently, so jobs are waiting."


class Workers(Protocol):
    """Tells whether workers are running."""

    async def alive(self) -> bool:
        """Return whether a worker is running. Raises StorageError."""
        ...


class ModelHealth(Protocol):
    """Tells the health of the language model."""

    async def health(self) -> ProviderHealth:
        """Return the health of the provider, as far as known."""
        ...


Part = DatabaseHealth | MigrationsHealth | JobsHealth | ProviderHealth


class HealthService:
    """Checks all parts at most once a second, however many callers there are."""

    def __init__(
        self,
        databases: Databases,
        workers: Workers,
        provider: ModelHealth,
        figures: FiguresService,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._databases = databases
        self._schemas = DatabaseService(databases.all)
        self._workers = workers
        self._provider = provider
        self._figures = figures
        self._clock = clock
        self._report = CachedValue(self._looked, KEPT_SECONDS)

    def live(self) -> Liveness:
        """Return that the process responds."""
        return Liveness()

    async def health(self) -> HealthReport:
        """Return the state of every part, at most a second old."""
        return await self._report.get()

    async def ready(self) -> Readiness:
        """Return whether the service can work, and if not, what prevents it."""
        report = await self.health()
        parts: dict[PartName, Part] = {
            "database": report.database,
            "migrations": report.migrations,
            "jobs": report.jobs,
            "provider": report.provider,
        }
        failing = {name: part.problem or "" for name, part in parts.items() if part.status == "failed"}
        status: Literal["ready", "unavailable"] = "unavailable" if failing else "ready"
        return Readiness(
            status=status, failing=tuple(failing), problems={str(name): problem for name, problem in failing.items()}
        )

    async def require_ready(self) -> None:
        """Raise NotReadyError, which states every reason, unless the service can do its work."""
        found = await self.ready()
        if found.failing:
            raise NotReadyError(" ".join(found.problems.values()), case="not_ready", failing=list(found.failing))

    async def status(self, channels: Collection[str] | None = None) -> ServiceStatus:
        """Return figures of sources and jobs, optionally of some channels only. Raises StorageError."""
        if problem := await _problem_of(self._pinged()):
            raise StorageUnavailableError(problem, "Try again when it does.")
        return await self._figures.status(channels)

    async def _looked(self) -> HealthReport:
        provider = asyncio.ensure_future(self._provider.health())
        database = await self._database()
        migrations, jobs = _UNKNOWN_MIGRATIONS, _UNKNOWN_JOBS
        if database.status == "ok":
            migrations, jobs = await asyncio.gather(self._migrations(), self._jobs())
        model = await provider
        return HealthReport(
            status=_overall(database.status, (migrations.status, jobs.status, model.status)),
            version=__version__,
            timestamp=self._clock(),
            database=database,
            migrations=migrations,
            jobs=jobs,
            provider=model,
        )

    async def _database(self) -> DatabaseHealth:
        began = time.perf_counter()
        problem = await _problem_of(self._pinged())
        taken = round((time.perf_counter() - began) * 1000, 2)
        return DatabaseHealth(
            type="sqlite" if self._databases.processing.dialect.embedded else "postgresql",
            status="failed" if problem else "ok",
            latency_ms=None if problem else taken,
            problem=problem,
            pools={name: pool.figures() for name, pool in self._databases.pools.items()},
        )

    async def _migrations(self) -> MigrationsHealth:
        found: list[SchemaState] = []

        async def look() -> None:
            found.extend(await self._schemas.current("all"))

        problem = await _problem_of(look())
        wrong = [each for each in found if each.revision != each.newest]
        if wrong and not problem:
            problem = " ".join(map(_wrong_schema, wrong))
        return MigrationsHealth(status="failed" if problem else "ok", problem=problem, databases=tuple(found))

    async def _jobs(self) -> JobsHealth:
        alive: list[bool] = []

        async def look() -> None:
            alive.append(await self._workers.alive())

        problem = await _problem_of(look())
        if alive == [False]:
            problem = NOBODY_WORKS
        return JobsHealth(status="failed" if problem else "ok", problem=problem)

    async def _pinged(self) -> None:
        """Raise StorageError if a database does not answer; on a server, one check covers all three."""
        different = {id(each.pool): each for each in self._databases.all}
        await asyncio.gather(*(each.ping() for each in different.values()))


_UNKNOWN_MIGRATIONS = MigrationsHealth(status="unknown", problem=None, databases=())
_UNKNOWN_JOBS = JobsHealth(status="unknown", problem=None)


def _overall(database: str, others: Iterable[str]) -> Literal["ok", "degraded", "unavailable"]:
    if database == "failed":
        return "unavailable"
    return "degraded" if "failed" in others else "ok"


def _wrong_schema(schema: SchemaState) -> str:
    known = known_revisions(schema.database)
    if schema.revision is None or schema.revision in known:
        return f"The {schema.database} schema is older than this version."
    return f"The {schema.database} schema is newer than this version. Use the version of TG_parser that wrote it."


async def _problem_of(look: Awaitable[None]) -> str | None:
    """Return a sentence saying what is wrong, or None."""
    try:
        await answered_within(DATABASE_SECONDS, look)
    except TimeoutError:
        return f"The database has not answered for {DATABASE_SECONDS:g} seconds."
    except TgParserError as error:
        return error.message
    return None
