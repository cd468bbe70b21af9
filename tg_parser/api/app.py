"""The application: routes, middleware, and errors as problem details."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Route, Router, compile_path
from starlette.types import ASGIApp

from tg_parser.api.context import Services, scope_of
from tg_parser.api.middleware.access_log import AccessLog
from tg_parser.api.middleware.bodies import BoundedBodies
from tg_parser.api.middleware.gate import Gate
from tg_parser.api.middleware.heads import Heads
from tg_parser.api.middleware.hosts import Hosts
from tg_parser.api.middleware.idempotency import Idempotency
from tg_parser.api.middleware.problems import Problems
from tg_parser.api.middleware.request_ids import RequestIds
from tg_parser.api.middleware.tracing import Tracing
from tg_parser.api.openapi import DescribedApi
from tg_parser.api.probes import Guard, ReadyWithoutKeys, probe_routes
from tg_parser.api.problems import http_problem, problem_of
from tg_parser.api.rate_limits import RateLimits
from tg_parser.api.routes import (
    events,
    exports,
    jobs,
    keys,
    reading,
    search,
    sources,
    topic_edits,
    upkeep,
    webhooks,
    work,
)
from tg_parser.api.wrong_fields import wrong_fields
from tg_parser.config.api_settings import ApiSettings, parts
from tg_parser.domain.errors import TgParserError
from tg_parser.wiring.observability import Counting

PREFIX = "/api/v1"
MCP_PATH = "/mcp"
_ROUTERS = (sources, work, jobs, events, reading, search, topic_edits, exports, upkeep, keys, webhooks)
_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")


def create_app(services: Services, mcp: ASGIApp, counting: Counting | None = None) -> ASGIApp:
    """Create the ASGI application: probes, which are cheap, the tools of `mcp`, and everything under /api/v1.

    Requests are counted, and /metrics is served, if `counting` is given.
    """
    settings = services.app.settings
    api = create_api()
    api.state.services = services
    probes = probe_routes(services.app.health, counting.page if counting else None, _guard_of(services))
    routed: ASGIApp = Heads(Router(routes=[*probes, Route(MCP_PATH, mcp)], default=api))
    routed = Idempotency(routed, services.keyed_requests, secret=(f"{PREFIX}/keys", f"{PREFIX}/webhooks"))
    routed = BoundedBodies(routed, most=settings.api.max_body, seconds=settings.api.body_timeout)
    routed = Gate(
        routed,
        services.installation.keys,
        RateLimits(settings.rate_limits),
        key_required=settings.api.key_required,
    )
    routed = ReadyWithoutKeys(routed)
    served = _around(routed, settings.api, traced=settings.observability.traces_to is not None)
    if counting is None:
        return served
    # Only needed for counting, and takes a while to load.
    from tg_parser.api.middleware.http_metrics import HttpMetrics  # noqa: PLC0415

    return HttpMetrics(served, counting.instruments)


def create_api() -> FastAPI:
    """Create the routes under /api/v1, with their description."""
    api = DescribedApi(
        title="TG_parser",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        # FastAPI's own traces would contain the full address of a request.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    for each in _ROUTERS:
        api.include_router(each.router, prefix=PREFIX)
    api.add_exception_handler(TgParserError, _told)
    api.add_exception_handler(HTTPException, _told_by_http)
    api.add_exception_handler(RequestValidationError, _told_by_field)
    api.add_exception_handler(Exception, _unexpected)
    return api


def _around(routed: ASGIApp, settings: ApiSettings, *, traced: bool) -> ASGIApp:
    """Wrap the routes in middleware; the last one added is the outermost."""
    origins = parts(settings.cors_origins)
    if origins:
        routed = CORSMiddleware(
            routed,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "X-API-Key",
                "Content-Type",
                "Idempotency-Key",
                "Last-Event-ID",
                "X-Request-ID",
            ],
            expose_headers=[
                "Location",
                "ETag",
                "X-Request-ID",
                "Retry-After",
                "RateLimit-Remaining",
                "RateLimit-Reset",
            ],
        )
    names = parts(settings.allowed_hosts) or (() if settings.key_required else (*_THIS_MACHINE, settings.host))
    routed = Hosts(routed, names=names, origins=origins, open_to_all=not settings.key_required)
    answered: ASGIApp = Problems(routed)
    return RequestIds(AccessLog(Tracing(answered) if traced else answered))


def _guard_of(services: Services) -> Guard:
    async def guard(request: Request) -> frozenset[str] | None:
        """Return the channels visible to the caller. Raises ForbiddenError."""
        scope = scope_of(request, services)
        scope.require("read", everywhere=request.scope["path"] == "/metrics")
        return await scope.channels()

    return guard


def _request_id(request: Request) -> str | None:
    found: str | None = request.scope["state"].get("request_id")
    return found


async def _told(request: Request, error: Exception) -> Response:
    if not isinstance(error, TgParserError):
        raise error
    return problem_of(error, _request_id(request))


async def _told_by_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    detail = error.detail if error.status_code not in {404, 405} else None
    return http_problem(error.status_code, _request_id(request), detail, headers=headers)


def _allowed(request: Request) -> str:
    """Return the methods of all routes with this path, as each route only knows its own."""
    paths = request.app.openapi()["paths"]
    found = (operations for path, operations in paths.items() if compile_path(path)[0].match(request.scope["path"]))
    methods = {method.upper() for operations in found for method in operations}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def _told_by_field(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = wrong_fields(error.errors(), request.headers.get("content-type", ""))
    told = "; ".join(f"{each.where}: {each.problem}" for each in wrong)
    return http_problem(422, _request_id(request), told, wrong=wrong)


async def _unexpected(request: Request, _: Exception) -> Response:
    return http_problem(500, _request_id(request))
