"""Health of the service."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from tg_parser.domain.sources import SourceStatus
from tg_parser.services.views.base import View
from tg_parser.services.views.upkeep import SchemaState
from tg_parser.storage.engine.pool import PoolFigures

PartName = Literal["database", "migrations", "jobs", "provider"]
PartState = Literal["ok", "failed", "unknown"]
"""`unknown` means that the part could not be checked because something else failed."""


class Liveness(View):
    """`/health/live`: the process responds."""

    status: Literal["ok"] = "ok"


class DatabaseHealth(View):
    """Whether the database responds, how fast, and the connection pools of this process."""

    type: Literal["sqlite", "postgresql"]
    status: PartState
    latency_ms: float | None
    problem: str | None
    pools: dict[str, PoolFigures]


class MigrationsHealth(View):
    """Whether all schemas are those of this version."""

    status: PartState
    problem: str | None
    databases: tuple[SchemaState, ...]


class JobsHealth(View):
    """Whether workers are running the waiting jobs."""

    status: PartState
    problem: str | None


class ProviderHealth(View):
    """The language model; `offline` if none is used, `unchecked` unless HEALTH_LLM_CHECK is set."""

    name: str
    status: Literal["ok", "failed", "unchecked", "offline"]
    latency_ms: float | None
    problem: str | None


class HealthReport(View):
    """`/health`: `degraded` if some part does not work, `unavailable` if the database does not."""

    status: Literal["ok", "degraded", "unavailable"]
    version: str
    timestamp: datetime
    database: DatabaseHealth
    migrations: MigrationsHealth
    jobs: JobsHealth
    provider: ProviderHealth


class Readiness(View):
    """`/health/ready`: by part, what prevents the service from working; empty if it is ready."""

    status: Literal["ready", "unavailable"]
    failing: tuple[PartName, ...]
    problems: dict[str, str]


class SourceHealth(View):
    """A source: `backlog` messages are waiting, the oldest since `oldest_due`.

    `failures` is the number of messages in the failure ledger, `fail_count` that of failed attempts to collect since
    the last success.
    """

    source_id: str
    status: SourceStatus
    last_success_at: datetime | None
    last_attempt_at: datetime | None
    rate_limit_until: datetime | None
    backlog: int
    oldest_due: datetime | None
    failures: int
    fail_count: int
    last_error: str | None


class ServiceStatus(View):
    """`/status`: every source, and the number of jobs in each state."""

    timestamp: datetime
    sources: tuple[SourceHealth, ...]
    jobs: dict[str, int]
