"""The schedule on both backends: one tick a span, due work asked for once, no burst after an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tg_parser.config.schedule_settings import ScheduleSettings
from tg_parser.config.settings import Settings
from tg_parser.domain.jobs import JOB_KINDS
from tg_parser.domain.schedule import LastRun
from tg_parser.domain.sources import Attempt, SourceChange
from tg_parser.services.jobs import JobService
from tg_parser.services.schedule import AT_ONCE, TICK, ScheduleService
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.jobs import JobStorage
from tg_parser.storage.stores.schedule import ScheduleStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.wiring.app import App, open_app

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
TOMORROW = datetime.now(UTC).replace(hour=9) + timedelta(days=1)
"""A time of day at which no cleanup is due, after sources were added."""


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with open_app(settings) as app:
        yield app


@pytest.fixture
def schedule(app: App, clock: Clock) -> Any:
    """A schedule of workers that poll once an hour and process what they find."""

    def schedule(**chosen: Any) -> Any:
        processing = app.shared.databases.processing
        jobs = JobService(JobStorage(processing), app.sources, lambda: None, clock)
        usual: dict[str, Any] = {"interval": 3600, "steps": "process"}
        return ScheduleService(
            ScheduleSettings(**usual | chosen), ScheduleStorage(processing), app.sources, jobs, clock
        )

    return schedule


async def add(app: App, *names: str) -> None:
    for name in names:
        await app.sources.add(SourceChange(source_id=name, channel_username=name, via="web"))


async def test_of_many_workers_one_has_the_tick(databases: Databases) -> None:
    """Ten that ask at once, and again in the next span; a clock that was put back stops nothing."""
    storage = ScheduleStorage(databases.processing)
    for moment in (NOW, NOW + TICK, NOW - timedelta(days=1)):
        told = await asyncio.gather(*(storage.take_tick(moment, TICK) for _ in range(10)))
        assert sum(told) == 1
    assert await storage.last_runs() == {}


async def test_what_was_asked_for_is_remembered(databases: Databases) -> None:
    """The latest counts."""
    storage = ScheduleStorage(databases.processing)
    await storage.note("backup", LastRun(NOW, "one"))
    await storage.note("backup", LastRun(NOW + TICK, "two"))
    await storage.note("cleanup", LastRun(NOW))
    assert await storage.last_runs() == {"backup": LastRun(NOW + TICK, "two"), "cleanup": LastRun(NOW)}


async def test_a_source_that_is_due_becomes_a_job_once(
    app: App, schedule: Callable[..., ScheduleService], clock: Clock
) -> None:
    """Five workers keep the schedule: one job a source, the next one after its interval."""
    await add(app, "first_one", "second_one")
    clock.now = TOMORROW
    workers = [schedule() for _ in range(5)]
    made = [job for jobs in await asyncio.gather(*(each.tick() for each in workers)) for job in jobs]
    assert sorted((each.kind, each.parameters["source"], each.asked_by) for each in made) == [
        ("run", "first_one", "scheduler"),
        ("run", "second_one", "scheduler"),
    ]
    assert made[0].parameters["skip"] == ["topicize", "export"]
    clock.forward(minutes=10)
    assert await workers[1].tick() == []
    shown = {each.name: each for each in await workers[0].entries()}
    assert shown["source:first_one"].last.job_id in {each.job_id for each in made}
    assert shown["source:first_one"].next_at > clock.now


async def test_only_what_may_be_due_is_read(app: App, schedule: Callable[..., ScheduleService], clock: Clock) -> None:
    """Of sources none of which is due, a tick reads none; where intervals have changed, a new worker looks at all."""
    await add(app, *(f"source_{number}" for number in range(30)))
    clock.now = TOMORROW
    keeper = schedule(cleanup=None)
    assert len(await keeper.tick()) == 30
    clock.forward(minutes=5)
    assert await app.sources.due(clock.now, 99) == []
    assert await keeper.tick() == []
    assert await app.sources.due(clock.now + timedelta(minutes=61), 1)
    clock.forward(minutes=5)
    sooner = schedule(interval=300, cleanup=None)
    assert await sooner.tick() == []
    await app.sources.forget_next_polls()
    clock.forward(minutes=1)
    await end_all(app, clock)
    assert len(await sooner.tick()) == 30
    assert await app.sources.due(clock.now, 99) == []


async def end_all(app: App, clock: Clock) -> None:
    storage = JobStorage(app.shared.databases.processing)
    while job := await storage.begin("w", clock.now, kinds=JOB_KINDS):
        await storage.finish(job, "done", clock.now)


async def test_a_source_that_recovers_is_due_at_its_interval_again(
    app: App, schedule: Callable[..., ScheduleService], clock: Clock
) -> None:
    """After five failures it would rest for a day; a person collects it, and an hour later it is polled."""
    await add(app, "first_one")
    clock.now = TOMORROW
    for success in (*[False] * 5, True):
        at = clock.now
        await attempts(app).record_attempt(
            Attempt(source_id="first_one", started_at=at, finished_at=at, success=success)
        )
        assert await schedule(cleanup=None).tick() == []
        clock.forward(minutes=1)
    clock.forward(minutes=70)
    assert len(await schedule(cleanup=None).tick()) == 1


def attempts(app: App) -> IngestionStorage:
    return IngestionStorage(app.shared.databases.ingestion)


@pytest.mark.parametrize(
    ("steps", "kind", "skipped"),
    [(None, "run", ["topicize", "export"]), ("ingest", "ingest", None), ("topicize", "run", ["export"])],
)
async def test_each_source_says_how_far_it_is_taken(
    app: App, schedule: Callable[..., ScheduleService], clock: Clock, steps: Any, kind: str, skipped: Any
) -> None:
    """Its own word counts, else that of the settings; the schedule shows it."""
    await add(app, "first_one")
    await app.sources.add(SourceChange(source_id="first_one", steps=steps))
    clock.now = TOMORROW
    keeper = schedule(cleanup=None)
    (entry,) = await keeper.entries()
    assert entry.steps == (steps or "process")
    (job,) = await keeper.tick()
    assert (job.kind, job.parameters.get("skip")) == (kind, skipped)
    assert (await app.sources.get("first_one")).steps == steps


async def test_what_is_not_polled_is_never_due(app: App) -> None:
    """Paused, failed for good, or filled from files; resumed, it is due at once."""
    for name, via in (("paused_one", "web"), ("failed_one", "api"), ("filled_one", "export"), ("polled_one", None)):
        await app.sources.add(SourceChange(source_id=name, channel_username=name, via=via))
    await app.sources.set_status("paused_one", "paused")
    await app.sources.set_status("failed_one", "error")
    assert [each.source_id for each in await app.sources.due(TOMORROW, 9)] == ["polled_one"]
    await app.sources.set_next_polls({"polled_one": TOMORROW, "paused_one": TOMORROW + timedelta(days=9)})
    assert [each.source_id for each in await app.sources.due(TOMORROW, 9)] == ["polled_one"]
    assert await app.sources.due(TOMORROW - timedelta(seconds=1), 9) == []
    await app.sources.set_status("paused_one", "active")
    assert {each.source_id for each in await app.sources.due(TOMORROW, 9)} == {"polled_one", "paused_one"}
    assert len(await app.sources.due(TOMORROW, 1)) == 1


async def test_an_outage_is_not_made_up_for(app: App, schedule: Callable[..., ScheduleService], clock: Clock) -> None:
    """After three days without a worker, a source is polled once and cleanup runs once, not as often as they missed."""
    await add(app, "first_one")
    keeper = schedule(steps="ingest")
    clock.now = TOMORROW
    (first,) = await keeper.tick()
    storage = JobStorage(app.shared.databases.processing)
    await storage.finish(await storage.begin("w", clock.now, kinds=["ingest"]), "done", clock.now)
    clock.forward(days=3)
    assert sorted(each.kind for each in await keeper.tick()) == ["cleanup", "ingest"]
    clock.forward(seconds=31)
    assert await keeper.tick() == []
    assert first.parameters == {"source": "first_one"}


async def test_many_sources_come_one_batch_after_another(
    app: App, schedule: Callable[..., ScheduleService], clock: Clock
) -> None:
    """More than one tick asks for: the rest with the next ticks, each once."""
    await add(app, *(f"source_{number}" for number in range(AT_ONCE + 5)))
    clock.now = TOMORROW
    keeper = schedule(cleanup=None)
    assert len(await keeper.tick()) == AT_ONCE
    clock.forward(seconds=31)
    assert len(await keeper.tick()) == 5


async def test_backups_are_made_at_their_times(schedule: Callable[..., ScheduleService], clock: Clock) -> None:
    """From when the schedule is first kept: not for times before, and once for each after."""
    keeper = schedule(backup="0 12 * * *", cleanup=None)
    assert await keeper.tick() == []
    clock.forward(hours=2)
    assert await keeper.tick() == []
    clock.forward(hours=1, minutes=1)
    assert [each.kind for each in await keeper.tick()] == ["backup"]
    (entry,) = await keeper.entries()
    assert entry.next_at == datetime(2024, 11, 28, 12, 0, tzinfo=UTC)
