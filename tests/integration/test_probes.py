"""Probes over HTTP: what they answer, who may ask, and that watching tells nobody more than they may know."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import structlog
from samples import CHANNEL
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Mount, Route
from structlog.testing import capture_logs

from tg_parser.api.middleware.access_log import AccessLog
from tg_parser.api.middleware.request_ids import RequestIds
from tg_parser.api.probes import probe_routes
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import UsageError
from tg_parser.domain.sources import SourceChange
from tg_parser.storage.engine.migrator import downgrade
from tg_parser.wiring.app import App, open_app


class Guard:
    """Lets everybody in, or nobody, or those who may see some channels."""

    def __init__(self) -> None:
        self.closed = False
        self.channels: Collection[str] | None = None

    async def __call__(self, _: Request) -> Collection[str] | None:
        if self.closed:
            raise UsageError("no entry")
        return self.channels


@pytest.fixture
def guard() -> Guard:
    return Guard()


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with open_app(settings) as app:
        yield app


@pytest.fixture
def client(app: App, guard: Guard) -> httpx.AsyncClient:
    async def metrics() -> bytes:
        return b"up 1\n"

    async def refused(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"title": str(error)}, 401)

    async def item(_: Request) -> JSONResponse:
        return JSONResponse({})

    async def events(_: Request) -> StreamingResponse:
        return StreamingResponse(iter([b"one", b"two"]), media_type="text/event-stream")

    inner = Starlette(routes=[Route("/items/{item_id}", item), Route("/events", events)])
    server = Starlette(
        routes=[*probe_routes(app.health, metrics, guard), Mount("/api/v1", inner)],
        middleware=[Middleware(RequestIds), Middleware(AccessLog)],
        exception_handlers={UsageError: refused},
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://here")


async def test_the_living_say_so_to_everybody(client: httpx.AsyncClient, guard: Guard) -> None:
    """The same bytes, without a key, and without a body to HEAD; never out of a cache."""
    guard.closed = True
    for _ in range(2):
        answer = await client.get("/health/live")
        assert (answer.status_code, answer.content) == (200, b'{"status":"ok"}')
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "application/json"
    assert (await client.head("/health/live")).content == b""
    assert (await client.post("/health/live")).status_code == 405


@pytest.mark.parametrize("probe", ["/health", "/health/ready", "/status", "/metrics"])
async def test_every_other_probe_is_behind_the_guard(client: httpx.AsyncClient, guard: Guard, probe: str) -> None:
    """Who may not ask learns nothing."""
    guard.closed = True
    answer = await client.get(probe)
    assert (answer.status_code, answer.json()) == (401, {"title": "no entry"})


async def test_what_fails_is_named_with_503(client: httpx.AsyncClient, app: App) -> None:
    """Health is degraded and told with 200; who asks whether to send work here hears no."""
    await downgrade(app.shared.databases.raw, "-1")
    health, ready = await client.get("/health"), await client.get("/health/ready")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert (ready.status_code, ready.json()["failing"]) == (503, ["migrations", "jobs"])
    assert ready.json()["problems"]["migrations"].startswith("The raw schema is older")


async def test_times_end_with_z(client: httpx.AsyncClient) -> None:
    """As everywhere."""
    assert (await client.get("/health")).json()["timestamp"].endswith("Z")


async def test_status_shows_only_sources_that_the_caller_may_see(
    client: httpx.AsyncClient, app: App, guard: Guard
) -> None:
    """The guard says which."""
    for name, channel in (("own", CHANNEL), ("other", "-1009")):
        await app.sources.add(SourceChange(source_id=name, channel_id=channel, via="web"))
    shown = [each["source_id"] for each in (await client.get("/status")).json()["sources"]]
    guard.channels = frozenset([CHANNEL])
    limited = [each["source_id"] for each in (await client.get("/status")).json()["sources"]]
    assert (shown, limited) == (["other", "own"], ["own"])


@contextmanager
def log_lines() -> Iterator[list[Any]]:
    """What is logged meanwhile, with what is bound."""
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        yield lines


async def test_each_request_is_one_line_of_the_log(client: httpx.AsyncClient, caplog: Any) -> None:
    """Method, route without what the caller wrote, status, bytes, and the id; no query, no headers."""
    with caplog.at_level(logging.INFO, "tg_parser.api"), log_lines() as lines:
        await client.get(
            "/api/v1/items/secret-1?token=secret-2", headers={"X-Secret": "secret-3", "X-Request-ID": "r1"}
        )
        await client.get("/nowhere/secret-4")
        await client.get("/api/v1/events")
        await client.get("/health/live")
    assert [(line["method"], line["route"], line["status"], line["bytes"], line["client"]) for line in lines] == [
        ("GET", "/api/v1/items/{item_id}", 200, 2, "127.0.0.1"),
        ("GET", "unmatched", 404, 9, "127.0.0.1"),
        ("GET", "/api/v1/events", 200, 6, "127.0.0.1"),
    ]
    assert lines[0]["request_id"] == "r1"
    assert "secret" not in str(lines)


async def test_probes_are_told_of_for_debugging(client: httpx.AsyncClient, caplog: Any) -> None:
    """They come every few seconds."""
    with caplog.at_level(logging.DEBUG, "tg_parser.api"), log_lines() as lines:
        await client.get("/health/live")
    assert [(line["route"], line["log_level"]) for line in lines] == [("/health/live", "debug")]
