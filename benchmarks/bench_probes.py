"""Probes beside a bare Starlette route: requests a second of /health/live and /health, with everything around them.

All are served by uvicorn in a process of their own and asked over the same kind of connections, one after the other,
several times in turn; the ratio is that of the medians.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import time

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tg_parser.api.server import Server, listening
from tg_parser.api.wiring import opened
from tg_parser.config.logging import configure_logging
from tg_parser.config.settings import load_settings
from tg_parser.wiring.app import open_app

CONNECTIONS, SECONDS, ROUNDS = 8, 2.0, 5
BARE, LIVE, HEALTH = "bare", "/health/live", "/health"
SETTINGS = {"METRICS_ENABLED": "true", "RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_PER_ADDRESS": "10000000/second"}
AIMS = {LIVE: 0.85, HEALTH: 0.4}


def serve_bare(listener: socket.socket) -> None:
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    app = Starlette(routes=[Route("/bare", answer)])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def serve_api(listener: socket.socket, folder: str) -> None:
    os.environ |= {"TG_PARSER_HOME": folder, "LOG_LEVEL": "WARNING", **SETTINGS}

    async def serve() -> None:
        settings = load_settings(None)
        configure_logging(settings.logging)
        async with open_app(settings, begin=True) as app, opened(app, with_jobs=True) as served:
            await Server(served.app, settings.api, served.stop).serve(sockets=[listener])

    asyncio.run(serve())


async def asked(port: int, path: str, until: float) -> int:
    """Requests that were answered with 200 on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    answers = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        answers += 1
    writer.close()
    return answers


async def rate(port: int, path: str, seconds: float = SECONDS) -> float:
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(asked(port, path, until) for _ in range(CONNECTIONS)))) / seconds


async def answers(port: int, path: str) -> None:
    for _ in range(200):
        try:
            await rate(port, path, 0.01)
        except (OSError, AssertionError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.1)
        else:
            return
    sys.exit(f"nobody answers {path}")


async def measured(ports: dict[str, int]) -> dict[str, float]:
    paths = {BARE: "/bare", LIVE: LIVE, HEALTH: HEALTH}
    for name, path in paths.items():
        await answers(ports[name], path)
    rates: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(ROUNDS):
        for name, path in paths.items():
            rates[name].append(await rate(ports[name], path))
    return {name: statistics.median(found) for name, found in rates.items()}


def main() -> None:
    bare, api = listening("127.0.0.1", 0), listening("127.0.0.1", 0)
    start = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        for listener in (bare, api):
            listener.listen(100)
        servers = [
            start.Process(target=serve_bare, args=(bare,)),
            start.Process(target=serve_api, args=(api, folder)),
        ]
        for server in servers:
            server.start()
        ports = {BARE: bare.getsockname()[1], LIVE: api.getsockname()[1], HEALTH: api.getsockname()[1]}
        try:
            found = asyncio.run(measured(ports))
        finally:
            for server in servers:
                server.terminate()
                server.join()
    print("| route | requests/s | x bare | aim |")
    print("|---|---:|---:|---:|")
    for name, per_second in found.items():
        aim = f"{AIMS[name]:.2f}" if name in AIMS else ""
        print(f"| {name} | {per_second:,.0f} | {per_second / found[BARE]:.2f} | {aim} |")


if __name__ == "__main__":
    main()
