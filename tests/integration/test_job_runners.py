"""Both runners do the same with the same jobs: begin, report, end, try again, give back, and outlive their server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from polling import until
from sqlalchemy import text

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import SourceError, SourceUnavailableError
from tg_parser.domain.jobs import ENDED, Job, new_job_id
from tg_parser.domain.progress import Progress, ReportProgress
from tg_parser.domain.utc_time import utc_now
from tg_parser.jobs.embedded import EmbeddedRunner
from tg_parser.jobs.execution import JobExecutor
from tg_parser.jobs.heart import Heart
from tg_parser.jobs.procrastinate_app import ProcrastinateRunner, deliver
from tg_parser.jobs.runner import JobRunner, RunnerOptions
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.jobs import JobStorage, nobody_is_told

OPTIONS = RunnerOptions(takeover_after=2, grace=5, look_every=0.1)
BEAT = 0.2


@pytest.fixture
def storage(databases: Databases, backend: str) -> JobStorage:
    return JobStorage(databases.processing, deliver if backend == "postgresql" else nobody_is_told)


@pytest.fixture
def own_storage(settings: Settings) -> Any:
    """Opens the jobs on a connection of their own."""

    @asynccontextmanager
    async def own_storage() -> Any:
        async with open_databases(settings, prepare=False) as own:
            yield JobStorage(own.processing)

    return own_storage


@pytest.fixture
def running(
    databases: Databases,
    storage: JobStorage,
    own_storage: Callable[..., Any],
    database_environment: dict[str, str],
    backend: str,
) -> Any:
    """Runs workers that do `work`, for the length of a block."""

    @asynccontextmanager
    async def running(work: Any, *, worker: str = "w", options: RunnerOptions = OPTIONS) -> Any:
        executor = JobExecutor(storage, {"ingest": work}, worker, options.longest)
        heart = Heart(own_storage, BEAT)
        runner: JobRunner
        if backend == "postgresql":
            runner = ProcrastinateRunner(database_environment["DB_URL"], storage, executor, heart, options)
        else:
            runner = EmbeddedRunner(storage, executor, databases.locks, heart, options)
        stop = asyncio.Event()
        task = asyncio.create_task(runner.run(stop))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)

    return running


def job(**fields: Any) -> Job:
    now = utc_now()
    usual: dict[str, Any] = {"job_id": new_job_id(now), "kind": "ingest", "created_at": now, "run_at": now}
    return Job(**usual | fields)


async def ended(storage: JobStorage, job_id: str) -> Job:
    async def look() -> Job | None:
        found = await storage.get(job_id)
        return found if found.state in ENDED else None

    return await until(look)


async def test_a_job_is_done_with_its_parameters_and_its_result_kept(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """A worker that runs already hears of it; progress is kept with rate and total."""

    async def work(each: Job, report: ReportProgress) -> dict[str, Any]:
        report(Progress("reading", 3, 4))
        return {"source": each.parameters["source"], "attempt": each.attempt}

    async with running(work):
        wanted = await storage.add(job(parameters={"source": "s"}))
        done = await ended(storage, wanted.job_id)
    assert (done.state, done.result) == ("done", {"source": "s", "attempt": 1})
    assert (done.progress["step"], done.progress["done"], done.progress["total"]) == ("reading", 3, 4)


async def test_a_worker_that_waits_hears_of_a_job_at_once(
    databases: Databases, storage: JobStorage, running: Callable[..., Any], backend: str
) -> None:
    """It looks by itself once a minute, and begins each of two jobs long before: somebody else has asked for them."""

    async def work(_: Any, __: Any) -> dict[str, Any]:
        return {}

    async def listens() -> bool:
        """A job that comes between the worker's first look and this moment waits for the next look."""
        asked = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'")
        return bool(await databases.processing.rows(asked))

    async with running(work, options=RunnerOptions(look_every=60)):
        if backend == "postgresql":
            await until(listens)
        for number in (1, 2):
            done = await ended(storage, (await storage.add(job(parameters={"number": number}))).job_id)
            assert done.state == "done"


async def test_jobs_that_waited_before_the_worker_came_are_done(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """Two hundred of them, each once."""
    seen = []

    async def work(each: Job, _: Any) -> dict[str, Any]:
        seen.append(each.parameters["number"])
        return {}

    waiting = [await storage.add(job(parameters={"number": number})) for number in range(200)]
    async with running(work):
        for each in waiting:
            await ended(storage, each.job_id)
    assert sorted(seen) == list(range(200))


async def test_an_error_that_stays_ends_the_job_with_its_words(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """A final error is not tried again; code, message, hint and facts are kept."""

    async def work(_: Any, __: Any) -> dict[str, Any]:
        raise SourceError("The channel is private.", "Join it.", chat="@x")

    async with running(work):
        failed = await ended(storage, (await storage.add(job())).job_id)
    assert (failed.state, failed.attempt, failed.error.code) == ("failed", 1, "source")
    assert (failed.error.message, failed.error.hint, failed.error.data) == (
        "The channel is private.",
        "Join it.",
        {"chat": "@x"},
    )


async def test_an_error_that_passes_lets_the_job_wait(storage: JobStorage, running: Callable[..., Any]) -> None:
    """The server was away: the job waits with the reason, and frees its worker meanwhile."""

    async def work(_: Any, __: Any) -> dict[str, Any]:
        raise SourceUnavailableError("Telegram does not answer.")

    async with running(work):
        wanted = await storage.add(job())

        async def look() -> Job | None:
            found = await storage.get(wanted.job_id)
            return found if found.error else None

        waiting = await until(look)
    assert (waiting.state, waiting.attempt, waiting.error.message) == ("queued", 1, "Telegram does not answer.")
    assert waiting.run_at > waiting.started_at + timedelta(seconds=5)


async def test_an_unexpected_error_ends_one_job_and_not_the_worker(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """A fault of the program is told as one, and the next job is done."""

    async def work(each: Job, _: Any) -> dict[str, Any]:
        if each.parameters["bad"]:
            raise ZeroDivisionError("division by zero")
        return {}

    async with running(work):
        bad = await storage.add(job(parameters={"bad": True}))
        good = await storage.add(job(parameters={"bad": False}))
        assert (await ended(storage, good.job_id)).state == "done"
        failed = await ended(storage, bad.job_id)
    assert (failed.error.code, failed.error.message) == (
        "internal",
        "An unexpected ZeroDivisionError: division by zero",
    )


async def test_a_running_job_is_cancelled_in_order(storage: JobStorage, running: Callable[..., Any]) -> None:
    """The work may end what it does before it goes; the job is cancelled then."""
    begun, left_in_order = asyncio.Event(), []

    async def work(_: Any, __: Any) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            left_in_order.append(True)

    async with running(work):
        wanted = await storage.add(job())
        await asyncio.wait_for(begun.wait(), 20)
        await storage.request_cancel(wanted.job_id, utc_now())
        assert (await ended(storage, wanted.job_id)).state == "cancelled"
    assert left_in_order == [True]


async def test_a_worker_that_is_stopped_gives_back_what_it_cannot_finish(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """A short job ends within the grace time; a long one waits for the next worker, which ends it."""
    begun = asyncio.Semaphore(0)

    async def slow(each: Job, _: Any) -> dict[str, Any]:
        begun.release()
        await asyncio.sleep(each.parameters["seconds"])
        return {}

    async def quick(_: Any, __: Any) -> dict[str, Any]:
        return {"by": "the next"}

    short, long = (
        await storage.add(job(parameters={"seconds": 0.5})),
        await storage.add(job(parameters={"seconds": 60})),
    )
    async with running(slow, options=RunnerOptions(grace=2, look_every=0.1)) as stop:
        for _ in range(2):
            await asyncio.wait_for(begun.acquire(), 20)
        stop.set()
    assert (await storage.get(short.job_id)).state == "done"
    assert (await storage.get(long.job_id)).state == "queued"
    async with running(quick, worker="next"):
        finished = await ended(storage, long.job_id)
    assert (finished.result, finished.attempt) == ({"by": "the next"}, 2)


async def test_jobs_with_one_lock_never_run_together(storage: JobStorage, running: Callable[..., Any]) -> None:
    """Twenty jobs of four locks on many slots: never two of one lock at once, and all are done."""
    held, together = set(), []

    async def work(each: Job, _: Any) -> dict[str, Any]:
        together.append(each.lock in held)
        held.add(each.lock)
        await asyncio.sleep(0.02)
        held.discard(each.lock)
        return {}

    wanted = [await storage.add(job(lock=f"l{n % 4}", parameters={"n": n})) for n in range(20)]
    async with running(work, options=RunnerOptions(concurrency=8, look_every=0.1)):
        for each in wanted:
            assert (await ended(storage, each.job_id)).state == "done"
    assert not any(together)


async def test_the_job_of_a_worker_that_fell_silent_is_taken_over(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """It was begun by a process that is no more; another worker does it within the time that is set."""
    long_ago = utc_now() - timedelta(minutes=5)
    lost = await storage.add(job(run_at=long_ago))
    assert await storage.begin("dead", long_ago, kinds=["ingest"])

    async def work(_: Any, __: Any) -> dict[str, Any]:
        return {}

    async with running(work):
        done = await ended(storage, lost.job_id)
    assert (done.state, done.attempt, done.takeovers) == ("done", 2, 1)


async def test_a_worker_that_is_busy_computing_is_not_taken_for_dead(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """Work that never lets the event loop go, for longer than a silent worker is trusted, is heard of all the same."""

    async def work(each: Job, _: Any) -> dict[str, Any]:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            sum(range(1000))
        return {"beat": ((await storage.get(each.job_id)).heartbeat_at - each.started_at).total_seconds()}

    async with running(work, options=RunnerOptions(concurrency=1, look_every=0.1)):
        done = await ended(storage, (await storage.add(job())).job_id)
    assert done.attempt == 1
    assert done.result["beat"] > 2


async def test_a_job_that_is_anothers_now_is_left(storage: JobStorage, running: Callable[..., Any]) -> None:
    """A worker that was thought dead hears that its job has been taken over, and stops working on it."""
    begun, elsewhere, left = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work(_: Any, __: Any) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            # The worker has no room until then: it might begin the job again before the other one does.
            await elsewhere.wait()
            left.set()

    async with running(work, options=RunnerOptions(concurrency=1, look_every=0.1)):
        wanted = await storage.add(job())
        await asyncio.wait_for(begun.wait(), 20)
        # Again where the worker is heard of at that very moment: its job is passed over then.
        await until(lambda: storage.take_over(None, utc_now(), "another"))
        taken = await until(lambda: storage.begin("another", utc_now(), kinds=["ingest"]))
        elsewhere.set()
        await asyncio.wait_for(left.wait(), 20)
        assert (taken.job_id, taken.attempt) == (wanted.job_id, 2)
    now = await storage.get(wanted.job_id)
    assert (now.state, now.worker, now.attempt) == ("running", "another", 2)


async def test_a_job_that_runs_too_long_ends_in_order_and_has_failed(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """It may keep what it has, and the next job of its lock is done."""
    kept, begun = [], asyncio.Event()

    async def work(each: Job, _: Any) -> dict[str, Any]:
        begun.set()
        try:
            await asyncio.sleep(each.parameters["seconds"])
        finally:
            kept.append(each.parameters["seconds"])
        return {}

    async with running(work, options=RunnerOptions(longest=1.0, look_every=0.1)):
        long = await storage.add(job(parameters={"seconds": 60}, lock="l"))
        await asyncio.wait_for(begun.wait(), 20)
        short = await storage.add(job(parameters={"seconds": 0}, lock="l"))
        failed = await ended(storage, long.job_id)
        assert (await ended(storage, short.job_id)).state == "done"
    assert (failed.state, failed.attempt, failed.error.code) == ("failed", 1, "job_too_long")
    assert failed.error.message == "The job was stopped after 1 seconds (JOB_MAX_SECONDS)."
    assert kept == [60, 0]


async def test_a_stuck_job_of_a_live_worker_does_not_hold_its_lock(
    storage: JobStorage, running: Callable[..., Any]
) -> None:
    """One that will not be ended fails all the same, and its lock goes to the next job."""
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def work(each: Job, _: Any) -> dict[str, Any]:
        begun.set()
        while each.parameters["stuck"] and not may_end.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await may_end.wait()
        return {}

    options = RunnerOptions(longest=0.3, takeover_after=1, grace=0.2, look_every=0.1)
    async with running(work, options=options):
        stuck = await storage.add(job(parameters={"stuck": True}, lock="l"))
        await asyncio.wait_for(begun.wait(), 20)
        after = await storage.add(job(parameters={"stuck": False}, lock="l"))
        failed = await ended(storage, stuck.job_id)
        assert (await ended(storage, after.job_id)).state == "done"
        may_end.set()
    assert (failed.state, failed.error.code) == ("failed", "job_too_long")
    assert (await storage.get(stuck.job_id)).state == "failed"
