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
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import procrastinate
import psycopg
from sqlalchemy import text

from tg_parser.config.settings import DatabaseSettings, Settings
from tg_parser.domain.jobs import Job
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.embedded import EmbeddedRunner
from tg_parser.jobs.execution import JobExecutor
from tg_parser.jobs.heart import Heart
from tg_parser.jobs.procrastinate_app import ProcrastinateRunner, deliver
from tg_parser.jobs.runner import JobRunner, RunnerOptions
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.jobs import JobStorage, nobody_is_told

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from polling import until  # the tests' own, found by the line above
from postgres_server import PostgresServer

WORKERS = (1, 2, 4)
CONCURRENCY = 4
AT_A_TIME = 500
PICK_UPS, PICK_UP_PAUSE = 200, 0.05
BARE, OURS = "procrastinate", "jobs"


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
    return {}


async def run_worker(url: str, folder: Path) -> None:
    """A worker as `tg-parser worker` makes it, whose jobs do nothing."""
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
    async def bare(number: int) -> None:
        pass

    async with app.open_async():
        await app.run_worker_async(
            concurrency=CONCURRENCY, fetch_job_polling_interval=1.0, delete_jobs="always", install_signal_handlers=False
        )


@contextmanager
def workers(what: str, number: int, url: str, folder: Path) -> Iterator[None]:
    command = [sys.executable, __file__, "--worker", what, "--url", url, "--folder", str(folder)]
    processes = [Popen(command, stdout=DEVNULL, stderr=DEVNULL) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


async def rate(left: Callable[[], Awaitable[int]]) -> float:
    """Jobs a second, from when the first are gone until none is left."""
    before = await left()
    first = await until(lambda: _fewer_than(before, left), 60)
    started = time.perf_counter()
    await until(lambda: _fewer_than(1, left), 600)
    return first / (time.perf_counter() - started)


async def _fewer_than(number: int, left: Callable[[], Awaitable[int]]) -> int | None:
    found = await left()
    return max(found, 1) if found < number else None


async def rate_of_jobs(databases: Databases, url: str, folder: Path, jobs: int, number: int) -> float:
    storage, now = storage_of(databases, url), utc_now()
    waiting = [Job(f"{number}-{each:06}", "ingest", now, now, {"number": each}) for each in range(jobs)]
    for start in range(0, jobs, AT_A_TIME):
        await asyncio.gather(*(storage.add(each) for each in waiting[start : start + AT_A_TIME]))
    question = text("SELECT count(*) AS number FROM jobs WHERE status IN ('queued', 'running')")

    async def left() -> int:
        return int((await databases.processing.rows(question))[0]["number"])

    with workers(OURS, number, url, folder):
        return await rate(left)


async def rate_of_procrastinate(url: str, jobs: int, number: int) -> float:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    bare = app.configure_task("bare", allow_unknown=True)
    async with app.open_async(), await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await bare.batch_defer_async(*({"number": each} for each in range(jobs)))

        async def left() -> int:
            found = await (await conn.execute("SELECT count(*) FROM procrastinate_jobs")).fetchone()
            return int(found[0]) if found else 0

        with workers(BARE, number, url, Path()):
            return await rate(left)


async def pick_up(databases: Databases, url: str, folder: Path, number: int) -> list[float]:
    """Seconds between asking and beginning, of jobs that come one after the other to workers that wait."""
    storage, asked = storage_of(databases, url), []
    with workers(OURS, number, url, folder):
        for each in range(PICK_UPS + 1):
            now = utc_now()
            asked.append(await storage.add(Job(f"p-{each}", "ingest", now, now, {"pick": each})))
            if each == 0:
                await until(lambda: _done(storage, "p-0"), 60)
            await asyncio.sleep(PICK_UP_PAUSE)
        await asyncio.sleep(1.5)
        found = [await storage.get(each.job_id) for each in asked[1:]]
    return [(each.started_at - each.created_at).total_seconds() for each in found if each.started_at]


async def _done(storage: JobStorage, job_id: str) -> bool:
    return (await storage.get(job_id)).state == "done"


async def measure(url: str, folder: Path, jobs: int) -> None:
    async with opened(url, folder) as databases:
        await databases.processing.write(lambda conn: conn.execute(text("DELETE FROM jobs")))
        print(f"{'workers':<22}{'jobs/s':>9}{'x one':>8}{'x bare':>8}", flush=True)
        one = 0.0
        for number in WORKERS if url else (1,):
            bare = await rate_of_procrastinate(url, jobs, number) if url else None
            ours = await rate_of_jobs(databases, url, folder, jobs, number)
            one = one or ours
            beside = f"{ours / bare:>8.2f}   (bare procrastinate: {bare:,.0f})" if bare else ""
            where = f"{number} on {'PostgreSQL' if url else 'SQLite'}"
            print(f"{where:<22}{ours:>9,.0f}{ours / one:>8.2f}{beside}", flush=True)
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
