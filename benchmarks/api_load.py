"""The API in a process of its own over a filled database, and requests at a steady pace, for the benchmarks."""

from __future__ import annotations

import asyncio
import http.client
import multiprocessing
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from fresh_databases import sqlite_files  # the tests' own servers and files, found by the line above
from postgres_server import PostgresServer

from tg_parser.api.server import Server, listening
from tg_parser.api.wiring import opened
from tg_parser.config.logging import configure_logging
from tg_parser.config.settings import Settings, load_settings
from tg_parser.wiring.app import App, open_app

UNLIMITED = {f"RATE_LIMIT_PER_{each}": "100000000/second" for each in ("KEY", "ADDRESS")}
BACKENDS = ("sqlite", "postgresql")
STARTS_WITHIN = 60
IDLE_SECONDS = 3.0
"""The server closes a connection that idles for five."""


@contextmanager
def variables_of(backend: str) -> Iterator[dict[str, str]]:
    """The settings of empty databases that live as long as the block."""
    with tempfile.TemporaryDirectory() as folder:
        common = {"TG_PARSER_HOME": folder, "LOG_LEVEL": "WARNING", **UNLIMITED}
        if backend == "sqlite":
            yield {**common, **sqlite_files(Path(folder))}
            return
        server = PostgresServer()
        server.start()
        try:
            yield {**common, "DB_TYPE": "postgresql", "DB_URL": server.url}
        finally:
            server.stop()


@asynccontextmanager
async def application(variables: dict[str, str]) -> AsyncIterator[App]:
    """The application over these databases, with their schemas."""
    async with open_app(_settings(variables), begin=True) as app:
        yield app


@contextmanager
def api_of(variables: dict[str, str]) -> Iterator[tuple[int, int]]:
    """The port and the process id of an API over these databases."""
    listener = listening("127.0.0.1", 0)
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(listener, variables))
    process.start()
    try:
        port = listener.getsockname()[1]
        _answers(port)
        assert process.pid is not None
        yield port, process.pid
    finally:
        process.terminate()
        process.join(30)
        listener.close()


def _settings(variables: dict[str, str]) -> Settings:
    os.environ |= variables
    settings = load_settings(None)
    configure_logging(settings.logging)
    return settings


def _serve(listener: socket.socket, variables: dict[str, str]) -> None:
    async def serve() -> None:
        async with application(variables) as app, opened(app, with_jobs=False) as served:
            await Server(served.app, app.settings.api, served.stop).serve(sockets=[listener])

    asyncio.run(serve())


def _answers(port: int) -> None:
    """Return once the API answers: until then the request waits at its socket."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STARTS_WITHIN)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()


async def ask(port: int, path: str, key: str) -> tuple[int, bytes]:
    """The status and the body of one request."""
    client = Client(port, key)
    try:
        return await client.ask(path)
    finally:
        client.close()


class Client:
    """One connection; httpx would need more of the machine than what it measures."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._headers = f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n" if key else "Host: 127.0.0.1\r\n\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._last_used = 0.0

    async def ask(self, path: str) -> tuple[int, bytes]:
        if time.monotonic() - self._last_used > IDLE_SECONDS:
            self.close()
        self._last_used = time.monotonic()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\n{self._headers}".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(head[9:12]), await reader.readexactly(length)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def paced(port: int, key: str, paths: Sequence[str], rate: float, seconds: float) -> list[float]:
    """Milliseconds from when each request was due to its answer: what waits for a slow one counts too."""
    free, taken = [Client(port, key) for _ in range(32)], list[float]()
    began = time.perf_counter()

    async def one(path: str, due: float) -> None:
        client = free.pop() if free else Client(port, key)
        try:
            status, body = await client.ask(path)
        finally:
            free.append(client)
        assert status == 200, body
        taken.append((time.perf_counter() - due) * 1000)

    async with asyncio.TaskGroup() as group:
        for number in range(round(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(paths[number % len(paths)], due))
    for client in free:
        client.close()
    return taken


def peak_memory(pid: int) -> float:
    """The most memory that a process has held at once, MB."""
    return _memory(pid, "VmHWM")


def present_memory(pid: int) -> float:
    """The memory that a process holds, MB."""
    return _memory(pid, "VmRSS")


def _memory(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name))) / 1024


def worked(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load() -> str:
    """How busy the machine is with other things."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
