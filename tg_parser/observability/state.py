"""Metrics read from the databases. They are the same in every process, so only the API exports them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

OTHER = "other"


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """A source, or all further ones together. Ages are in seconds; a source that is not polled has no `lag`."""

    name: str
    status: str
    lag: float | None
    backlog: int = 0
    oldest: float = 0.0
    failed_messages: int = 0
    failed_attempts: int = 0


@dataclass(frozen=True, slots=True)
class JobsFigures:
    """Jobs of one kind and state; `oldest` is the age in seconds of the oldest waiting or running job."""

    kind: str
    state: str
    number: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class StateFigures:
    """All figures. Times are in seconds since 1970, 0 for never; money is in dollars."""

    read_at: float
    sources: Sequence[SourceFigures]
    jobs: Sequence[JobsFigures]
    month_cost: float
    budget_left: float | None
    last_backup: float
    last_takeover: float


class StateCollector(Collector):
    """Exports the last `figures`, if any; `up` is whether the database responds."""

    def __init__(self, most_sources: int) -> None:
        self.registry = CollectorRegistry()
        self.figures: StateFigures | None = None
        self.up = False
        self._most_sources = most_sources
        self.registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Return the metrics."""
        yield _gauge("database_up", "1 if the database responds; else 0, and the others are left out.", self.up)
        if self.figures is not None:
            yield from _of_sources(self.figures.sources, self._most_sources)
            yield from _of_jobs(self.figures.jobs)
            yield from _of_installation(self.figures)


def _of_sources(sources: Sequence[SourceFigures], most: int) -> Iterable[Metric]:
    statuses = Counter(each.status for each in sources)
    yield _labelled("sources", "Sources by status.", ["status"], [((name,), n) for name, n in sorted(statuses.items())])
    shown = [*sources[:most], *_together(sources[most:])]

    def of_each(name: str, meaning: str, values: Iterable[float | None]) -> Metric:
        pairs = zip(shown, values, strict=True)
        known = [((each.name,), value) for each, value in pairs if value is not None]
        return _labelled(name, meaning, ["source"], known)

    yield of_each("backlog_messages", "Messages waiting to be processed.", (each.backlog for each in shown))
    yield of_each(
        "backlog_oldest_seconds", "Age of the oldest waiting message; 0 for none.", (each.oldest for each in shown)
    )
    yield of_each(
        "ingestion_lag_seconds",
        "Time since a source was last collected, or added; none for paused ones and those filled from exports.",
        (each.lag for each in shown),
    )
    yield of_each("failed_messages", "Messages in the failure ledger.", (each.failed_messages for each in shown))
    yield of_each(
        "failed_attempts", "Consecutive failed attempts to collect.", (each.failed_attempts for each in shown)
    )


def _together(rest: Sequence[SourceFigures]) -> list[SourceFigures]:
    if not rest:
        return []
    return [
        SourceFigures(
            OTHER,
            OTHER,
            lag=max((each.lag for each in rest if each.lag is not None), default=None),
            backlog=sum(each.backlog for each in rest),
            oldest=max(each.oldest for each in rest),
            failed_messages=sum(each.failed_messages for each in rest),
            failed_attempts=sum(each.failed_attempts for each in rest),
        )
    ]


def _of_jobs(jobs: Sequence[JobsFigures]) -> Iterable[Metric]:
    labels = ["kind", "state"]
    yield _labelled(
        "jobs", "Jobs by kind and state.", labels, [((each.kind, each.state), each.number) for each in jobs]
    )
    ages = [((each.kind, each.state), each.oldest) for each in jobs if each.oldest is not None]
    yield _labelled("jobs_oldest_seconds", "How long the oldest job has been waiting or running.", labels, ages)


def _of_installation(figures: StateFigures) -> Iterable[Metric]:
    yield _gauge("llm_month_cost_dollars", "Cost of models this month (UTC).", figures.month_cost)
    if figures.budget_left is not None:
        yield _gauge("llm_budget_left_dollars", "Remaining LLM_MONTHLY_BUDGET, if that is set.", figures.budget_left)
    yield _gauge("last_backup_timestamp_seconds", "Time of the newest intact backup; 0 for none.", figures.last_backup)
    yield _gauge(
        "last_takeover_timestamp_seconds",
        "When a worker last looked for jobs of dead workers; 0 for never.",
        figures.last_takeover,
    )
    yield _gauge("state_timestamp_seconds", "When these figures were read from the database.", figures.read_at)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tg_parser_{name}", meaning, value=value)


def _labelled(
    name: str, meaning: str, labels: Sequence[str], values: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    family = GaugeMetricFamily(f"tg_parser_{name}", meaning, labels=labels)
    for named, value in values:
        family.add_metric(named, value)
    return family
