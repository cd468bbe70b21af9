"""Limits that several API processes share over Redis, and what becomes of requests while it is away."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from api_process import Api, api
from cli_process import SECONDS, command
from conftest import process_environment
from job_processes import until
from redis_server import RedisServer


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


def limited(env: dict[str, str], redis: RedisServer, per_address: str, without: str) -> dict[str, str]:
    return {
        **env,
        "REDIS_URL": redis.url,
        "RATE_LIMIT_PER_ADDRESS": per_address,
        "RATE_LIMIT_WITHOUT_REDIS": without,
    }


def statuses(served: Api, number: int) -> list[int]:
    return [served.ask("/api/v1/prompts")[0] for _ in range(number)]


@pytest.fixture
def env(migrated_sqlite: dict[str, str]) -> dict[str, str]:
    return process_environment(migrated_sqlite)


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def test_two_processes_count_together(env: dict[str, str], redis: RedisServer, tmp_path: Path) -> None:
    """Of ten requests that an hour allows each answers some, and the eleventh is refused by both.

    After Redis has died each counts for itself, and soon; back again, and empty, it counts for both anew.
    """
    env = limited(env, redis, "10/hour", "count")
    with ExitStack() as stack:
        one, two = (stack.enter_context(api(env, folder(tmp_path, name), "--no-jobs")) for name in ("one", "two"))
        assert statuses(one, 6) + statuses(two, 4) == [200] * 10
        assert statuses(one, 1) + statuses(two, 1) == [429, 429]
        redis.kill()
        began = time.monotonic()
        assert statuses(one, 11) + statuses(two, 10) == [200] * 10 + [429] + [200] * 10
        assert time.monotonic() - began < 6
        assert statuses(two, 1) == [429]
        redis.start()
        for served in (one, two):
            until(partial(_is_let_in, served), 15)
        assert statuses(one, 4) + statuses(two, 5) == [200] * 8 + [429]
    logs = [(tmp_path / name / "api.log").read_text("utf-8") for name in ("one", "two")]
    assert all("REDIS_URL does not respond" in log for log in logs)
    assert not any("Traceback" in log for log in logs)


def _is_let_in(served: Api) -> bool:
    return statuses(served, 1) == [200]


@pytest.mark.parametrize("way", ["killed", "stopped"])
def test_what_cannot_be_counted_is_refused_where_that_is_wanted(
    env: dict[str, str], redis: RedisServer, way: str, tmp_path: Path
) -> None:
    """A dead Redis, and one that does not answer: 503 within a moment that says why; then all is well again."""
    with api(limited(env, redis, "1000/hour", "refuse"), tmp_path, "--no-jobs") as served:
        assert statuses(served, 2) == [200, 200]
        if way == "killed":
            redis.kill()
        else:
            redis.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        assert statuses(served, 5) == [503] * 5
        assert time.monotonic() - began < 5
        _, problem = served.ask("/api/v1/prompts")
        assert problem["detail"] == "Requests cannot be counted at the moment."
        assert problem["type"] == "urn:tg-parser:error:storage_unavailable"
        assert served.ask("/health/live")[0] == 200
        if way == "killed":
            redis.start()
        else:
            redis.send_signal(signal.SIGCONT)
        until(lambda: statuses(served, 1) == [200], 15)


def test_without_the_package_it_does_not_start(env: dict[str, str], tmp_path: Path) -> None:
    """It says what to install instead of counting alone unasked."""
    (tmp_path / "redis.py").write_text("raise ModuleNotFoundError('redis')", "utf-8")
    env = {**env, "PYTHONPATH": f"{tmp_path}:{env['PYTHONPATH']}", "REDIS_URL": "redis://127.0.0.1:9"}
    refused = subprocess.run(
        command("api", "--port", "0"),
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert refused.returncode == 2, refused.stderr
    assert "the package for Redis is not installed" in refused.stderr
    assert "pip install 'tg-parser[redis]'" in refused.stderr
