"""Small jobs through 1, 2 and 4 workers on PostgreSQL beside bare procrastinate, through one on SQLite; and pick-up.

python benchmarks/bench_jobs.py [--jobs 10000]     (TEST_DATABASE_URL, else a server of its own)
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

import procrastinate
import psycopg
from processors import Seconds, spent
from sqlalchemy import text

from tg_parser.config.logging import configure_logging
from tg_parser.config.settings import DatabaseSettings, LoggingSettings, Settings
from tg_parser.domain.jobs import Job, new_job_id
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.embedded import EmbeddedRunner
from tg_parser.jobs.execution import JobExecutor
from tg_parser.jobs.heart import Heart
from tg_parser.jobs.procrastinate_app import ProcrastinateRunner, deliver
from tg_parser.jobs.runner import JobRunner, RunnerOptions
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.jobs import JobStorage, nobody_is_told

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from postgres_server import PostgresServer  # the tests' own, found by the line above

WORKERS = (1, 2, 4)
CONCURRENCY = 4
AT_A_TIME, WARM_UP = 500, 20
LOOK_SECONDS, AT_MOST_SECONDS = 0.1, 900
PICK_UPS, PICK_UP_PAUSE = 200, 0.05
BARE, OURS = "procrastinate", "jobs"
PutIn = Callable[[int, int], Awaitable[None]]
"""Puts in so many jobs, numbered from the first number on."""
Left = Callable[[], Awaitable[bool]]


def storage_of(databases: Databases, url: str) -> JobStorage:
    return JobStorage(databases.processing, deliver if url else nobody_is_told)


@asynccontextmanager
async def opened(url: str, folder: Path) -> Any:
    where = {"DB_TYPE": "postgresql", "DB_URL": url} if url else {}
    files = {f"{name}_DB_PATH": str(folder / name) for name in ("INGESTION_STATE", "RAW_STORAGE", "PROCESSING_STORAGE")}
    database = DatabaseSettings(_env_file=None, **(where or {"DB_TYPE": "sqlite", **files}))
    async with open_databases(Settings(database=database)) as databases:
        yield databases


async def work(_job: Job, _report: Any) -> dict[str, Any]:
    say_ready()
    return {}


@cache
def say_ready() -> None:
    """Once, at the first job: this worker works."""
    print("ready", flush=True)


async def run_worker(url: str, folder: Path) -> None:
    """A worker as `tg-parser worker` makes it, whose jobs do nothing."""
    configure_logging(LoggingSettings(_env_file=None))
    async with opened(url, folder) as databases:
        storage = storage_of(databases, url)

        @asynccontextmanager
        async def own_storage() -> Any:
            async with opened(url, folder) as own:
                yield JobStorage(own.processing)

        executor = JobExecutor(storage, {"ingest": work}, f"w{os.getpid()}")
        options, heart = RunnerOptions(concurrency=CONCURRENCY), Heart(own_storage, 5.0)
        runner: JobRunner = EmbeddedRunner(storage, executor, databases.locks, heart, options)
        if url:
            runner = ProcrastinateRunner(url, storage, executor, heart, options)
        await runner.run(asyncio.Event())


async def run_bare(url: str) -> None:
    """A worker of procrastinate whose tasks do nothing."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="bare")
    async def bare(number: int) -> None:  # noqa: ARG001 - each job has something of its own
        say_ready()

    async with app.open_async():
        await app.run_worker_async(
            concurrency=CONCURRENCY, fetch_job_polling_interval=1.0, delete_jobs="always", install_signal_handlers=False
        )


@asynccontextmanager
async def workers(what: str, number: int, url: str, folder: Path, more: PutIn) -> AsyncIterator[list[int]]:
    """Worker processes, all of which have done a job already, of those that `more` puts in."""
    command = [sys.executable, __file__, "--worker", what, "--url", url, "--folder", str(folder)]
    processes = await asyncio.to_thread(lambda: [Popen(command, stdout=PIPE, stderr=DEVNULL) for _ in range(number)])
    try:
        ready = asyncio.gather(*(asyncio.to_thread(each.stdout.readline) for each in processes if each.stdout))
        for start in range(0, 1_000_000, WARM_UP):
            await more(start, WARM_UP)
            if len((await asyncio.wait({ready}, timeout=1))[0]):
                break
        yield [each.pid for each in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@dataclass(frozen=True, slots=True)
class Measured:
    """What jobs took, by the clock and of the processors."""

    jobs: int
    wall: float
    spent: Seconds

    @property
    def rate(self) -> float:
        return self.jobs / self.wall

    def line(self, name: str, one: float, bare: float | None) -> str:
        per_job = [f"{each * 1000 / self.jobs:>9.2f}" for each in (self.spent.workers, self.spent.server)]
        shares = [self.spent.share(each) for each in (self.spent.busy, self.spent.workers, self.spent.server)]
        ratio = "" if bare is None else f"{self.rate / bare:.2f}"
        busy = "{:>9.0%}  ({:.0%} workers, {:.0%} server)".format(*shares)
        return f"{name:<28}{self.rate:>7,.0f}{self.rate / one:>7.2f}{ratio:>8}{per_job[0]}{per_job[1]}{busy}"


async def measured(jobs: int, more: PutIn, left: Left, pids: list[int], backend: int | None) -> Measured:
    """Put in `jobs`, AT_A_TIME together, and wait until none is left; from the first that is put in on."""
    await _none(left)
    before, started = spent(pids, backend), time.perf_counter()
    for start in range(0, jobs, AT_A_TIME):
        await more(start, min(AT_A_TIME, jobs - start))
    await _none(left)
    return Measured(jobs, time.perf_counter() - started, spent(pids, backend) - before)


async def _none(left: Left) -> None:
    async with asyncio.timeout(AT_MOST_SECONDS):
        while await left():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(LOOK_SECONDS)


async def of_jobs(databases: Databases, url: str, folder: Path, jobs: int, number: int) -> Measured:
    storage, run = storage_of(databases, url), new_job_id(utc_now())
    asked = text("SELECT EXISTS (SELECT 1 FROM jobs WHERE status IN ('queued', 'running')) AS are_left")

    async def more(start: int, count: int, mark: str = "") -> None:
        now = utc_now()
        batch = [Job(f"{run}{mark}-{each:06}", "ingest", now, now, {"n": each}) for each in range(start, start + count)]
        await databases.processing.write(lambda conn: storage.let_wait(conn, batch))

    async def left() -> bool:
        return bool((await databases.processing.rows(asked))[0]["are_left"])

    async def warm_up(start: int, count: int) -> None:
        await more(start, count, "w")

    async with workers(OURS, number, url, folder, warm_up) as pids:
        backend = await _backend(databases) if url else None
        return await measured(jobs, more, left, pids, backend)


async def _backend(databases: Databases) -> int:
    return int((await databases.processing.rows(text("SELECT pg_backend_pid() AS pid")))[0]["pid"])


async def of_procrastinate(url: str, jobs: int, number: int) -> Measured:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    bare = app.configure_task("bare", allow_unknown=True)
    async with app.open_async(), await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        # What workers that were killed had begun.
        await conn.execute("DELETE FROM procrastinate_jobs")

        async def more(start: int, count: int) -> None:
            await bare.batch_defer_async(*({"number": each} for each in range(start, start + count)))

        async def left() -> bool:
            found = await (await conn.execute("SELECT EXISTS (SELECT 1 FROM procrastinate_jobs)")).fetchone()
            return bool(found and found[0])

        async with workers(BARE, number, url, Path(), more) as pids:
            return await measured(jobs, more, left, pids, conn.info.backend_pid)


async def pick_up(databases: Databases, url: str, folder: Path, number: int) -> list[float]:
    """Seconds between asking and beginning, of jobs that come one after the other to workers that wait."""
    storage, asked = storage_of(databases, url), []

    async def ask(start: int, count: int) -> None:
        for each in range(start, start + count):
            now = utc_now()
            asked.append(await storage.add(Job(new_job_id(now), "ingest", now, now, {"pick": each})))
            await asyncio.sleep(PICK_UP_PAUSE)

    async with workers(OURS, number, url, folder, ask):
        asked.clear()
        await ask(0, PICK_UPS)
        await asyncio.sleep(1.5)
        found = [await storage.get(each.job_id) for each in asked]
    return [(each.started_at - each.created_at).total_seconds() for each in found if each.started_at]


async def measure(url: str, folder: Path, jobs: int) -> None:
    async with opened(url, folder) as databases:
        await databases.processing.write(lambda conn: conn.execute(text("DELETE FROM jobs")))
        one: dict[str, float] = {}
        for number in WORKERS if url else (1,):
            bare = await of_procrastinate(url, jobs, number) if url else None
            ours = await of_jobs(databases, url, folder, jobs, number)
            for name, each in ((OURS, ours), (BARE, bare)):
                if each is not None:
                    where = f"{name}, {number} on {'PostgreSQL' if url else 'SQLite'}"
                    beside = bare.rate if bare and name == OURS else None
                    print(each.line(where, one.setdefault(name, each.rate), beside), flush=True)
        seconds = await pick_up(databases, url, folder, 2 if url else 1)
        tiers = statistics.quantiles(seconds, n=20)
        print(f"pick-up of {len(seconds)}: p50 {tiers[9] * 1000:.0f} ms, p95 {tiers[18] * 1000:.0f} ms (aim: < 1 s)\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--worker", choices=(BARE, OURS))
    parser.add_argument("--url", default="")
    parser.add_argument("--folder", type=Path, default=Path())
    chosen = parser.parse_args()
    if chosen.worker:
        asyncio.run(run_bare(chosen.url) if chosen.worker == BARE else run_worker(chosen.url, chosen.folder))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure("", Path(folder), chosen.jobs))
    if given := os.environ.get("TEST_DATABASE_URL"):
        asyncio.run(measure(given, Path(), chosen.jobs))
        return
    server = PostgresServer()
    server.start()
    try:
        asyncio.run(measure(server.url, Path(), chosen.jobs))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
