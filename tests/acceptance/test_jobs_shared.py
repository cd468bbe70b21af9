"""Many messages of one channel are processed by as many workers as are free, none of them twice."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser, tg_parser_json
from job_processes import asked, collected, shown, until, watched, worker
from llm_servers import LlmServer
from looking import first_row
from model_samples import Model
from warm_child import WarmChild

MESSAGES = 450
SOURCE = "test"
RUNNING_HELPER = "SELECT job_id, worker FROM jobs WHERE helps IS NOT NULL AND worker IS NOT NULL"
ALL_CANCELLED_OR_DONE = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE status NOT IN ('cancelled', 'done'))"


@pytest.fixture
def model() -> Model:
    return Model(seconds=0.01)


@pytest.fixture
def env(process_env: dict[str, str], model: Model, tmp_path: Path) -> Iterator[dict[str, str]]:
    with LlmServer(model) as server:
        yield {**process_env, **server.environment("openai"), "JOB_TAKEOVER_SECONDS": "5", "LLM_SHUTDOWN_WAIT": "1"}


def jobs(env: dict[str, str], folder: Path) -> list[Any]:
    return tg_parser_json(env, "jobs", "list", "--limit", "1000", cwd=folder)["jobs"]


@contextlib.contextmanager
def two_workers(env: dict[str, str], folder: Path) -> Iterator[tuple[WarmChild, WarmChild]]:
    with worker(env, folder, code=None) as one, worker(env, folder, code=None) as other:
        yield one, other


def test_free_workers_share_a_channel(env: dict[str, str], model: Model, backend: str, tmp_path: Path) -> None:
    """On PostgreSQL the other worker helps; on SQLite one process does all. No message is asked about twice."""
    collected(env, tmp_path, MESSAGES)
    with two_workers(env, tmp_path):
        job = asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "2")
        done = watched(env, tmp_path, job)
        ended = jobs(env, tmp_path)
    parts = [each["result"]["processed"] for each in ended if each["state"] == "done"]
    assert sum(parts) == MESSAGES
    assert sum(part > 0 for part in parts) == (2 if backend == "postgresql" else 1)
    assert Counter(model.asked).most_common(1)[0][1] == 1
    assert (done["progress"]["done"], done["progress"]["total"]) == (MESSAGES, MESSAGES)
    assert {each["state"] for each in ended} <= {"done", "cancelled"}


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgresql"])
def test_the_part_of_a_helper_that_was_killed_is_done(env: dict[str, str], model: Model, tmp_path: Path) -> None:
    """The job that it helped ends only when nothing waits any more."""
    collected(env, tmp_path, MESSAGES)
    with two_workers(env, tmp_path) as workers:
        job = asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "2")
        _, name = until(partial(first_row, env, RUNNING_HELPER))
        number = int(name.split(":")[1])
        next(each for each in workers if each.pid == number).kill()
        done = watched(env, tmp_path, job)
    assert done["attempt"] == 1
    assert len(set(model.asked)) == MESSAGES
    assert tg_parser_json(env, "process", "--source", SOURCE, "--dry-run", cwd=tmp_path)["waiting"] == 0


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgresql"])
def test_helpers_are_cancelled_with_the_job_they_help(env: dict[str, str], model: Model, tmp_path: Path) -> None:
    """One word ends the work on all workers, and what is done is kept."""
    collected(env, tmp_path, MESSAGES)
    with two_workers(env, tmp_path):
        job = asked(env, tmp_path, "process", "--source", SOURCE, "--concurrency", "2")
        helper, _ = until(partial(first_row, env, RUNNING_HELPER))
        tg_parser(env, "jobs", "cancel", job, cwd=tmp_path)
        assert watched(env, tmp_path, job, code=1)["state"] == "cancelled"
        assert watched(env, tmp_path, helper, code=1)["state"] == "cancelled"
        asked_for = len(model.asked)
        until(partial(first_row, env, ALL_CANCELLED_OR_DONE))
        assert all(each["result"]["processed"] == 0 for each in jobs(env, tmp_path) if each["state"] == "done")
    assert len(model.asked) == asked_for < MESSAGES
    assert shown(env, tmp_path, job)["progress"]["total"] == MESSAGES
