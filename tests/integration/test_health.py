"""Health tells the truth: about the database, its schemas, who does jobs, and the provider; within two seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from fresh_databases import settings_of
from polling import until
from samples import CHANNEL, NOW, document, message
from sqlalchemy import make_url, text
from tcp_proxy import TcpProxy, proxy_to

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.config.observability_settings import ObservabilitySettings
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import StorageUnavailableError
from tg_parser.domain.jobs import Job, new_job_id
from tg_parser.domain.sources import SourceChange
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.health import HealthService
from tg_parser.storage.engine.migrator import downgrade
from tg_parser.storage.stores.documents import Failure
from tg_parser.storage.stores.jobs import JobStorage
from tg_parser.wiring.app import App, open_app
from tg_parser.wiring.jobs import job_service, jobs_over

CHECKED = ObservabilitySettings(llm_check=True, llm_timeout=0.5)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with open_app(settings) as app:
        yield app


async def unlike(service: HealthService, status: str) -> Any:
    """The report once its status is another one."""

    async def look() -> Any:
        report = await service.health()
        return report if report.status != status else None

    return await until(look)


async def test_everything_that_is_well_is_told_in_figures(app: App, backend: str) -> None:
    """The kind of database, how fast it answers, the pool of this process, its schemas, and the provider."""
    report = await app.health.health()
    assert (report.database.type, report.database.status, report.database.problem) == (backend, "ok", None)
    assert report.database.latency_ms is not None
    assert 0 < report.database.latency_ms < 1500
    pools = {"primary"} if backend == "postgresql" else {"ingestion", "raw", "processing"}
    assert set(report.database.pools) == pools
    assert {figures.checked_out for figures in report.database.pools.values()} == {0}
    assert report.migrations.status == "ok"
    assert [each.database for each in report.migrations.databases] == ["ingestion", "raw", "processing"]
    assert (report.provider.name, report.provider.status) == ("local", "offline")


async def test_without_a_worker_the_service_is_not_ready_with_one_it_is(app: App) -> None:
    """The part that fails is named; a worker that starts is heard of, and one that stops is not for long."""
    assert (await app.health.health()).status == "degraded"
    readiness = await app.health.ready()
    assert (readiness.status, readiness.failing) == ("unavailable", ("jobs",))
    assert readiness.problems == {"jobs": "No worker has been seen recently, so jobs are waiting."}
    stop = asyncio.Event()
    worker = asyncio.create_task(jobs_over(app).runner.run(stop))
    assert (await unlike(app.health, "degraded")).jobs.status == "ok"
    assert (await app.health.ready()).status == "ready"
    stop.set()
    await worker
    assert (await unlike(app.health, "ok")).jobs.status == "failed"


@pytest.mark.postgres
async def test_a_worker_is_heard_of_by_its_jobs_too(migrated_postgres: dict[str, str]) -> None:
    """One whose event loop is busy is silent in the queue; one whose job was silent for a minute is none."""
    async with open_app(settings_of(migrated_postgres)) as app:
        storage, now = JobStorage(app.shared.databases.processing), utc_now()
        then = now - timedelta(minutes=1)
        await storage.add(Job(new_job_id(then), "cleanup", then, then))
        assert await storage.begin("busy", then, kinds=["cleanup"]) is not None
        assert (await app.health.health()).jobs.status == "failed"
        await storage.beat("busy", now)
        assert (await unlike(app.health, "degraded")).jobs.status == "ok"


async def test_an_older_schema_is_named(app: App) -> None:
    """Which one, and what to do."""
    await downgrade(app.shared.databases.raw, "-1")
    report = await app.health.health()
    assert report.migrations.status == "failed"
    assert report.migrations.problem == "The raw schema is older than this version."
    assert "migrations" in (await app.health.ready()).failing


async def test_a_newer_schema_is_named(app: App) -> None:
    """Another version of the program wrote it."""
    newer = text("UPDATE alembic_version_raw SET version_num = 'raw_9999'")
    await app.shared.databases.raw.write(lambda conn: conn.execute(newer))
    problem = (await app.health.health()).migrations.problem
    assert problem == "The raw schema is newer than this version. Use the version of TG_parser that wrote it."


async def test_many_who_ask_at_once_cost_one_look(app: App) -> None:
    """A thousand probes are one transaction a database."""
    await app.health.health()
    reports = await asyncio.gather(*(app.health.health() for _ in range(1000)))
    assert len({id(each) for each in reports}) == 1


@pytest.fixture
async def behind_proxy(migrated_postgres: dict[str, str]) -> AsyncIterator[tuple[App, TcpProxy]]:
    """An application that reaches its server through a proxy."""
    url = make_url(migrated_postgres["DB_URL"])
    async with proxy_to(url.port or 0) as proxy:
        away = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        async with open_app(settings_of({**migrated_postgres, "DB_URL": away})) as app:
            yield app, proxy


@pytest.mark.postgres
@pytest.mark.parametrize("trouble", ["refusing", "muted"])
async def test_a_dead_database_is_told_within_two_seconds_and_recovers(
    behind_proxy: tuple[App, TcpProxy], trouble: str
) -> None:
    """One that refuses and one that is silent; nothing is left checked out, and once it answers all is well again."""
    app, proxy = behind_proxy
    assert (await app.health.health()).database.status == "ok"
    setattr(proxy, trouble, True)
    if trouble == "refusing":
        proxy.cut()
    report = await unlike(app.health, "degraded")
    for _ in range(3):
        began = time.monotonic()
        readiness = await app.health.ready()
        assert time.monotonic() - began < 2
        assert readiness.failing == ("database",)
        await asyncio.sleep(1)
    assert (report.status, report.migrations.status, report.jobs.status) == ("unavailable", "unknown", "unknown")
    began = time.monotonic()
    with pytest.raises(StorageUnavailableError):
        await app.health.status()
    assert time.monotonic() - began < 2
    setattr(proxy, trouble, False)
    assert (await unlike(app.health, "unavailable")).database.status == "ok"

    async def given_back() -> bool:
        return app.shared.databases.processing.pool.figures().checked_out == 0

    assert await until(given_back)


@asynccontextmanager
async def provider_at(answer: bytes) -> AsyncIterator[tuple[LlmSettings, list[bytes]]]:
    """Settings of a provider that gives one answer, none where it is empty; and what it was asked."""
    asked: list[bytes] = []
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if answer:
            writer.write(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        else:
            await done.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    names: dict[str, Any] = {"LLM_PROVIDER": "openai", "LLM_MODEL": "m", "OPENAI_API_KEY": "sk-secret"}
    yield LlmSettings(_env_file=None, **names, LLM_BASE_URL=f"http://127.0.0.1:{port}/v1"), asked
    done.set()
    server.close()


@pytest.mark.parametrize(
    ("answer", "status", "problem"),
    [
        (b"200 OK", "ok", None),
        (b"429 Too Many Requests", "ok", None),
        (b"401 Unauthorized", "failed", "refuses the key (HTTP 401)."),
        (b"503 Service Unavailable", "failed", "answers with HTTP 503."),
        (b"", "failed", "does not answer in time."),
    ],
)
async def test_the_provider_is_asked_for_its_models(
    settings: Settings, answer: bytes, status: str, problem: str | None
) -> None:
    """Once however often health is asked, with the key, which is never shown; what is wrong is said within its time."""
    async with provider_at(answer) as (llm, asked):
        changed = settings.model_copy(update={"llm": llm, "observability": CHECKED})
        async with open_app(changed) as app:
            began = time.monotonic()
            found = (await app.health.health()).provider
            assert time.monotonic() - began < 2
            await asyncio.sleep(1.1)
            readiness = await app.health.ready()
    assert (found.name, found.status) == ("openai", status)
    assert (found.problem or "").endswith(problem or "")
    assert ("provider" in readiness.failing) == (status == "failed")
    assert len(asked) == 1
    assert asked[0].startswith(b"GET /v1/models HTTP/1.1")
    assert b"Authorization: Bearer sk-secret" in asked[0]
    assert "secret" not in found.model_dump_json()


async def test_a_provider_is_not_asked_unless_that_is_wanted(settings: Settings) -> None:
    """Without HEALTH_LLM_CHECK it is only named."""
    async with provider_at(b"200 OK") as (llm, asked), open_app(settings.model_copy(update={"llm": llm})) as app:
        found = (await app.health.health()).provider
    assert (found.name, found.status, asked) == ("openai", "unchecked", [])


async def test_status_counts_every_source_and_the_jobs(app: App) -> None:
    """What waits and since when, what failed, what was last collected; jobs by state; of some channels alone."""
    await app.sources.add(SourceChange(source_id="full", channel_id=CHANNEL, via="web"))
    await app.sources.add(SourceChange(source_id="idle", channel_id="-1009", via="web"))
    messages = [message(number) for number in (1, 2, 3, 4)]
    await app.shared.stores.raw.store(messages, NOW)
    await app.shared.stores.documents.store([document(1)])
    lost = Failure(f"tg:{CHANNEL}:post:4", CHANNEL, 0, "AnalysisError", "no answer", NOW)
    await app.shared.stores.documents.record_failures([lost])
    await job_service(app).submit("process", {"source": "full"})
    await job_service(app).submit("cleanup", {})
    status = await app.health.status()
    full, idle = status.sources
    assert (full.source_id, full.backlog, full.oldest_due, full.failures) == ("full", 2, NOW + timedelta(minutes=2), 1)
    assert (idle.source_id, idle.backlog, idle.oldest_due, idle.failures) == ("idle", 0, None, 0)
    assert status.jobs == {"queued": 2}
    limited = await app.health.status({"-1009"})
    assert ([each.source_id for each in limited.sources], limited.jobs) == (["idle"], {})
