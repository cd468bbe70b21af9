"""Probes beside a bare Starlette route: requests a second of /health/live and /health, with everything around them.

/health is asked without a key where none is required, and with one where it is: that costs a look into the database.

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
from tg_parser.config.settings import Settings, load_settings
from tg_parser.domain.keys import Actor
from tg_parser.wiring.app import open_app

CONNECTIONS, SECONDS, ROUNDS = 8, 2.0, 5
BARE, LIVE, HEALTH, WITH_KEY = "bare", "/health/live", "/health", "/health with a key"
UNLIMITED = {f"RATE_LIMIT_PER_{each}": "10000000/second" for each in ("KEY", "ADDRESS")}
SETTINGS = {"METRICS_ENABLED": "true", "RATE_LIMIT_ENABLED": "true", **UNLIMITED}
AIMS = {LIVE: 0.85, HEALTH: 0.4}


def serve_bare(listener: socket.socket) -> None:
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    app = Starlette(routes=[Route("/bare", answer)])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def settings_of(folder: str, **variables: str) -> Settings:
    os.environ |= {"TG_PARSER_HOME": folder, "LOG_LEVEL": "WARNING", **SETTINGS, **variables}
    settings = load_settings(None)
    configure_logging(settings.logging)
    return settings


async def new_key(folder: str) -> str:
    async with open_app(settings_of(folder), begin=True) as app:
        return (await app.keys.create("bench", "reader", Actor("bench", "here"))).secret


def serve_api(listener: socket.socket, folder: str, key_required: str) -> None:
    async def serve() -> None:
        settings = settings_of(folder, API_KEY_REQUIRED=key_required)
        async with open_app(settings, begin=True) as app, opened(app, with_jobs=True) as served:
            await Server(served.app, settings.api, served.stop).serve(sockets=[listener])

    asyncio.run(serve())


async def asked(port: int, path: str, key: str, until: float) -> int:
    """Requests that were answered with 200 on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    shown = f"Authorization: Bearer {key}\r\n" if key else ""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{shown}\r\n".encode()
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


async def rate(port: int, path: str, key: str, seconds: float = SECONDS) -> float:
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(asked(port, path, key, until) for _ in range(CONNECTIONS)))) / seconds


async def answers(port: int, path: str, key: str) -> None:
    for _ in range(200):
        try:
            await rate(port, path, key, 0.01)
        except (OSError, AssertionError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.1)
        else:
            return
    sys.exit(f"nobody answers {path}")


async def measured(bare: int, api: int, guarded: int, key: str) -> dict[str, float]:
    asked_for = {
        BARE: (bare, "/bare", ""),
        LIVE: (api, LIVE, ""),
        HEALTH: (api, HEALTH, ""),
        WITH_KEY: (guarded, HEALTH, key),
    }
    for each in asked_for.values():
        await answers(*each)
    rates: dict[str, list[float]] = {name: [] for name in asked_for}
    for _ in range(ROUNDS):
        for name, each in asked_for.items():
            rates[name].append(await rate(*each))
    return {name: statistics.median(found) for name, found in rates.items()}


def main() -> None:
    bare, api, guarded = listeners = [listening("127.0.0.1", 0) for _ in range(3)]
    start = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        key = asyncio.run(new_key(folder))
        for listener in listeners:
            listener.listen(100)
        servers = [
            start.Process(target=serve_bare, args=(bare,)),
            start.Process(target=serve_api, args=(api, folder, "false")),
            start.Process(target=serve_api, args=(guarded, folder, "true")),
        ]
        for server in servers:
            server.start()
        try:
            found = asyncio.run(measured(*(each.getsockname()[1] for each in listeners), key))
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
