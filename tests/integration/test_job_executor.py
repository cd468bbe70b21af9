"""What an executor stores of a job, whatever happens at the very end of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tg_parser.domain.jobs import Job, new_job_id
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.execution import JobExecutor
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.jobs import Heard, JobStorage, nobody_is_told


class SlowToFinish(JobStorage):
    """The jobs in a database that is slow just when a job ends."""

    def __init__(self, databases: Databases) -> None:
        super().__init__(databases.processing, nobody_is_told)
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def finish(self, *arguments: Any, **options: Any) -> Job | None:
        self.asked.set()
        await self.go.wait()
        return await super().finish(*arguments, **options)


def job() -> Job:
    now = utc_now()
    return Job(job_id=new_job_id(now), kind="ingest", created_at=now, run_at=now)


async def nothing(_: Job, __: Any) -> dict[str, Any]:
    return {"done": True}


@pytest.mark.parametrize("reason", ["cancelled", "too long", "lost"])
async def test_an_outcome_that_is_being_stored_is_kept(databases: Databases, reason: str) -> None:
    """A job whose work is done is done, though it is cancelled or its time runs out while that is written down."""
    storage = SlowToFinish(databases)
    executor = JobExecutor(storage, {"ingest": nothing}, "w", longest=0.05 if reason == "too long" else 60)
    wanted = await storage.add(job())
    begun = await storage.begin("w", utc_now(), kinds=["ingest"])
    assert begun is not None
    running = asyncio.create_task(executor.execute(begun))
    await storage.asked.wait()
    if reason == "too long":
        await asyncio.sleep(0.1)  # the time that the job has
    else:
        own = frozenset[str]() if reason == "lost" else frozenset({wanted.job_id})
        executor.hear(Heard(own, unwanted=own), frozenset({wanted.job_id}))
    storage.go.set()
    await running
    now = await storage.get(wanted.job_id)
    assert (now.state, now.result, executor.running) == ("done", {"done": True}, 0)


async def test_a_worker_that_stops_does_not_wait_for_the_database(databases: Databases) -> None:
    """An outcome that cannot be stored now does not hold up the end of the worker; the job stays for others."""
    storage = SlowToFinish(databases)
    executor = JobExecutor(storage, {"ingest": nothing}, "w")
    wanted = await storage.add(job())
    begun = await storage.begin("w", utc_now(), kinds=["ingest"])
    assert begun is not None
    running = asyncio.create_task(executor.execute(begun))
    await storage.asked.wait()
    running.cancel()
    await asyncio.wait({running})
    assert (await storage.get(wanted.job_id)).state == "running"
