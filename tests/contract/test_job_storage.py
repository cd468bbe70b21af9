"""Jobs on both backends: who may work on what, what is kept of a dead worker's work, what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import JobNotFoundError, JobStateError
from tg_parser.domain.jobs import JOB_KINDS, Job, JobError, new_job_id
from tg_parser.services.job_files import JobFiles
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.job_reading import Takeover
from tg_parser.storage.stores.jobs import Heard, JobStorage

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
OTHER = "another"
"""A worker that lives and takes over."""


@pytest.fixture
def told() -> list[str]:
    """The ids of the jobs that workers were told of, in order."""
    return []


@pytest.fixture
def storage(databases: Databases, told: list[str]) -> JobStorage:
    async def deliver(_: AsyncConnection, jobs: Sequence[Job]) -> None:
        told.extend(job.job_id for job in jobs)

    return JobStorage(databases.processing, deliver)


def job(number: Any, **fields: Any) -> Job:
    parameters = {"source": f"s{number}"}
    usual: dict[str, Any] = {"job_id": f"job-{number}", "kind": "ingest", "created_at": NOW, "run_at": NOW}
    return Job(**usual | {"parameters": parameters} | fields)


async def begin(storage: JobStorage, worker: str = "w1", now: datetime = NOW, **which: Any) -> Job:
    return await storage.begin(worker, now, kinds=JOB_KINDS, **which)


async def test_a_job_is_kept_as_it_was_asked_for(storage: JobStorage, told: list[str]) -> None:
    """All that was said of it is read again, and workers are told of it."""
    wanted = job(1, channel_id="-100", lock="collect:s1", asked_by="key-1", request_id="r", idempotency_key="i")
    assert await storage.add(wanted) == wanted
    assert await storage.get("job-1") == wanted
    assert told == ["job-1"]


async def test_the_same_work_waits_once(storage: JobStorage, told: list[str]) -> None:
    """Who asks for what waits already gets the waiting job; once that runs, new work waits again."""
    await storage.add(job(1))
    same = {"parameters": {"source": "s1"}}
    assert (await storage.add(job(2, **same))).job_id == "job-1"
    await begin(storage)
    assert (await storage.add(job(3, **same))).job_id == "job-3"
    assert told == ["job-1", "job-3"]


async def test_a_request_that_is_repeated_gets_its_job_even_when_that_has_ended(storage: JobStorage) -> None:
    """One key of one client names one job, other work or not; another client's key is another."""
    await storage.add(job(1, asked_by="a", idempotency_key="k"))
    await storage.finish(await begin(storage), "done", NOW)
    assert (await storage.add(job(2, asked_by="a", idempotency_key="k"))).job_id == "job-1"
    assert (await storage.add(job(3, asked_by="b", idempotency_key="k"))).job_id == "job-3"


async def test_jobs_begin_in_the_order_of_their_times(storage: JobStorage) -> None:
    """The one whose time came first, and none before its time or of a kind that the worker does not do."""
    await storage.add(job(1, run_at=LATER))
    await storage.add(job(2, kind="backup"))
    await storage.add(job(3))
    begun = await storage.begin("w1", NOW, kinds=["ingest"])
    assert (begun.job_id, begun.state, begun.attempt, begun.worker, begun.started_at) == (
        "job-3",
        "running",
        1,
        "w1",
        NOW,
    )
    assert await storage.begin("w1", NOW, kinds=["ingest"]) is None
    assert (await begin(storage, now=LATER)).job_id == "job-2"
    assert (await begin(storage, now=LATER)).job_id == "job-1"


async def test_a_job_named_by_a_delivery_begins_once(storage: JobStorage) -> None:
    """Of many workers that are told of one job, one begins it."""
    await storage.add(job(1))
    begun = await asyncio.gather(*(begin(storage, f"w{number}", job_id="job-1") for number in range(8)))
    assert sum(each is not None for each in begun) == 1


async def test_a_job_named_by_a_delivery_begins_only_when_it_may(storage: JobStorage) -> None:
    """Not before its time, not on a worker that does not do its kind, and not while its lock is held."""
    kinds: tuple[dict[str, Any], ...] = ({"run_at": LATER}, {"kind": "backup"}, {"lock": "l"}, {"lock": "l"})
    for number, fields in enumerate(kinds, start=1):
        await storage.add(job(number, **fields))
    begun = [await storage.begin("w1", NOW, kinds=["ingest"], job_id=f"job-{number}") for number in (1, 2, 3, 4)]
    assert [each and (each.job_id, each.attempt, each.worker) for each in begun] == [
        None,
        None,
        ("job-3", 1, "w1"),
        None,
    ]


async def test_a_worker_sees_whether_there_is_a_job_for_it(storage: JobStorage) -> None:
    """One whose time has come, of its kinds, that waits for no lock and is no help for its own work."""

    async def any_ready(now: datetime = NOW, kinds: Sequence[str] = ("process",)) -> bool:
        return await storage.any_ready("w1", now, kinds=kinds)

    assert not await any_ready()
    await storage.add(job(1, kind="process", run_at=LATER, lock="l"))
    assert (await any_ready(), await any_ready(LATER, ["ingest"]), await any_ready(LATER)) == (False, False, True)
    await begin(storage, now=LATER)
    await storage.add(job(2, kind="process", lock="l"))
    await storage.add(job(3, kind="process", helps="job-1"))
    assert not await any_ready(LATER)
    assert await storage.any_ready("w2", LATER, kinds=["process"])


async def test_jobs_with_one_lock_run_one_after_another(storage: JobStorage, told: list[str]) -> None:
    """Ten workers at once begin one of five jobs with the same lock; its end tells of the next."""
    for number in range(1, 6):
        await storage.add(job(number, lock="topicize:-100"))
    begun = [each for each in await asyncio.gather(*(begin(storage, f"w{n}") for n in range(10))) if each]
    assert [each.job_id for each in begun] == ["job-1"]
    told.clear()
    await storage.finish(begun[0], "done", NOW)
    assert told == ["job-2"]
    assert (await begin(storage)).job_id == "job-2"


async def test_a_result_is_kept_with_its_job(storage: JobStorage) -> None:
    """What came of it, when it ended, and no worker any more."""
    await storage.add(job(1))
    done = await storage.finish(await begin(storage), "done", LATER, result={"new": 3})
    assert (done.state, done.result, done.finished_at, done.worker) == ("done", {"new": 3}, LATER, None)


async def test_an_attempt_that_was_taken_over_writes_nothing(storage: JobStorage) -> None:
    """The dead worker comes back to life: neither its progress nor its end counts."""
    await storage.add(job(1))
    first = await begin(storage)
    (waiting,) = await storage.take_over(NOW + timedelta(seconds=1), LATER, OTHER)
    assert (waiting.state, waiting.takeovers, waiting.run_at) == ("queued", 1, LATER)
    second = await begin(storage, "w2", LATER)
    await storage.note_progress(first, {"done": 9})
    assert await storage.finish(first, "failed", LATER, error=JobError("error", "late")) is None
    assert await storage.give_back(first, LATER, LATER) is None
    now = await storage.get("job-1")
    assert (now.state, now.progress, now.attempt, now.worker) == ("running", None, 2, "w2")
    assert (await storage.finish(second, "done", LATER)).state == "done"


async def test_a_job_that_kills_its_worker_twice_has_failed(storage: JobStorage) -> None:
    """It is tried once more, and not for ever."""
    await storage.add(job(1))
    for _ in range(2):
        await begin(storage, now=LATER)
        (left,) = await storage.take_over(LATER + timedelta(seconds=1), LATER, OTHER)
    assert (left.state, left.error.code, left.takeovers) == ("failed", "worker_died", 2)


async def test_a_worker_that_is_heard_of_keeps_its_jobs(storage: JobStorage) -> None:
    """Only jobs whose worker has been silent are taken over."""
    await storage.add(job(1))
    await storage.add(job(2))
    await begin(storage, "quiet")
    await begin(storage, "alive")
    assert await storage.beat("alive", LATER) == Heard(own=frozenset({"job-2"}))
    (taken,) = await storage.take_over(LATER, LATER, OTHER)
    assert taken.job_id == "job-1"


async def test_a_worker_takes_nothing_over_from_itself(storage: JobStorage) -> None:
    """A machine that slept finds its own jobs silent, and goes on with them; who is alone takes over all others'."""
    await storage.add(job(1))
    await begin(storage, "sleeper")
    assert await storage.take_over(LATER, LATER, "sleeper") == []
    (taken,) = await storage.take_over(None, NOW, OTHER)
    assert taken.job_id == "job-1"


async def test_a_job_that_may_succeed_later_waits_until_then(storage: JobStorage, told: list[str]) -> None:
    """Given back with its reason, it waits for its time, and workers are told."""
    await storage.add(job(1))
    told.clear()
    back = await storage.give_back(await begin(storage), LATER, NOW, JobError("rate_limited", "Wait.", data={"a": 1}))
    assert (back.state, back.run_at, back.error.message, back.error.data) == ("queued", LATER, "Wait.", {"a": 1})
    assert told == ["job-1"]
    assert await begin(storage) is None
    assert (await begin(storage, now=LATER)).attempt == 2


async def test_a_waiting_job_is_cancelled_at_once(storage: JobStorage, told: list[str]) -> None:
    """It never runs, and the next with its lock is told of."""
    for number in (1, 2):
        await storage.add(job(number, lock="l"))
    told.clear()
    assert (await storage.request_cancel("job-1", NOW)).state == "cancelled"
    assert told == ["job-2"]
    with pytest.raises(JobStateError, match="job-1 is cancelled and cannot become cancelled"):
        await storage.request_cancel("job-1", NOW)


async def test_the_worker_hears_that_its_job_should_end(storage: JobStorage) -> None:
    """Asked for twice, the first time counts; the job runs until its worker ends it."""
    await storage.add(job(1))
    running = await begin(storage)
    await storage.request_cancel("job-1", NOW)
    assert (await storage.request_cancel("job-1", LATER)).cancel_requested_at == NOW
    assert await storage.beat("w1", NOW) == Heard(own=frozenset({"job-1"}), unwanted=frozenset({"job-1"}))
    assert (await storage.finish(running, "cancelled", LATER)).state == "cancelled"


async def test_a_job_that_should_end_does_not_wait_for_another_attempt(storage: JobStorage, told: list[str]) -> None:
    """Given back by a worker that has not heard of it yet, it is cancelled, and no worker is told."""
    await storage.add(job(1))
    running = await begin(storage)
    assert running is not None
    await storage.request_cancel("job-1", NOW)
    told.clear()
    back = await storage.give_back(running, LATER, NOW, JobError("rate_limited", "Wait."))
    assert back is not None
    assert (back.state, back.finished_at, told) == ("cancelled", NOW, [])


async def test_a_dead_workers_job_that_should_end_is_cancelled(storage: JobStorage) -> None:
    """It is not begun again only to be ended."""
    await storage.add(job(1))
    await begin(storage)
    await storage.request_cancel("job-1", NOW)
    (left,) = await storage.take_over(LATER, LATER, OTHER)
    assert left.state == "cancelled"


async def test_jobs_are_listed_newest_first_by_page(storage: JobStorage) -> None:
    """Pages of two with filters; nothing twice, nothing left out."""
    for number in range(1, 6):
        await storage.add(job(number, channel_id=f"-{number % 2}"))
    first = await storage.page(limit=2)
    second = await storage.page(limit=9, before=first[-1].job_id)
    assert [each.job_id for each in first + second] == [f"job-{number}" for number in (5, 4, 3, 2, 1)]
    await begin(storage)
    assert [each.job_id for each in await storage.page(limit=9, states=["running"])] == ["job-1"]
    assert [each.job_id for each in await storage.page(limit=9, channels=["-0"])] == ["job-4", "job-2"]
    assert await storage.page(limit=9, kinds=["backup"]) == []
    assert await storage.counts() == {("ingest", "queued"): 4, ("ingest", "running"): 1}


async def test_ended_jobs_are_deleted_when_their_time_is_over(storage: JobStorage) -> None:
    """Those that wait or run stay, however old."""
    for number in (1, 2, 3):
        await storage.add(job(number))
    await storage.finish(await begin(storage), "done", NOW)
    await begin(storage)
    assert await storage.delete_ended(LATER) == 1
    assert [each.job_id for each in await storage.page(limit=9)] == ["job-3", "job-2"]
    with pytest.raises(JobNotFoundError, match="job-1"):
        await storage.get("job-1")


async def test_workers_are_told_again_of_jobs_that_should_have_begun(storage: JobStorage, told: list[str]) -> None:
    """Of those whose time has come, the oldest first; not of what waits for a lock, or is none of their kinds."""
    await storage.add(job(1, run_at=LATER))
    await storage.add(job(2))
    await storage.add(job(3, lock="l"))
    await storage.begin("w", NOW, kinds=JOB_KINDS, job_id="job-3")
    await storage.add(job(4, lock="l"))
    told.clear()
    ours: dict[str, Any] = {"worker": "w", "kinds": ["ingest"], "limit": 9}
    assert (await storage.deliver_again(NOW, **ours), told) == (1, ["job-2"])
    assert (await storage.deliver_again(LATER, **ours), told) == (2, ["job-2", "job-2", "job-1"])
    assert await storage.deliver_again(LATER, "w", kinds=["export"], limit=9) == 0


async def test_what_a_job_is_told_survives_any_text(storage: JobStorage) -> None:
    """Parameters keep characters that PostgreSQL cannot store only in a form that it can."""
    kept = await storage.add(job(1, parameters={"text": "a\x00b"}))
    assert (await storage.get(kept.job_id)).parameters["text"].startswith("a")
    assert replace(kept, parameters={}) == replace(await storage.get(kept.job_id), parameters={})


async def test_folders_of_deleted_jobs_are_deleted_and_nothing_else(storage: JobStorage, tmp_path: Path) -> None:
    """A folder goes with its job; files of others, and of jobs that are kept, stay."""
    kept, gone = new_job_id(NOW), new_job_id(NOW)
    files = JobFiles(tmp_path / "exports", storage)
    assert await files.delete_of_deleted_jobs() == 0
    await storage.add(job(1, job_id=kept))
    for name in (kept, gone, "notes"):
        (tmp_path / "exports" / name).mkdir(parents=True)
        (tmp_path / "exports" / name / "topics.json").write_text("[]", "utf-8")
    assert await files.delete_of_deleted_jobs() == 1
    assert sorted(each.name for each in (tmp_path / "exports").iterdir()) == sorted([kept, "notes"])


async def test_a_job_that_its_worker_does_not_end_has_failed(storage: JobStorage, told: list[str]) -> None:
    """Its worker lives, and yet the job has failed, is the worker's no more, and the next with its lock may begin."""
    await storage.add(job(1, lock="l"))
    await storage.add(job(2, lock="l"))
    stuck = await begin(storage, "alive")
    await storage.beat("alive", LATER)
    told.clear()
    assert await storage.fail_begun_before(NOW, LATER, JobError("job_too_long", "Too long.")) == []
    (failed,) = await storage.fail_begun_before(LATER, LATER, JobError("job_too_long", "Too long."))
    assert (failed.job_id, failed.state, failed.error.code) == ("job-1", "failed", "job_too_long")
    assert told == ["job-2"]
    assert await storage.beat("alive", LATER) == Heard(own=frozenset())
    assert await storage.finish(stuck, "done", LATER) is None


async def test_a_worker_is_of_no_help_to_itself(storage: JobStorage, told: list[str]) -> None:
    """Told of a helper of its own work, it tells others at once, and less often the longer nobody comes."""
    await storage.add(job(1, kind="process"))
    await storage.add(job(2, kind="process", helps="job-1"))
    assert (await begin(storage, "busy", job_id="job-1")).helps is None
    told.clear()
    assert await begin(storage, "busy", job_id="job-2") is None
    assert told == ["job-2"]
    assert await begin(storage, "busy") is None
    assert await begin(storage, "busy", LATER, job_id="job-2") is None
    assert told == ["job-2"]
    assert await storage.deliver_again(LATER, "busy", kinds=JOB_KINDS, limit=9) == 0
    assert await storage.deliver_again(LATER, "free", kinds=JOB_KINDS, limit=9) == 1
    assert (await begin(storage, "free", job_id="job-2")).helps == "job-1"
    await storage.add(job(3, kind="process", helps="job-1"))
    assert await begin(storage, "free") is None
    assert (await begin(storage, "third")).job_id == "job-3"
    assert [each.job_id for each in await storage.helpers("job-1")] == ["job-2", "job-3"]


async def test_the_last_takeover_can_be_read_by_anybody(storage: JobStorage) -> None:
    """When it ran, with nothing to do too, and how many jobs were taken over in all; none before the first."""
    assert await storage.last_takeover() is None
    for number in (1, 2, 3):
        await storage.add(job(number))
        await begin(storage)
    await storage.take_over(LATER, LATER, OTHER)
    assert await storage.last_takeover() == Takeover(LATER, 3)
    await storage.take_over(NOW, LATER + timedelta(minutes=1), OTHER)
    assert await storage.last_takeover() == Takeover(LATER + timedelta(minutes=1), 3)
    await begin(storage, now=LATER)
    await storage.take_over(LATER + timedelta(seconds=1), LATER + timedelta(minutes=2), OTHER)
    assert await storage.last_takeover() == Takeover(LATER + timedelta(minutes=2), 4)
