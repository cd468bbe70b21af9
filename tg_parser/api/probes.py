"""Probes for monitoring, outside FastAPI so that they are cheap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tg_parser.domain.errors import StorageUnavailableError
from tg_parser.services.health import HealthService
from tg_parser.services.views.health import Readiness

Guard = Callable[[Request], Awaitable[Collection[str] | None]]
"""Raises if the caller may not ask; returns the channels visible to the caller, None for all."""
Metrics = Callable[[], Awaitable[bytes]]

LIVE, READY = "/health/live", "/health/ready"
PROBES = frozenset({LIVE, READY, "/health", "/status", "/metrics"})
KEYS_UNCHECKED = "keys_unchecked"
"""Case of an error when a probe cannot be authenticated because the database does not respond."""
METRICS_TYPE = "text/plain; version=1.0.0; charset=utf-8"
_JSON = "application/json"
_OK, _UNAVAILABLE = 200, 503
_UNCACHED = {"Cache-Control": "no-store"}


def probe_routes(health: HealthService, metrics: Metrics | None, guard: Guard) -> list[Route]:
    """Return the routes of the probes; /metrics only with `metrics`. All but /health/live pass the `guard`."""
    probes = _Probes(health, guard)
    routes = [
        Route(LIVE, _Live(health), methods=["GET"]),
        Route("/health", probes.health),
        Route(READY, probes.ready),
        Route("/status", probes.status),
    ]
    return routes if metrics is None else [*routes, Route("/metrics", _metrics_page(metrics, guard))]


class ReadyWithoutKeys:
    """Wraps the key check: a readiness probe reports an unavailable database, whatever its key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request. Raises StorageUnavailableError."""
        try:
            await self._app(scope, receive, send)
        except StorageUnavailableError as error:
            if scope["path"] != READY or error.data.get("case") != KEYS_UNCHECKED:
                raise
            failing = Readiness(status="unavailable", failing=("database",), problems={"database": error.message})
            await _answer(_as_json(failing), _UNAVAILABLE)(scope, receive, send)


class _Live:
    """Sends the same few bytes to everyone."""

    def __init__(self, health: HealthService) -> None:
        self._body = _as_json(health.live())
        length = str(len(self._body)).encode()
        self._headers = [
            (b"content-type", _JSON.encode()),
            (b"content-length", length),
            (b"cache-control", b"no-store"),
        ]

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer."""
        # Middleware may add headers, so every response gets its own list.
        await send({"type": "http.response.start", "status": _OK, "headers": [*self._headers]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self._body})


class _Probes:
    def __init__(self, health: HealthService, guard: Guard) -> None:
        self._health = health
        self._guard = guard
        self._told: tuple[BaseModel | None, bytes] = (None, b"")

    async def health(self, request: Request) -> Response:
        await self._guard(request)
        report = await self._health.health()
        if report is not self._told[0]:
            self._told = report, _as_json(report)
        return _answer(self._told[1], _UNAVAILABLE if report.status == "unavailable" else _OK)

    async def ready(self, request: Request) -> Response:
        await self._guard(request)
        readiness = await self._health.ready()
        return _answer(_as_json(readiness), _UNAVAILABLE if readiness.failing else _OK)

    async def status(self, request: Request) -> Response:
        return _answer(_as_json(await self._health.status(await self._guard(request))))


def _metrics_page(metrics: Metrics, guard: Guard) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        await guard(request)
        return Response(await metrics(), media_type=None, headers={"Content-Type": METRICS_TYPE, **_UNCACHED})

    return page


def _as_json(view: BaseModel) -> bytes:
    return view.model_dump_json().encode()


def _answer(body: bytes, status: int = _OK) -> Response:
    return Response(body, status, _UNCACHED, _JSON)
