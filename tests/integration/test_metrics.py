"""Every metric is really recorded: the main job is done by a worker, over HTTP something is asked, and all is read."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fresh_databases import settings_of
from llm_servers import LlmServer, failed, rate_limited, rejected
from llm_wire import Asked
from model_readings import message_text, reading
from polling import until
from postgres_server import free_port
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from tcp_proxy import proxy_to
from web_pages import NAME, PreviewServer, Reply, post, serving, text

from tg_parser.api.middleware.http_metrics import HttpMetrics
from tg_parser.config.llm_settings import LlmMoneySettings
from tg_parser.config.observability_settings import ObservabilitySettings
from tg_parser.config.settings import Settings, WebSettings
from tg_parser.domain.errors import BusyError
from tg_parser.domain.jobs import ENDED, Job, new_job_id
from tg_parser.domain.sources import Adapter, SourceChange
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.telegram.rate_limiter import AccountRateLimiter
from tg_parser.observability import metrics
from tg_parser.observability.state import SourceFigures, StateCollector, StateFigures
from tg_parser.storage.stores.jobs import JobStorage
from tg_parser.wiring.app import App, open_app
from tg_parser.wiring.jobs import Jobs, job_service, jobs_over
from tg_parser.wiring.observability import counted, metrics_of_worker, metrics_page

FIRST = "/items/{item_id}"


@pytest.fixture(autouse=True)
def _off_again() -> Iterator[None]:
    yield
    metrics.switch_off()


class Series:
    """The samples of a page by name and labels."""

    def __init__(self, shown: bytes) -> None:
        self.families = {each.name: each for each in text_string_to_metric_families(shown.decode())}

    def value(self, name: str, **labels: str) -> float | None:
        """The one sample with these labels; None where there is none."""
        samples = [sample for family in self.families.values() for sample in family.samples if sample.name == name]
        found = [sample.value for sample in samples if labels.items() <= sample.labels.items()]
        assert len(found) <= 1, (name, labels, found)
        return found[0] if found else None

    def recorded(self, name: str) -> bool:
        """Whether anything of a family was counted."""
        return any(sample.value for sample in self.families[name].samples)


def read(asked: Asked) -> Any:
    """A model that refuses one message, asks to wait once, and breaks once."""
    told = message_text(asked)
    return rejected("Not this one.") if "номер 7" in told else reading(told)


@pytest.fixture
def model() -> Iterator[LlmServer]:
    with LlmServer(read, [failed(500), rate_limited(0.05)]) as server:
        yield server


@pytest.fixture
def channel() -> PreviewServer:
    server = PreviewServer(range(1, 31))
    server.posts = {
        each: post(each, text(f"Сегодня открыли завод номер {each} в городе Казани.")) for each in server.posts
    }
    server.next = [Reply(status=429, headers={"Retry-After": "1"})]
    return server


VIA: dict[str, Adapter] = {"live": "web", "fresh": "api", "files": "export", "resting": "web"}


@pytest.fixture
async def app(settings: Settings, model: LlmServer, channel: PreviewServer, tmp_path: Path) -> AsyncIterator[App]:
    prices: dict[str, Any] = {"LLM_PRICE_INPUT": 1, "LLM_PRICE_OUTPUT": 2, "LLM_MONTHLY_BUDGET": 5}
    with serving(channel) as address:
        changed = {
            "llm": model.settings("openai"),
            "llm_money": LlmMoneySettings(_env_file=None, **prices),
            "web": WebSettings(base_url=address, pause=0),
            "observability": ObservabilitySettings(metrics_sources=1),
            "jobs": settings.jobs.model_copy(update={"exports_dir": tmp_path / "exports"}),
            "backup": settings.backup.model_copy(update={"dir": tmp_path / "backups"}),
        }
        async with open_app(settings.model_copy(update=changed)) as app:
            yield app


async def worked(jobs: Jobs, kind: str, **parameters: Any) -> Job:
    """A job once it has ended."""
    job = await jobs.service.submit(kind, parameters)

    async def ended() -> Job | None:
        found = await jobs.service.get(job.job_id)
        return found if found.state in ENDED else None

    return await until(ended, 60)


async def main_job(app: App) -> None:
    """Collect, process, topicise, export, each as a job; then one that fails."""
    jobs, stop = jobs_over(app), asyncio.Event()
    running = asyncio.create_task(jobs.runner.run(stop))
    try:
        await app.sources.add(SourceChange(source_id="news", channel_id=f"@{NAME}", via="web"))
        assert (await worked(jobs, "ingest", source="news")).state == "done"
        await worked(jobs, "process", source="news")
        assert (await worked(jobs, "topicize", source="news", provider="local")).state == "done"
        assert (await worked(jobs, "export", sources=["news"])).state == "done"
        await app.sources.add(SourceChange(source_id="nobody", channel_id="@nobody_there", via="web"))
        assert (await worked(jobs, "ingest", source="nobody")).state == "failed"
        await put_back(app, jobs)
    finally:
        stop.set()
        await running


async def put_back(app: App, jobs: Jobs) -> None:
    """A job whose source must not be asked before tomorrow."""
    now = utc_now()
    await app.shared.stores.sources.set_rate_limit("news", now + timedelta(days=1), now)
    job = await jobs.service.submit("ingest", {"source": "news"})

    async def waits_again() -> bool:
        found = await jobs.service.get(job.job_id)
        return found.state == "queued" and found.attempt == 1

    await until(waits_again)


async def taken_over(app: App) -> None:
    """A job of a worker that is silent."""
    storage, now = JobStorage(app.shared.databases.processing), utc_now() - timedelta(hours=1)
    await storage.add(Job(new_job_id(now), "cleanup", now, now))
    await storage.begin("dead", now, kinds=["cleanup"])
    jobs, stop = jobs_over(app, queues=["backup"]), asyncio.Event()
    running = asyncio.create_task(jobs.runner.run(stop))

    async def counted() -> bool:
        return (Series(metrics.page()).value("tg_parser_jobs_taken_over_total", kind="cleanup") or 0) > 0

    await until(counted)
    stop.set()
    await running


async def asked_over_http() -> None:
    """Answers of several kinds, and a method that a caller invents."""

    async def item(_: Request) -> JSONResponse:
        return JSONResponse({})

    async def events(_: Request) -> StreamingResponse:
        return StreamingResponse(open_stream(), media_type="text/event-stream")

    async def open_stream() -> AsyncIterator[bytes]:
        yield b"one"
        meanwhile = Series(metrics.page())
        assert meanwhile.value("tg_parser_http_requests_in_flight") == 1
        assert meanwhile.value("tg_parser_event_streams_open") == 1

    app = Starlette(
        routes=[Route(FIRST, item), Route("/events", events)],
        middleware=[Middleware(HttpMetrics, instruments=metrics.switch_on())],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        await client.get("/items/1")
        await client.get("/items/2?secret=1")
        await client.get("/nowhere/1")
        await client.request("BREW", "/items/1")
        await client.get("/events")


async def test_the_main_job_leaves_its_mark_on_every_metric(app: App) -> None:
    """Messages by outcome, failures by class, models, retries, waits, jobs, HTTP, the pool."""
    counted(app)
    await main_job(app)
    await taken_over(app)
    await asked_over_http()
    shown = Series(metrics.page())

    def value(name: str, **labels: str) -> float | None:
        return shown.value(f"tg_parser_{name}", **labels)

    assert value("messages_total", stage="collect", outcome="new") == 30
    assert value("messages_total", stage="process", outcome="document") == 29
    assert value("messages_total", stage="process", outcome="failed") == 1
    topics = [value("messages_total", stage="topicize", outcome=each) or 0 for each in ("in_a_topic", "in_no_topic")]
    assert sum(topics) == 29
    assert value("messages_total", stage="export", outcome="written") == 29
    assert value("failures_total", stage="process", error="AnalysisError") == 1
    assert value("failures_total", stage="collect", error="SourceError") == 1
    assert value("failures_total", stage="job", error="source") == 1
    told = {"provider": "openai", "model": "gpt-4o-mini"}
    answered = value("llm_requests_total", outcome="answered", **told)
    assert answered == value("llm_request_seconds_count", **told) == 29
    assert (value("llm_requests_total", outcome="failed", **told) or 0) >= 1
    sent, got = (value("llm_tokens_total", direction=each, **told) or 0 for each in ("input", "output"))
    assert sent > 0
    assert got > 0
    assert value("llm_cost_dollars_total", **told) == pytest.approx((sent * 1 + got * 2) / 1e6)
    assert (value("flood_waits_total", asked_by="provider"), value("flood_waits_total", asked_by="web_preview")) == (
        1,
        1,
    )
    assert (value("flood_wait_seconds_total", asked_by="web_preview") or 0) >= 1
    assert shown.recorded("tg_parser_retries")
    ended = {kind: value("jobs_ended_total", kind=kind, state="done") for kind in ("ingest", "topicize", "export")}
    assert ended == {"ingest": 1, "topicize": 1, "export": 1}
    assert value("jobs_ended_total", kind="ingest", state="failed") == 1
    assert value("job_seconds_count", kind="ingest") == 2
    assert value("jobs_put_back_total", kind="ingest") == 1
    assert value("http_requests_total", method="GET", route=FIRST, status="2xx") == 2
    assert value("http_requests_total", method="GET", route="unmatched", status="4xx") == 1
    assert value("http_requests_total", method="other", route=FIRST, status="4xx") == 1
    assert value("http_request_seconds_count", method="GET", route=FIRST) == 2
    assert value("http_request_seconds_count", method="GET", route="/events") is None
    assert (value("http_requests_in_flight"), value("event_streams_open")) == (0, 0)
    # Back at nothing; and webhooks, whose own tests count them.
    unrecorded = {"http_requests_in_flight", "event_streams_open", "webhook_attempts", "webhook_attempt_seconds"}
    pool = {f"pool_{each}" for each in ("checked_out", "open", "waits", "wait_seconds", "refused")}
    silent = {name.removeprefix("tg_parser_") for name in shown.families if not shown.recorded(name)}
    assert silent <= unrecorded | pool


async def test_state_comes_from_the_database_once_for_all_who_scrape(app: App) -> None:
    """Backlog, lag, jobs, money, takeover; sources beyond the number that is allowed are counted together."""
    await main_job(app)
    now = utc_now()
    storage = JobStorage(app.shared.databases.processing)
    await storage.add(Job(new_job_id(now), "backup", now, now))
    begun = await storage.begin("w", now, kinds=["backup"])
    assert begun is not None
    await storage.finish(begun, "done", now)
    await app.sources.add(SourceChange(source_id="third", channel_id="-1005", via="web"))
    page = metrics_page(app, job_service(app))
    shown = Series(await page())

    def value(name: str, **labels: str) -> float | None:
        return shown.value(f"tg_parser_{name}", **labels)

    assert value("database_up") == 1
    assert (value("sources", status="active"), value("sources", status="error")) == (2, 1)
    assert (value("backlog_messages", source="news"), value("backlog_messages", source="other")) == (0, 0)
    assert value("backlog_messages", source="third") is None
    assert value("failed_messages", source="news") == 1
    assert value("failed_attempts", source="other") == 1
    assert 0 <= (value("ingestion_lag_seconds", source="news") or -1) < 600
    assert value("jobs", kind="ingest", state="done") == 1
    assert value("jobs", kind="ingest", state="failed") == 1
    cost, left = value("llm_month_cost_dollars"), value("llm_budget_left_dollars")
    assert cost is not None
    assert left is not None
    assert 0 < cost < 1
    assert left == pytest.approx(5 - cost)
    assert value("last_backup_timestamp_seconds") == pytest.approx(now.timestamp(), abs=1)
    assert (value("last_takeover_timestamp_seconds") or 0) > now.timestamp() - 600
    await app.sources.add(SourceChange(source_id="fourth", channel_id="-1006", via="web"))
    again = [Series(each).value("tg_parser_sources", status="active") for each in [await page() for _ in range(20)]]
    assert again == [2] * 20


async def test_only_a_source_that_is_polled_can_lag(settings: Settings) -> None:
    """A paused one and one that is filled from exports have no age; of several beyond the limit, the oldest counts."""
    many = settings.model_copy(update={"observability": ObservabilitySettings(metrics_sources=4)})
    async with open_app(many) as app:
        for number, (source, via) in enumerate(VIA.items()):
            await app.sources.add(SourceChange(source_id=source, channel_id=f"-10{number}", via=via))
        await app.sources.set_status("resting", "paused")
        shown = Series(await metrics_page(app, job_service(app))())
    lagging = {name for name in VIA if shown.value("tg_parser_ingestion_lag_seconds", source=name) is not None}
    assert lagging == {"live", "fresh"}
    assert all(shown.value("tg_parser_backlog_messages", source=name) == 0 for name in VIA)


def test_sources_that_do_not_lag_have_no_lag_together() -> None:
    """Beyond the limit of sources that are named, those that are not polled do not count."""
    collector, files = StateCollector(0), SourceFigures("files", "active", lag=None)

    def together(*sources: SourceFigures) -> float | None:
        collector.figures = StateFigures(0.0, sources, [], 0.0, None, 0.0, 0.0)
        found = Series(generate_latest(collector.registry))
        return found.value("tg_parser_ingestion_lag_seconds", source="other")

    assert together(files, files) is None
    assert together(files, SourceFigures("live", "active", lag=7.0)) == 7.0


async def test_waits_that_telegram_asks_for_are_counted(app: App) -> None:
    """With their seconds, whichever request they are for."""
    counted(app)
    limiter = AccountRateLimiter("session", app.shared.stores.accounts, pace=0, max_wait=1)
    await limiter.note_wait("GetHistory", 30)
    await limiter.note_wait("GetReplies", 12)
    shown = Series(metrics.page())
    assert shown.value("tg_parser_flood_waits_total", asked_by="telegram") == 2
    assert shown.value("tg_parser_flood_wait_seconds_total", asked_by="telegram") == pytest.approx(42.2)


async def test_waiting_jobs_have_an_age(app: App) -> None:
    """Since when they could have begun."""
    storage, then = JobStorage(app.shared.databases.processing), utc_now() - timedelta(seconds=100)
    await storage.add(Job(new_job_id(then), "export", then, then))
    shown = Series(await metrics_page(app, job_service(app))())
    assert shown.value("tg_parser_jobs", kind="export", state="queued") == 1
    assert 100 <= (shown.value("tg_parser_jobs_oldest_seconds", kind="export", state="queued") or 0) < 130


@pytest.mark.postgres
async def test_a_database_that_is_away_breaks_nothing(migrated_postgres: dict[str, str]) -> None:
    """The page comes in time, says so, shows what the process itself knows, and all of it once the database is back."""
    url = make_url(migrated_postgres["DB_URL"])
    async with proxy_to(url.port or 0) as proxy:
        away = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        async with open_app(settings_of({**migrated_postgres, "DB_URL": away})) as app:
            counted(app)
            page = metrics_page(app, job_service(app))
            proxy.muted = True
            began = time.monotonic()
            shown = Series(await page())
            assert time.monotonic() - began < 3
            assert shown.value("tg_parser_database_up") == 0
            assert shown.value("tg_parser_pool_limit", pool="primary") == 15
            assert "tg_parser_sources" not in shown.families
            proxy.muted = False

            async def back() -> bool:
                return Series(await page()).value("tg_parser_database_up") == 1

            assert await until(back)


async def test_a_worker_serves_its_own_metrics(app: App) -> None:
    """At the port that it was given, as long as it runs; those of the databases are the API's to show."""
    port = free_port()

    def served() -> Series:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return Series(answer.read())

    with metrics_of_worker(app, "127.0.0.1", port):
        metrics.count_job("ingest", "done", 2.0)
        shown = await asyncio.to_thread(served)
        with pytest.raises(BusyError), metrics_of_worker(app, "127.0.0.1", port):
            pass
    assert shown.value("tg_parser_jobs_ended_total", kind="ingest", state="done") == 1
    assert shown.recorded("tg_parser_pool_limit")
    assert "tg_parser_database_up" not in shown.families


def test_nothing_is_counted_unless_it_is_wanted() -> None:
    """Switched off, the page is empty."""
    metrics.count_job("ingest", "done", 2.0)
    metrics.count_failure("collect", "SourceError")
    assert metrics.instruments() is None
    assert metrics.page() == b""
