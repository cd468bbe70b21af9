"""Builds the API for an application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp

from tg_parser.api.app import create_app
from tg_parser.api.context import Services, scope_of
from tg_parser.domain.errors import UnauthorizedError
from tg_parser.mcp.http import McpOverHttp
from tg_parser.mcp.server import create_server
from tg_parser.services.job_watch import JobWatch
from tg_parser.services.jobs import JobService
from tg_parser.services.scope import Scope
from tg_parser.wiring.app import App
from tg_parser.wiring.installation import installation_of
from tg_parser.wiring.jobs import job_files, job_service, jobs_over, schedule_kept, schedule_service
from tg_parser.wiring.observability import counting, traces_of


@dataclass(frozen=True, slots=True)
class Served:
    """An application ready to be served; `stop` ends everything that would keep it open."""

    app: ASGIApp
    stop: Callable[[], None]
    mcp: McpOverHttp


@asynccontextmanager
async def opened(app: App, *, with_jobs: bool) -> AsyncIterator[Served]:
    """Yield the application to serve; with `jobs`, this process also runs jobs."""
    with traces_of(app):
        async with (
            _served_with_jobs(app) if with_jobs else nullcontext(_served(app, job_service(app))) as served,
            served.mcp.running(),
        ):
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
        installation=installation_of(app, jobs),
        watch=watch,
        files=job_files(app),
        schedule=schedule_service(app, jobs),
        keyed_requests=app.keyed_requests,
    )
    mcp = _mcp(services)
    return Served(create_app(services, mcp, counting(app, jobs)), watch.close, mcp)


def _mcp(services: Services) -> McpOverHttp:
    settings = services.app.settings

    def caller(request: Request | None) -> Scope:
        if request is None:
            raise UnauthorizedError("The caller is unknown.")
        return scope_of(request, services)

    return McpOverHttp(create_server(caller, may_start=settings.mcp.may_start), max_body=settings.api.max_body)
