"""Builds metrics and traces of a process, and for the API also the metrics of the databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tg_parser.observability import metrics, tracing

if TYPE_CHECKING:
    from tg_parser.observability.instruments import Instruments
    from tg_parser.services.jobs import JobService
    from tg_parser.wiring.app import App

MetricsPage = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Counting:
    """The instruments of the API, and the page that shows them."""

    instruments: Instruments
    page: MetricsPage


def counted(app: App) -> Instruments:
    """Start counting in this process, including its connections."""
    instruments = metrics.switch_on()
    pools = app.shared.databases.pools
    metrics.watch_pools(lambda: {name: pool.figures() for name, pool in pools.items()})
    return instruments


def counting(app: App, jobs: JobService) -> Counting | None:
    """Return the counting of the API; None unless METRICS_ENABLED."""
    return Counting(counted(app), metrics_page(app, jobs)) if app.settings.observability.metrics else None


def metrics_page(app: App, jobs: JobService) -> MetricsPage:
    """Return the metrics page of the API: its own metrics, and those of the databases."""
    # Takes a while to load, and most installations do not need it.
    from tg_parser.observability.state import StateCollector  # noqa: PLC0415
    from tg_parser.services.state_metrics import StateMetrics  # noqa: PLC0415

    settings = app.settings
    collector = StateCollector(settings.observability.metrics_sources)

    async def last_takeover() -> datetime | None:
        found = await jobs.last_takeover()
        return found.at if found else None

    state = StateMetrics(
        collector,
        app.shared.databases.processing,
        app.figures,
        settings.llm_money.monthly_budget,
        last_backup=_last_backup(app),
        last_takeover=last_takeover,
    )

    async def page() -> bytes:
        await state.refresh()
        return metrics.page(collector.registry)

    return page


@contextmanager
def metrics_of_worker(app: App, host: str, port: int | None) -> Iterator[int | None]:
    """For the duration of the block, serve the metrics of this process on a separate port, if one is given.

    Raises BusyError if the port is not available.
    """
    if port is None:
        yield None
        return
    from tg_parser.observability.metrics_server import metrics_served  # noqa: PLC0415 - as above

    with metrics_served(counted(app).registry, host, port) as taken:
        yield taken


def traces_of(app: App) -> AbstractContextManager[None]:
    """For the duration of the block, trace if OTEL_EXPORTER_OTLP_ENDPOINT is set.

    Raises SettingsError if the required packages are not installed.
    """
    settings = app.settings.observability
    return tracing.traced(settings.traces_to, settings.service_name)


def _last_backup(app: App) -> Callable[[], Awaitable[datetime | None]]:
    """Return the time of the last backup, made by a job on any machine or found in this process's backup folder."""
    from tg_parser.storage.stores.job_figures import JobFigures  # noqa: PLC0415 - as above
    from tg_parser.wiring.backups import backup_service  # noqa: PLC0415 - as above

    figures, backups = JobFigures(app.shared.databases.processing), backup_service(app.settings)

    async def last() -> datetime | None:
        found = [each.created_at for each in await backups.all() if each.state == "good"]
        done = await figures.last_done("backup")
        return max([*found, *([done] if done else [])], default=None)

    return last
