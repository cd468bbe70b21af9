"""Hundreds of jobs, and workers that are killed in the middle of them: each job ends once, and none waits for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_process import tg_parser_json
from fresh_databases import settings_of
from job_processes import collected, until, worker
from llm_servers import LlmServer
from looking import first_row
from model_samples import Model
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.jobs import Job
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.procrastinate_app import deliver
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.jobs import JobStorage, nobody_is_told

JOBS, MESSAGES = 500, 150
FIRST_AT, MOMENT = 1_700_000_000, "%Y-%m-%dT%H:%M:%SZ"
CALLS = {0: 1, 100: 2, 200: 3, 300: 4}
"""How many calls at once the jobs make that process, by their number; the others export."""
KILLED_AT = (60, 130, 200, 270)
"""So many jobs have ended when a worker is killed."""
WORKERS = {"sqlite": 1, "postgresql": 2}
NOTE_ENDS = {
    "sqlite": [
        "CREATE TABLE ends (job_id TEXT)",
        """CREATE TRIGGER note_ends AFTER UPDATE OF status ON jobs WHEN NEW.status IN ('done', 'failed', 'cancelled')
           BEGIN INSERT INTO ends VALUES (NEW.job_id); END""",
    ],
    "postgresql": [
        "CREATE TABLE ends (job_id text)",
        """CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN INSERT INTO ends VALUES (NEW.job_id); RETURN NULL; END $$""",
        """CREATE TRIGGER note_ends AFTER UPDATE OF status ON jobs FOR EACH ROW
           WHEN (NEW.status IN ('done', 'failed', 'cancelled')) EXECUTE FUNCTION note_end()""",
    ],
}
"""The database itself counts how often a job ends."""


@pytest.fixture
def model() -> Model:
    return Model(seconds=0.03)


@pytest.fixture
def env(process_env: dict[str, str], model: Model, tmp_path: Path) -> Iterator[dict[str, str]]:
    with LlmServer(model) as server:
        yield {
            **process_env,
            **server.environment("openai"),
            "JOB_TAKEOVER_SECONDS": "5",
            "LLM_SHUTDOWN_WAIT": "1",
            "EXPORTS_DIR": str(tmp_path / "exports"),
        }


@pytest.fixture
def look(database_environment: dict[str, str]) -> Callable[..., Any]:
    """Asks the jobs, and whatever else is in their database."""

    def look(question: Callable[[Database], Any]) -> Any:
        async def ask() -> Any:
            async with open_databases(settings_of(database_environment), prepare=False) as databases:
                return await question(databases.processing)

        return asyncio.run(ask())

    return look


def waiting_jobs(backend: str) -> Callable[[Database], Any]:
    """Lets the jobs wait: exports of another minute each, among them processing with other numbers of calls at once."""

    async def add(database: Database) -> None:
        for statement in NOTE_ENDS[backend]:
            await database.write(partial(_executed, statement))
        storage = JobStorage(database, deliver if backend == "postgresql" else nobody_is_told)
        now = utc_now()
        for number in range(JOBS):
            asked: dict[str, Any]
            begins = datetime.fromtimestamp(FIRST_AT + number * 18, UTC)
            minute_on = begins + timedelta(minutes=1)
            kind, asked = "export", {"date_from": f"{begins:{MOMENT}}", "date_to": f"{minute_on:{MOMENT}}"}
            if number in CALLS:
                kind, asked = "process", {"source": "test", "concurrency": CALLS[number]}
            run_at = now - timedelta(hours=1) + timedelta(seconds=number)
            await storage.add(Job(f"job-{number}", kind, now, run_at, asked))

    return add


async def _executed(statement: str, conn: AsyncConnection) -> None:
    await conn.execute(text(statement))


async def ends(database: Database) -> Counter[str]:
    return Counter(row["job_id"] for row in await database.rows(text("SELECT job_id FROM ends")))


async def numbers_stored(database: Database) -> set[str]:
    rows = await database.rows(text("SELECT source_message_id FROM processed_documents"))
    return {row["source_message_id"] for row in rows}


def number_of(question: str) -> str:
    """The number of the message that a model is asked about."""
    return question.split(" номер ")[1].split(maxsplit=1)[0]


def test_every_job_ends_once_however_often_workers_are_killed(
    env: dict[str, str], model: Model, backend: str, look: Callable[..., Any], tmp_path: Path
) -> None:
    """Of five hundred, with kill -9 four times in the middle: each is done, none twice; what is paid stays paid."""
    collected(env, tmp_path, MESSAGES)
    look(waiting_jobs(backend))
    with contextlib.ExitStack() as running:
        workers = [running.enter_context(worker(env, tmp_path, code=None)) for _ in range(WORKERS[backend])]
        kept_at: list[tuple[int, set[str]]] = []
        for number in KILLED_AT:
            until(partial(_have_ended, env, number))
            victim, *others = workers
            victim.kill()
            victim.wait()
            kept = look(numbers_stored)
            kept_at.append((len(model.asked), kept))
            workers = [*others, running.enter_context(worker(env, tmp_path, code=None))]
        until(partial(_have_ended, env, JOBS))
    jobs = tg_parser_json(env, "jobs", "list", "--limit", "1000", cwd=tmp_path)["jobs"]
    assert look(ends) == Counter(f"job-{number}" for number in range(JOBS))
    assert Counter(each["state"] for each in jobs) == {"done": JOBS}
    assert all(each["attempt"] == each["takeovers"] + 1 for each in jobs)
    assert sum(each["takeovers"] for each in jobs) >= len(KILLED_AT)
    assert kept_at[-1][1]
    assert [{number_of(each) for each in model.asked[asked:]} & kept for asked, kept in kept_at] == [set()] * 4
    assert {number_of(each) for each in model.asked} == look(numbers_stored)
    assert len(look(numbers_stored)) == MESSAGES


def _have_ended(env: dict[str, str], number: int) -> bool:
    return first_row(env, f"SELECT 1 FROM ends LIMIT 1 OFFSET {number - 1}") is not None
