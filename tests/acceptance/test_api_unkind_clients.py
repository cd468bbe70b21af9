"""Clients that are slow, wrong, hostile or gone: each is refused or dropped, others are answered meanwhile."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from api_process import Api, api, asked
from cli_process import tg_parser
from fresh_databases import settings_of
from job_processes import until
from raw_http import Answered, answered, connected, exchanged, request

from tg_parser.domain.jobs import Job, new_job_id
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.jobs import JobStorage, nobody_is_told

NAME = "news"
LIMITS = {
    "METRICS_ENABLED": "true",
    "API_HEADER_TIMEOUT": "1",
    "API_BODY_TIMEOUT": "1",
    "API_SEND_TIMEOUT": "1",
    "RATE_LIMIT_ENABLED": "false",
}
CLOSING = "Connection: close"


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    return tmp_path / "exports"


@pytest.fixture
def job(database_environment: dict[str, str], exports: Path) -> str:
    """A job whose export is done; its folder is empty."""

    async def add() -> str:
        async with open_databases(settings_of(database_environment), prepare=False) as databases:
            storage, now = JobStorage(databases.processing, nobody_is_told), utc_now()
            await storage.add(Job(new_job_id(now), "export", now, now))
            begun = await storage.begin("worker", now, kinds=["export"])
            assert begun is not None
            await storage.finish(begun, "done", now, result={})
            return begun.job_id

    made = asyncio.run(add())
    (exports / made).mkdir(parents=True)
    return made


@pytest.fixture
def served(process_env: dict[str, str], exports: Path, tmp_path: Path) -> Iterator[Api]:
    """An API with little patience, which is as well at the end as it was at the beginning."""
    env = {**process_env, **LIMITS, "EXPORTS_DIR": str(exports)}
    tg_parser(env, "add-source", "--source-id", NAME, cwd=tmp_path)
    with api(env, tmp_path, "--no-jobs") as running:
        yield running
        until(lambda: at_rest(running), 20)
    log = (tmp_path / "api.log").read_text("utf-8")
    assert "Traceback" not in log
    assert "failed unexpectedly" not in log


def at_rest(served: Api) -> bool:
    """Whether nothing is held for anybody: no connection of the pool, no stream, no request but this one."""
    pools = served.ask("/health")[1]["database"]["pools"]
    figures = metrics(served)
    held = [pool["checked_out"] for pool in pools.values()] + [figures["tg_parser_event_streams_open"]]
    return not any(held) and figures["tg_parser_http_requests_in_flight"] == 1 and connections(served) <= 1


def metrics(served: Api) -> dict[str, float]:
    lines = served.ask("/metrics")[1].splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def connections(served: Api) -> int:
    """How many connections its server holds, as its process sees them."""
    listener = int(served.url.rpartition(":")[2])
    lines = Path(f"/proc/{served.process.pid}/net/tcp").read_text("ascii").splitlines()[1:]
    mine = {str(each.readlink()) for each in Path(f"/proc/{served.process.pid}/fd").iterdir() if each.is_symlink()}
    fields = (line.split() for line in lines)
    return sum(
        int(each[1].rpartition(":")[2], 16) == listener and each[3] == "01" and f"socket:[{each[9]}]" in mine
        for each in fields
    )


def is_quick(served: Api) -> bool:
    """Whether somebody else is answered at once."""
    began = time.monotonic()
    return served.ask("/api/v1/sources")[0] == 200 and time.monotonic() - began < 3


def problem(answer: Answered) -> Any:
    """The problem of an answer that closes the connection."""
    head, _, body = answer.data.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    return json.loads(body)


def test_slow_heads_and_bodies_are_not_waited_for(served: Api) -> None:
    """Silence, a head byte by byte, a body that stalls: each is ended after the time that is set, others go on."""
    with ExitStack() as stack:
        silent, dripping, stalled = (stack.enter_context(connected(served.url)) for _ in range(3))
        stalled.sendall(request("/api/v1/process", "Content-Length: 10", method="POST") + b"{")
        began = time.monotonic()
        gone = False
        for byte in request("/health/live", "X-Long: " + "x" * 200):
            try:
                dripping.send(bytes([byte]))
            except ConnectionError:
                gone = True
                break
            time.sleep(0.05)
        assert gone
        assert time.monotonic() - began < 4
        assert is_quick(served)
        assert answered(silent) == Answered(b"", closed=True)
        told = answered(stalled)
    assert (told.status, told.closed) == (408, True)


def test_between_requests_and_after_a_refusal_nobody_lingers(served: Api) -> None:
    """A body that goes on after its request was refused, and a second head that never ends."""
    with connected(served.url) as endless, connected(served.url) as second:
        endless.sendall(request("/api/v1/process", "Content-Length: 1000000000", method="POST"))
        second.sendall(request("/health/live") + b"GET /health")
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - began < 10:
                endless.sendall(b"x" * 1000)
                time.sleep(0.05)
        assert time.monotonic() - began < 5
        assert answered(second).closed
    assert is_quick(served)


def test_readers_that_do_not_read_are_cut_off(served: Api, exports: Path, job: str) -> None:
    """A download and an endless row of answers: no file, task or memory is held for them."""
    before = memory(served)
    with connected(served.url, receive_buffer=4096) as reader, connected(served.url, receive_buffer=4096) as greedy:
        (exports / job / "kb_entries.ndjson").write_bytes(b"x" * 20_000_000)
        reader.sendall(request(f"/api/v1/exports/{job}/files/kb_entries.ndjson"))
        greedy.settimeout(1)
        with pytest.raises((TimeoutError, ConnectionError)):
            while True:
                greedy.sendall(request("/api/v1/openapi.json") * 10)
        assert is_quick(served)
        until(lambda: at_rest(served))
    assert memory(served) - before < 60


def memory(served: Api) -> float:
    """Peak memory of the process, MB."""
    lines = Path(f"/proc/{served.process.pid}/status").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024


MALFORMED = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), 400),
    "no host": (b"GET /health/live HTTP/1.1\r\n\r\n", 400),
    "two lengths": (request("/api/v1/process", "Content-Length: 2", "Content-Length: 3", method="POST") + b"{}x", 400),
    "a length that is none": (request("/api/v1/process", "Content-Length: -2", method="POST") + b"{}", 400),
    "an endless length": (request("/api/v1/process", "Content-Length: " + "9" * 5000, method="POST"), 400),
    "length and chunks": (
        request("/api/v1/process", "Content-Length: 5", "Transfer-Encoding: chunked", method="POST") + b"0\r\n\r\nGET ",
        400,
    ),
    "chunks that are none": (
        request("/api/v1/process", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n{}\r\n",
        400,
    ),
    "an unknown coding": (request("/api/v1/process", "Transfer-Encoding: gzip", method="POST") + b"{}", 501),
    "a huge header": (request("/health/live", "X-Large: " + "x" * 60_000)[:-4], 431),
    "many headers": (request("/health/live", *(f"X-{number}: x" for number in range(6_000)))[:-4], 431),
    "NUL in a header": (request("/health/live", "X-Request-ID: a\0b"), 400),
    "a bare CR in a header": (request("/health/live", "X-Request-ID: a\rSet-Cookie: b"), 400),
    "a space in a name": (request("/health/live", "X Request: a"), 400),
    "a huge body": (request("/api/v1/process", "Content-Length: 99999999999", CLOSING, method="POST"), 413),
    "huge chunks": (
        request("/api/v1/process", "Transfer-Encoding: chunked", CLOSING, method="POST")
        + (b"8000\r\n" + b"x" * 0x8000 + b"\r\n") * 40,
        413,
    ),
}


def test_malformed_requests_are_refused(served: Api) -> None:
    """Each with a problem that says so, and the end of the connection."""
    for name, (data, status) in MALFORMED.items():
        answer = exchanged(served.url, data)
        assert (answer.status, answer.closed) == (status, True), (name, answer.data[:300])
        assert problem(answer)["status"] == status, name
    assert is_quick(served)


def test_what_breaks_off_leaves_nothing(served: Api) -> None:
    """Garbage in the middle of a body, ends in every place, resets: the connection and what worked for it are gone."""
    chunked = request("/api/v1/process", "Transfer-Encoding: chunked", method="POST")
    whole = request("/api/v1/documents", "X-Request-ID: gone")
    for data in (chunked, chunked + b"5\r\n{}", whole[:9], whole, chunked + b"2\r\n{}\r\nnonsense\r\n"):
        for reset in (False, True):
            with connected(served.url) as raw:
                raw.sendall(data)
                if reset:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert is_quick(served)


INJECTED = (
    "a\r\nSet-Cookie: b=c",
    "a\nSet-Cookie: b=c",
    "a%0d%0aSet-Cookie:%20b=c",
    "a\r\n Set-Cookie: b=c",
    "\xe9\xff",
)


def test_nothing_is_injected_into_answers(served: Api, tmp_path: Path) -> None:
    """Line ends in ids that are repeated in answers, logs and jobs make no header and no line of their own."""
    for value in INJECTED:
        for header in ("X-Request-ID", "Idempotency-Key", "X-Forwarded-For", "Origin", "Last-Event-ID"):
            data = request("/api/v1/sources/none/pause", f"{header}: {value}", CLOSING, method="POST")
            answer = exchanged(served.url, data)
            assert answer.status in {400, 403, 404}, (header, value, answer.data)
            assert b"\nset-cookie" not in answer.head.lower(), (header, value)
    with served.client() as client:
        body = {"source_id": "a\r\nSet-Cookie: b=c"}
        assert client.post("/sources", json=body).status_code in {400, 422}
    assert "\nSet-Cookie" not in (tmp_path / "api.log").read_text("utf-8")


TARGETS = (
    "/api/v1/../../etc/passwd",
    "/api/v1/sources/../keys",
    "/api/v1/sources/..%2fkeys",
    "/api/v1/exports/{job}/files/../../../../etc/passwd",
    "/api/v1/exports/{job}/files/..%2f..%2f..%2fetc%2fpasswd",
    "/api/v1/exports/{job}/files/%2fetc%2fpasswd",
    "/api/v1/exports/{job}/files/..%5c..%5cboot.ini",
    "/api/v1/exports/{job}/files/%00",
    "/api/v1/exports/{job}/files/secret",
    "/api/v1/exports/{job}/files/folder",
    "/api/v1/exports/{job}/files/" + "x" * 20_000,
    "/api/v1/exports/../files/topics.json",
    "/api/v1/exports/%2e%2e/files/exports",
    "/api/v1/exports/%2e/files/topics.json",
    "//api/v1/sources",
    "http://elsewhere.example/api/v1/sources",
    "*",
    "elsewhere.example:443",
    "/%ff%fe",
    "/api/v1/jobs/%ed%a0%80",
)


def test_tricks_in_paths_reach_nothing(served: Api, exports: Path, job: str, tmp_path: Path) -> None:
    """Neither a file outside the folder of an export, nor a link in it, nor another route."""
    secret = tmp_path / "secret"
    secret.write_text("nobody's business", "utf-8")
    (exports / job / "folder").mkdir()
    (exports / job / "secret").symlink_to(secret)
    (exports / job / "topics.json").write_text("[]", "utf-8")
    good = exchanged(served.url, request(f"/api/v1/exports/{job}/files/topics.json", CLOSING))
    assert (good.status, good.data[-2:]) == (200, b"[]")
    for method in ("GET", "HEAD", "POST", "OPTIONS", "CONNECT"):
        for target in TARGETS:
            answer = exchanged(served.url, request(target.format(job=job), CLOSING, method=method))
            assert answer.status is not None
            assert 400 <= answer.status < 500, (method, target, answer.data[:300])
            assert b"business" not in answer.data
            assert b"root:" not in answer.data


def test_followers_that_vanish_are_forgotten(served: Api) -> None:
    """Clients of event streams that reset, close, close half, or send another request behind: no stream stays open."""
    with served.client() as client:
        job = asked(client, "/process", {"source": NAME})
    ways = ("reset", "close", "half", "pipelined")
    with ExitStack() as stack:
        for number in range(20):
            raw = stack.enter_context(connected(served.url))
            raw.sendall(request(f"/api/v1/jobs/{job}/events"))
            assert raw.recv(65536).startswith(b"HTTP/1.1 200 ")
            way = ways[number % len(ways)]
            if way == "pipelined":
                raw.sendall(request("/health/live"))
            if way == "half":
                raw.shutdown(socket.SHUT_WR)
            else:
                linger = struct.pack("ii", way == "reset", 0)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                raw.close()
        until(lambda: metrics(served)["tg_parser_event_streams_open"] == 0, 5)
    assert is_quick(served)
