"""Builds health checks for open databases."""

from __future__ import annotations

from tg_parser.config.settings import Settings
from tg_parser.jobs.embedded import LOCK
from tg_parser.services.health import HealthService, Workers
from tg_parser.services.job_workers import EmbeddedWorker, QueueWorkers
from tg_parser.services.provider_health import LlmProvider
from tg_parser.services.service_figures import FiguresService
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.backlogs import BacklogStorage
from tg_parser.storage.stores.job_figures import JobFigures
from tg_parser.storage.stores.sources import IngestionStorage


def figures_over(databases: Databases, sources: IngestionStorage) -> FiguresService:
    """Return the figures for monitoring."""
    return FiguresService(sources, BacklogStorage(databases.processing), JobFigures(databases.processing))


def health_over(databases: Databases, settings: Settings, figures: FiguresService) -> HealthService:
    """Return the health checks of an installation, as seen from this process."""
    jobs = JobFigures(databases.processing)
    on_server = settings.database.type == "postgresql"
    workers: Workers = QueueWorkers(jobs) if on_server else EmbeddedWorker(databases.locks, LOCK)
    return HealthService(databases, workers, LlmProvider(settings.llm, settings.observability), figures)
