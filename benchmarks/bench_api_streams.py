"""A thousand open event streams: what they cost in memory, and how soon all of them hear that a job has changed.

python benchmarks/bench_api_streams.py [--streams 1000] [--rounds 5] [--backend sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import time
from typing import Any

from api_load import BACKENDS, api_of, application, load, present_memory, variables_of

from tg_parser.domain.jobs import Job, new_job_id
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.stores.jobs import JobStorage, nobody_is_told
from tg_parser.wiring.app import App

AIM = 200.0


class Follower:
    """One stream of events, and when the last of them came."""

    def __init__(self) -> None:
        self.heard_at = 0.0
        self.heard = asyncio.Event()

    async def follow(self, port: int, job_id: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /api/v1/jobs/{job_id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"event:"):
                    self.heard_at = time.perf_counter()
                    self.heard.set()
        finally:
            writer.close()


async def all_heard(followers: list[Follower]) -> None:
    async with asyncio.timeout(120):
        for each in followers:
            await each.heard.wait()


async def begun_job(app: App) -> tuple[JobStorage, Job]:
    """A job that runs, whose progress this process notes as its worker would."""
    storage, now = JobStorage(app.shared.databases.processing, nobody_is_told), utc_now()
    await storage.add(Job(new_job_id(now), "process", now, now, {"source": "news"}))
    job = await storage.begin("bench", now, kinds=["process"])
    assert job is not None
    return storage, job


async def measured(backend: str, variables: dict[str, str], options: Any) -> None:
    async with application(variables) as app:
        storage, job = await begun_job(app)
        with api_of(variables) as (port, pid):
            await _warm(port, job)
            before = present_memory(pid)
            followers = [Follower() for _ in range(options.streams)]
            tasks = [asyncio.create_task(each.follow(port, job.job_id)) for each in followers]
            await all_heard(followers)
            held = present_memory(pid) - before
            firsts, lasts = [], []
            for number in range(options.rounds):
                for each in followers:
                    each.heard.clear()
                told = time.perf_counter()
                await storage.note_progress(job, {"steps": {"process": {"done": number + 1, "total": options.rounds}}})
                await all_heard(followers)
                waits = [each.heard_at - told for each in followers]
                firsts.append(min(waits))
                lasts.append(max(waits))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            most = present_memory(pid) - before
    told = "" if max(held, most) < AIM else f"   over {AIM:g} MB"
    print(f"{backend:<12}{held:>14.0f}{most:>14.0f}{statistics.median(firsts):>14.2f}{max(lasts):>14.2f}{told}")


async def _warm(port: int, job: Job) -> None:
    """The first streams load what every other one shares."""
    followers = [Follower() for _ in range(10)]
    tasks = [asyncio.create_task(each.follow(port, job.job_id)) for each in followers]
    await all_heard(followers)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"{options.streams} streams of one job; {load()}")
    print(f"{'':<12}{'MB held':>14}{'MB after':>14}{'s, first':>14}{'s, last':>14}")
    for backend in options.backend or BACKENDS:
        with variables_of(backend) as variables:
            asyncio.run(measured(backend, {**variables, "RATE_LIMIT_ENABLED": "false"}, options))


if __name__ == "__main__":
    main()
