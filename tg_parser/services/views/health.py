"""How well the service is, as every interface shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from tg_parser.domain.sources import SourceStatus
from tg_parser.services.views.base import View
from tg_parser.services.views.upkeep import SchemaState
from tg_parser.storage.engine.pool import PoolFigures

PartName = Literal["database", "migrations", "jobs", "provider"]
PartState = Literal["ok", "failed", "unknown"]
"""`unknown` is what could not be looked at because something else failed."""


class Liveness(View):
    """`/health/live`: the process answers."""

    status: Literal["ok"] = "ok"


class DatabaseHealth(View):
    """Whether the database answers, how fast, and the connection pools of this process."""

    type: Literal["sqlite", "postgresql"]
    status: PartState
    latency_ms: float | None
    problem: str | None
    pools: dict[str, PoolFigures]


class MigrationsHealth(View):
    """Whether every schema is the one of this version."""

    status: PartState
    problem: str | None
    databases: tuple[SchemaState, ...]


class JobsHealth(View):
    """Whether anybody does the jobs that wait."""

    status: PartState
    problem: str | None


class ProviderHealth(View):
    """The language model; `offline` where none is used, `unchecked` unless HEALTH_LLM_CHECK asks for it."""

    name: str
    status: Literal["ok", "failed", "unchecked", "offline"]
    latency_ms: float | None
    problem: str | None


class HealthReport(View):
    """`/health`: `degraded` is a service of which something does not work, `unavailable` one without a database."""

    status: Literal["ok", "degraded", "unavailable"]
    version: str
    timestamp: datetime
    database: DatabaseHealth
    migrations: MigrationsHealth
    jobs: JobsHealth
    provider: ProviderHealth


class Readiness(View):
    """`/health/ready`: what keeps the service from its work, and why, by part; nothing where it is ready."""

    status: Literal["ready", "unavailable"]
    failing: tuple[PartName, ...]
    problems: dict[str, str]


class SourceHealth(View):
    """A source: `backlog` messages wait to be processed, the oldest of them is from `oldest_due`.

    `failures` are messages in the failure ledger, `fail_count` the attempts to collect that failed since the last
    success.
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
