"""Builds the API for an application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from starlette.types import ASGIApp

from tg_parser.api.app import create_app
from tg_parser.api.context import Services
from tg_parser.services.job_watch import JobWatch
from tg_parser.services.jobs import JobService
from tg_parser.services.scope import Installation
from tg_parser.wiring.app import App
from tg_parser.wiring.jobs import job_files, job_service, jobs_over, schedule_kept, schedule_service
from tg_parser.wiring.observability import counting, traces_of
from tg_parser.wiring.webhooks import webhook_service


@dataclass(frozen=True, slots=True)
class Served:
    """An application ready to be served; `stop` ends everything that would keep it open."""

    app: ASGIApp
    stop: Callable[[], None]


@asynccontextmanager
async def opened(app: App, *, with_jobs: bool) -> AsyncIterator[Served]:
    """Yield the application to serve; with `jobs`, this process also runs jobs."""
    with traces_of(app):
        async with _served_with_jobs(app) if with_jobs else nullcontext(_served(app, job_service(app))) as served:
            yield served


@asynccontextmanager
async def _served_with_jobs(app: App) -> AsyncIterator[Served]:
    jobs, stopping = jobs_over(app), asyncio.Event()
    async with schedule_kept(app, jobs.service):
        running = asyncio.create_task(jobs.runner.run(stopping))
        try:
            yield _served(app, jobs.service)
        finally:
            stopping.set()
            await running


def _served(app: App, jobs: JobService) -> Served:
    watch = JobWatch(jobs)
    services = Services(
        app=app,
        installation=Installation(
            app.sources, jobs, app.reading, app.keys, webhook_service(app, jobs.look_now), app.topic_edits
        ),
        watch=watch,
        files=job_files(app),
        schedule=schedule_service(app, jobs),
        keyed_requests=app.keyed_requests,
    )
    return Served(create_app(services, counting(app, jobs)), watch.close)
