"""The API while its database restarts, when it is stopped with a thousand streams, and after it was killed."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_process import Api, api, asked
from cli_process import tg_parser
from conftest import process_environment
from fresh_databases import settings_of
from job_processes import until
from postgres_server import PostgresServer
from raw_http import connected, request
from sqlalchemy import update

from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.tables.requests import keyed_requests

NAME = "news"
UNLIMITED = {"RATE_LIMIT_ENABLED": "false", "METRICS_ENABLED": "true"}
STREAMS, CLIENTS, LONGEST = 1000, 4, 8.0


class Load:
    """Clients that ask again and again until the end of the block; the longest answer, and what was answered."""

    def __init__(self, served: Api, clients: int = CLIENTS) -> None:
        self.answers: Counter[int] = Counter()
        self.problems: set[str] = set()
        self.longest = 0.0
        self._served = served
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with self._served.client() as client:
            while not self._ended.is_set():
                for path in ("/documents", "/sources", "/jobs"):
                    began = time.monotonic()
                    answer = client.get(path)
                    self.longest = max(self.longest, time.monotonic() - began)
                    self.answers[answer.status_code] += 1
                    if answer.status_code != 200:
                        self.problems.add(f"{answer.headers['content-type']} {answer.json()['type']}")


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that may be restarted."""
    server = PostgresServer(synchronous_commit="on")
    server.start()
    yield server
    server.stop()


@pytest.mark.postgres
def test_the_database_restarts_under_load(own_server: PostgresServer, tmp_path: Path) -> None:
    """For a moment there is 503 with a problem, nothing hangs, and then all is well; who follows a job goes on."""
    env = {**process_environment({"DB_TYPE": "postgresql", "DB_URL": own_server.url}), **UNLIMITED}
    tg_parser(env, "init", cwd=tmp_path)
    tg_parser(env, "add-source", "--source-id", NAME, cwd=tmp_path)
    with api(env, tmp_path) as served, served.client() as client, connected(served.url) as follower:
        job = asked(client, "/process", {"source": NAME})
        follower.sendall(request(f"/api/v1/jobs/{job}/events"))
        assert b"event: progress" in read_until(follower, b"event: ")
        with Load(served) as load:
            until(lambda: load.answers[200] > 20)
            own_server.halt()
            until(lambda: load.answers[503] > 3)
            assert served.ask("/health/live")[0] == 200
            own_server.launch()
            before = load.answers[200]
            until(lambda: load.answers[200] > before + 20)
        assert set(load.answers) == {200, 503}
        assert load.problems == {"application/problem+json urn:tg-parser:error:storage_unavailable"}
        assert load.longest < LONGEST
        assert client.post(f"/jobs/{job}/cancel").status_code == 200
        assert b'"state":"cancelled"' in read_until(follower, b"event: ended")
        until(lambda: not any(pool["checked_out"] for pool in served.ask("/health")[1]["database"]["pools"].values()))


def read_until(raw: socket.socket, sign: bytes) -> bytes:
    """What comes up to the end of the event that begins with `sign`."""
    data = b""
    while sign not in data or not data.partition(sign)[2].count(b"\n\n"):
        part = raw.recv(65536)
        assert part, data
        data += part
    return data


@pytest.fixture
def many_files() -> Iterator[None]:
    """This process may hold open what a thousand streams need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_streams_end_in_time(process_env: dict[str, str], many_files: None, tmp_path: Path) -> None:
    """SIGTERM: within ten seconds each client sees the end of its stream, and the process ends as it should."""
    env = {**process_env, **UNLIMITED}
    tg_parser(env, "add-source", "--source-id", NAME, cwd=tmp_path)
    with api(env, tmp_path, "--no-jobs") as served, served.client() as client, ExitStack() as stack:
        job = asked(client, "/process", {"source": NAME})
        streams = [stack.enter_context(connected(served.url)) for _ in range(STREAMS)]
        for stream in streams:
            stream.sendall(request(f"/api/v1/jobs/{job}/events"))
        for stream in streams:
            assert b"event: progress" in read_until(stream, b"event: ")
        began = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        for stream in streams:
            assert stream.recv(65536) == b"0\r\n\r\n"
            assert stream.recv(65536) == b""
        assert served.process.wait(10) == 0
        assert time.monotonic() - began < 10


def test_killed_in_the_middle_requests_are_done_once(
    process_env: dict[str, str], database_environment: dict[str, str], tmp_path: Path
) -> None:
    """Sent again to the next process with their Idempotency-Key, none is done twice and none is lost."""
    env = {**process_env, **UNLIMITED}
    tg_parser(env, "add-source", "--source-id", NAME, cwd=tmp_path)
    sent: list[int] = []
    with api(env, tmp_path, "--no-jobs", code=None) as served:
        threads = [threading.Thread(target=ask_till_it_dies, args=(served, first, sent)) for first in range(CLIENTS)]
        for thread in threads:
            thread.start()
        until(lambda: len(sent) > 40)
        served.process.kill()
        for thread in threads:
            thread.join()
    asyncio.run(let_a_minute_pass(database_environment))
    with api(env, tmp_path, "--no-jobs") as served, served.client() as client:
        made = [asked(client, "/sentiment", body(number), **key(number)) for number in sent]
        listed = [each["job_id"] for each in client.get("/jobs", params={"limit": 500}).json()["items"]]
    assert sorted(made) == sorted(listed)
    assert len(set(made)) == len(sent)


def body(number: int) -> dict[str, Any]:
    """Work that no other request asks for."""
    return {"source": NAME, "limit": number + 1}


def key(number: int) -> dict[str, str]:
    return {"Idempotency-Key": f"request-{number}"}


def ask_till_it_dies(served: Api, first: int, sent: list[int]) -> None:
    with served.client() as client, suppress(httpx.TransportError):
        for number in range(first, 1000 * CLIENTS, CLIENTS):
            sent.append(number)
            client.post("/sentiment", json=body(number), headers=key(number))


async def let_a_minute_pass(variables: dict[str, str]) -> None:
    """Requests that were under way when their process died are taken for abandoned after a minute."""
    earlier = update(keyed_requests).values(begun_at=utc_now() - timedelta(minutes=2))
    async with open_databases(settings_of(variables), prepare=False) as databases:
        await databases.processing.write(lambda conn: conn.execute(earlier))
