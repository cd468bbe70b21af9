"""What the schedule asks for is done: polls go on when there is money again, and what is old goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from llm_servers import LlmServer
from model_samples import Model
from polling import until
from sqlalchemy import text
from web_pages import NAME, NUMBER, PreviewServer, serving

from tg_parser.agents.archive import archives
from tg_parser.config.agent_settings import AgentSettings
from tg_parser.config.job_settings import JobSettings
from tg_parser.config.schedule_settings import ScheduleSettings
from tg_parser.config.settings import Settings, WebSettings
from tg_parser.domain.agents import TaskRecord
from tg_parser.domain.errors import JobNotFoundError
from tg_parser.domain.jobs import ENDED, Job, new_job_id
from tg_parser.domain.sources import SourceChange
from tg_parser.domain.spending import Account, Spending
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.schedule import ScheduleService
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.jobs import JobStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.storage.stores.schedule import ScheduleStorage
from tg_parser.wiring.app import App, open_app
from tg_parser.wiring.jobs import Jobs, jobs_over

MESSAGES, BUDGET = 5, 1.0


@pytest.fixture
def preview() -> Iterator[str]:
    with serving(PreviewServer(range(1, MESSAGES + 1))) as address:
        yield address


@pytest.fixture
def ready(settings: Settings, preview: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an installation that collects a channel and processes it with a model, for a dollar a month."""
    with LlmServer(Model(seconds=0)) as server:
        money = {"monthly_budget": BUDGET, "price_input": 0.15, "price_output": 0.6}
        yield settings.model_copy(
            update={
                "llm": server.settings("openai"),
                "llm_money": settings.llm_money.model_copy(update=money),
                "web": WebSettings(base_url=preview, pause=0),
                "jobs": JobSettings(exports_dir=tmp_path / "exports", grace=0),
                "agents": AgentSettings(archive_dir=tmp_path / "archive"),
                "schedule": ScheduleSettings(interval=3600, steps="process"),
            }
        )


@pytest.fixture
async def app(ready: Settings) -> AsyncIterator[App]:
    async with open_app(ready) as app:
        yield app


@asynccontextmanager
async def at_work(app: App) -> AsyncIterator[Jobs]:
    """A worker that does jobs for the length of the block."""
    jobs, stop = jobs_over(app), asyncio.Event()
    task = asyncio.create_task(jobs.runner.run(stop))
    try:
        yield jobs
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def ended(jobs: Jobs, job: Job) -> Job:
    async def look() -> Job | None:
        found = await jobs.service.get(job.job_id)
        return found if found.state in ENDED else None

    return await until(look)


async def test_processing_goes_on_by_itself_in_the_new_month(app: App) -> None:
    """While the budget of the month is spent, polls collect and say why no more; in the new month all is processed."""
    moment = datetime.now(UTC).replace(hour=12) + timedelta(days=1)
    await app.sources.add(SourceChange(source_id="news", channel_username=NAME, via="web"))
    processing = app.shared.databases.processing
    account = Account(f"{utc_now():%Y-%m-%d}", "earlier", "process", "", "openai", "gpt-4o-mini")
    await SpendingStorage(processing).book({account: Spending(calls=1, cost_nanousd=2 * 10**9)}, [])
    async with at_work(app) as jobs:
        schedule = ScheduleService(
            app.settings.schedule, ScheduleStorage(processing), app.sources, jobs.service, lambda: moment
        )
        (asked,) = await schedule.tick()
        refused = await ended(jobs, asked)
        assert refused.error
        assert refused.error.message == "$2.0000 of this month's $1.0000 is spent (LLM_MONTHLY_BUDGET)."
        assert (await documents(app), await collected(app)) == (0, MESSAGES)
        moment += timedelta(hours=2)
        (asked,) = await schedule.tick()
        assert (await ended(jobs, asked)).state == "failed"
        # What was spent is last month's now.
        await processing.write(lambda conn: conn.execute(text("UPDATE llm_spending SET day = '2024-01-31'")))
        moment += timedelta(hours=2)
        (asked,) = await schedule.tick()
        done = await ended(jobs, asked)
        assert done.error is None
        assert done.state == "done"
    assert (await documents(app), await collected(app)) == (MESSAGES, MESSAGES)
    assert (await app.sources.get("news")).fail_count == 0


async def documents(app: App) -> int:
    return (await ProcessingStorage(app.shared.databases.processing).counts(f"-{10**12 + NUMBER}")).documents


async def collected(app: App) -> int:
    return (await app.sources.holdings("news")).messages


async def test_what_is_old_goes_at_night(app: App, ready: Settings) -> None:
    """The cleanup that the schedule asks for: history is archived, old jobs and their files go, the rest stays."""
    processing = app.shared.databases.processing
    storage, now = JobStorage(processing), utc_now()
    folders = []
    for age in (timedelta(days=40), timedelta(days=2)):
        at = now - age
        job = await storage.add(Job(new_job_id(at), "export", at, at))
        begun = await storage.begin("earlier", at, kinds=["export"])
        assert begun
        await storage.finish(begun, "done", at)
        folders.append(ready.jobs.exports_dir / job.job_id)
        folders[-1].mkdir(parents=True)
        (folders[-1] / "topics.json").write_text("[]", "utf-8")
    tasks = [
        TaskRecord("reviewer", "review", now - age, 5, {"text": str(age)}) for age in (timedelta(30), timedelta(1))
    ]
    await AgentStorage(processing).record(tasks, timedelta(days=14))
    moment = now
    async with at_work(app) as jobs:
        schedule = ScheduleService(
            app.settings.schedule, ScheduleStorage(processing), app.sources, jobs.service, lambda: moment
        )
        assert await schedule.tick() == []
        moment += timedelta(days=1)
        (asked,) = await schedule.tick()
        done = await ended(jobs, asked)
        assert (done.kind, done.state) == ("cleanup", "done")
        assert done.result
        assert (done.result["jobs"], done.result["folders"]) == (1, 1)
        assert done.result["history"]["archived"]["task_history"] == 1
        with pytest.raises(JobNotFoundError):
            await jobs.service.get(folders[0].name)
        assert (await jobs.service.get(folders[1].name)).state == "done"
    assert [each.exists() for each in folders] == [False, True]
    assert len(archives(ready.agents.archive_dir)) == 1
