"""Jobs follow their channel from its name to its number, on both backends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.jobs import JOB_KINDS, Job
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.job_channels import JobChannels
from tg_parser.storage.stores.jobs import JobStorage

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
NAME, NUMBER = "news", "-1001"


@pytest.fixture
def told() -> list[str]:
    """The ids of the jobs that workers were told of, in order."""
    return []


@pytest.fixture
def storage(databases: Databases, told: list[str]) -> JobStorage:
    async def deliver(_: AsyncConnection, jobs: Sequence[Job]) -> None:
        told.extend(job.job_id for job in jobs)

    return JobStorage(databases.processing, deliver)


@pytest.fixture
def channels(databases: Databases) -> JobChannels:
    return JobChannels(databases.processing)


def job(number: int, channel: str = NAME, created_at: datetime = NOW, **fields: Any) -> Job:
    usual: dict[str, Any] = {
        "kind": "ingest",
        "created_at": created_at,
        "run_at": NOW,
        "parameters": {"source": f"s{number}"},
    }
    return Job(job_id=f"job-{number}", channel_id=channel, lock=f"collect:{channel}", **usual | fields)


async def test_jobs_and_their_locks_follow(storage: JobStorage, channels: JobChannels, told: list[str]) -> None:
    """A job that runs under the name keeps one under the number waiting, which is told of when that has ended."""
    await storage.add(job(1))
    running = await storage.begin("w1", NOW, kinds=JOB_KINDS)
    assert running is not None
    await storage.add(job(2, NUMBER))
    await channels.renamed(NAME, NUMBER, NOW)
    first = await storage.get("job-1")
    assert (first.channel_id, first.lock) == (NUMBER, f"collect:{NUMBER}")
    assert await storage.begin("w2", NOW, kinds=JOB_KINDS) is None
    await storage.finish(running, "done", NOW)
    assert told == ["job-1", "job-2", "job-2"]
    second = await storage.begin("w2", NOW, kinds=JOB_KINDS)
    assert second is not None
    assert second.job_id == "job-2"


async def test_a_lock_that_is_held_is_not_taken(storage: JobStorage, channels: JobChannels) -> None:
    """Where the channel is at work under both, the running jobs keep their locks, and what waits takes the number's."""
    for each in (job(1), job(2, NUMBER)):
        await storage.add(each)
        assert await storage.begin("w1", NOW, kinds=JOB_KINDS) is not None
    await storage.add(job(3))
    await channels.renamed(NAME, NUMBER, NOW)
    kept = [await storage.get(f"job-{number}") for number in (1, 2, 3)]
    assert [each.channel_id for each in kept] == [NUMBER] * 3
    assert [each.lock for each in kept] == [f"collect:{NAME}", f"collect:{NUMBER}", f"collect:{NUMBER}"]


async def test_older_jobs_stay(storage: JobStorage, channels: JobChannels) -> None:
    """A name that belonged to another chat before leaves that chat's jobs alone; so do other channels."""
    await storage.add(job(1, created_at=NOW - timedelta(days=1)))
    await storage.add(job(2, "other"))
    await channels.renamed(NAME, NUMBER, NOW)
    assert [(await storage.get(f"job-{number}")).channel_id for number in (1, 2)] == [NAME, "other"]
