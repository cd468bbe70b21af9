"""Workers are killed and stopped, and servers restarted, in the middle of jobs: every job ends exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from conftest import process_environment
from fresh_databases import settings_of
from job_processes import asked, collected, shown, until, watched, worker
from llm_servers import LlmServer
from looking import first_row
from model_samples import Model
from postgres_server import PostgresServer
from warm_child import WarmChild

from tg_parser.domain.jobs import Job
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.procrastinate_app import deliver
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.jobs import JobStorage, nobody_is_told

MESSAGES, EXPORTS, TAKEOVER = 60, 30, 5
SOURCE = "test"
ALL_ENDED = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE status NOT IN ('done', 'failed', 'cancelled'))"


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def around(model: Model, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a worker needs beside its databases: a model, little patience."""
    with LlmServer(model) as server:
        yield {
            **server.environment("openai"),
            "JOB_TAKEOVER_SECONDS": str(TAKEOVER),
            "JOB_GRACE_SECONDS": "1",
            "LLM_SHUTDOWN_WAIT": "1",
            "RETRY_BACKOFF_BASE": "0.1",
            "EXPORTS_DIR": str(tmp_path / "exports"),
        }


@pytest.fixture
def env(process_env: dict[str, str], around: dict[str, str]) -> dict[str, str]:
    return {**process_env, **around}


def waiting_exports(variables: dict[str, str], backend: str) -> list[str]:
    """Export jobs, each of other dates; their ids."""

    async def add() -> None:
        async with open_databases(settings_of(variables), prepare=False) as databases:
            storage = JobStorage(databases.processing, deliver if backend == "postgresql" else nobody_is_told)
            now = utc_now()
            for number in range(EXPORTS):
                dates = {"date_from": f"2023-{number % 12 + 1:02}-{number // 12 + 1:02}T00:00:00Z"}
                await storage.add(Job(f"export-{number}", "export", now, now + timedelta(seconds=number / 10), dates))

    asyncio.run(add())
    return [f"export-{number}" for number in range(EXPORTS)]


def all_jobs(env: dict[str, str], folder: Path) -> list[Any]:
    return tg_parser_json(env, "jobs", "list", "--limit", "1000", cwd=folder)["jobs"]


def run_by(job: Any, workers: Any) -> WarmChild:
    """The worker that runs a job; its name tells its process."""
    number = int(job["worker"].split(":")[1])
    return next(each for each in workers if each.pid == number)


def test_what_a_killed_worker_had_is_done_by_another(
    env: dict[str, str], model: Model, database_environment: dict[str, str], backend: str, tmp_path: Path
) -> None:
    """Killed while it processes and exports, in time its jobs are done by the other: each once, nothing paid again."""
    collected(env, tmp_path, MESSAGES)
    exports = waiting_exports(database_environment, backend)
    job = asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "1")
    with contextlib.ExitStack() as running:
        workers = [running.enter_context(worker(env, tmp_path, "-c", "3", code=None)) for _ in range(2)]
        until(lambda: len(model.asked) >= MESSAGES // 3)
        victim = run_by(shown(env, tmp_path, job), workers)
        victim.kill()
        victim.wait()
        killed_at = time.monotonic()
        until(lambda: first_row(env, f"SELECT 1 FROM jobs WHERE job_id = '{job}' AND takeovers = 1"))
        assert time.monotonic() - killed_at < 2.5 * TAKEOVER
        done = watched(env, tmp_path, job)
        until(partial(first_row, env, ALL_ENDED))
        ended = all_jobs(env, tmp_path)
    assert (done["attempt"], done["state"]) == (2, "done")
    assert {each["state"] for each in ended} == {"done"}
    assert sorted(each["job_id"] for each in ended) == sorted([job, *exports])
    times = Counter(model.asked)
    assert len(times) == MESSAGES
    # What was in flight, or answered and not stored yet, when the process ended.
    assert sum(times.values()) <= MESSAGES + 10
    assert set(times.values()) <= {1, 2}
    assert tg_parser_json(env, "process", "--source", SOURCE, "--dry-run", cwd=tmp_path)["waiting"] == 0


def test_a_job_that_kills_its_worker_twice_has_failed(env: dict[str, str], model: Model, tmp_path: Path) -> None:
    """The third worker does not try it: it says so, and does other jobs."""
    collected(env, tmp_path, MESSAGES)
    model.may_answer.clear()
    job = asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "1")
    for attempt in (1, 2):
        with worker(env, tmp_path, code=None) as process:
            until(partial(first_row, env, f"SELECT 1 FROM jobs WHERE job_id = '{job}' AND attempt = {attempt}"))
            process.kill()
    with worker(env, tmp_path):
        failed = watched(env, tmp_path, job, code=1)
        watched(env, tmp_path, asked(env, tmp_path, "export", "--source", SOURCE), code=4)
    assert (failed["state"], failed["error"]["code"], failed["attempt"]) == ("failed", "worker_died", 2)


def test_a_worker_that_is_stopped_gives_back_in_time(env: dict[str, str], model: Model, tmp_path: Path) -> None:
    """SIGTERM in the middle of a question: the job waits again, and the next worker does the rest of it."""
    collected(env, tmp_path, MESSAGES)
    with worker(env, tmp_path) as process:
        job = asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "1")
        until(lambda: len(model.asked) >= 5)
        model.may_answer.clear()
        asked_until = time.monotonic()
        process.terminate()
        assert process.wait(20) == 0
        assert time.monotonic() - asked_until < 10
    given_back = shown(env, tmp_path, job)
    assert (given_back["state"], given_back["attempt"], given_back["takeovers"]) == ("queued", 1, 0)
    model.may_answer.set()
    with worker(env, tmp_path):
        assert watched(env, tmp_path, job)["attempt"] == 2
    assert len(set(model.asked)) == MESSAGES


def test_a_running_job_is_cancelled_and_keeps_what_is_done(env: dict[str, str], model: Model, tmp_path: Path) -> None:
    """The answers that were paid for are stored, no new one is asked for."""
    collected(env, tmp_path, MESSAGES)
    with worker(env, tmp_path):
        job = asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "1")
        until(lambda: len(model.asked) >= 5)
        tg_parser(env, "jobs", "cancel", job, cwd=tmp_path)
        assert watched(env, tmp_path, job, code=1)["state"] == "cancelled"
        asked_for = len(model.asked)
    left = tg_parser_json(env, "process", "--source", SOURCE, "--dry-run", cwd=tmp_path)["waiting"]
    assert left == MESSAGES - asked_for
    assert left > 0


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that may be restarted."""
    server = PostgresServer(synchronous_commit="on")
    server.start()
    yield server
    server.stop()


@pytest.mark.postgres
def test_workers_outlive_a_restart_of_the_server(
    own_server: PostgresServer, around: dict[str, str], model: Model, tmp_path: Path
) -> None:
    """Idle or busy, they go on once the server is back; stopped while it is away, they end, and truly."""
    env = {**process_environment({"DB_TYPE": "postgresql", "DB_URL": own_server.url}), **around}
    tg_parser(env, "init", cwd=tmp_path)
    collected(env, tmp_path, MESSAGES)
    with worker(env, tmp_path, "--queues", "process") as busy, worker(env, tmp_path, "--queues", "export") as idle:
        job = asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "1")
        until(lambda: len(model.asked) >= 5)
        own_server.halt()
        time.sleep(1)
        own_server.launch()
        assert watched(env, tmp_path, asked(env, tmp_path, "export", "--source", SOURCE), code=None)["state"] == "done"
        assert watched(env, tmp_path, job)["state"] == "done"
        assert len(set(model.asked)) == MESSAGES
        own_server.halt()
        for process in (busy, idle):
            process.terminate()
            assert process.wait(15) == 0
        own_server.launch()


@pytest.mark.postgres
def test_a_worker_whose_server_stays_away_gives_up(
    own_server: PostgresServer, around: dict[str, str], model: Model, tmp_path: Path
) -> None:
    """Idle or in the middle of a job, it ends with an error that a service manager sees, and one clear line."""
    patience = {"WORKER_GIVE_UP_SECONDS": "2", "RETRY_MAX_ATTEMPTS": "1"}
    env = {**process_environment({"DB_TYPE": "postgresql", "DB_URL": own_server.url}), **around, **patience}
    tg_parser(env, "init", cwd=tmp_path)
    collected(env, tmp_path, MESSAGES)
    with (
        worker(env, tmp_path, "--queues", "process", code=1) as busy,
        worker(env, tmp_path, "--queues", "export", code=1) as idle,
    ):
        asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "1")
        until(lambda: len(model.asked) >= 5)
        own_server.halt()
        assert [process.wait(20) for process in (busy, idle)] == [1, 1]
    own_server.launch()
    said = (tmp_path / "worker.log").read_text("utf-8")
    assert said.count("The database has not answered for 2 seconds, so the worker ends.") == 2
    assert said.count("WORKER_GIVE_UP_SECONDS says how long a worker waits.") == 2
    assert "unhandled exception" not in said
    with worker(env, tmp_path):
        assert watched(env, tmp_path, all_jobs(env, tmp_path)[0]["job_id"])["state"] == "done"
    assert len(set(model.asked)) == MESSAGES
