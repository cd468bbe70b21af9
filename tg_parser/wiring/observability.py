"""Metrics and traces of a service: its own metrics, and for the API those of the databases."""

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
    """What the API counts with, and the page that shows it."""

    instruments: Instruments
    page: MetricsPage


def counted(app: App) -> Instruments:
    """Count from now on what happens in this process, and watch its connections."""
    instruments = metrics.switch_on()
    pools = app.shared.databases.pools
    metrics.watch_pools(lambda: {name: pool.figures() for name, pool in pools.items()})
    return instruments


def counting(app: App, jobs: JobService) -> Counting | None:
    """What an API counts with; None unless METRICS_ENABLED."""
    return Counting(counted(app), metrics_page(app, jobs)) if app.settings.observability.metrics else None


def metrics_page(app: App, jobs: JobService) -> MetricsPage:
    """What the API shows: its own metrics, and those of the databases."""
    # What they are made of takes a while to load, and most installations do not want them.
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
    """For the length of the block, the metrics of this process are served on a port of their own, where one is named.

    Raises BusyError where the port cannot be had.
    """
    if port is None:
        yield None
        return
    from tg_parser.observability.metrics_server import metrics_served  # noqa: PLC0415 - as above

    with metrics_served(counted(app).registry, host, port) as taken:
        yield taken


def traces_of(app: App) -> AbstractContextManager[None]:
    """For the length of the block, what happens is traced where OTEL_EXPORTER_OTLP_ENDPOINT says so.

    Raises SettingsError where the packages for it are not installed.
    """
    settings = app.settings.observability
    return tracing.traced(settings.traces_to, settings.service_name)


def _last_backup(app: App) -> Callable[[], Awaitable[datetime | None]]:
    """Of a job, on whichever machine, or in the folder of backups that this process sees."""
    from tg_parser.storage.stores.job_figures import JobFigures  # noqa: PLC0415 - as above
    from tg_parser.wiring.backups import backup_service  # noqa: PLC0415 - as above

    figures, backups = JobFigures(app.shared.databases.processing), backup_service(app.settings)

    async def last() -> datetime | None:
        found = [each.created_at for each in await backups.all() if each.state == "good"]
        done = await figures.last_done("backup")
        return max([*found, *([done] if done else [])], default=None)

    return last
