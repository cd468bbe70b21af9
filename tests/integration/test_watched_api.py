"""The API as those see it who watch it: metrics by route, ids in logs and jobs, and what a limited key may know."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import pytest
from api_world import ONE, World, with_api, world_of
from fresh_databases import settings_of
from polling import until
from sqlalchemy import make_url
from tcp_proxy import proxy_to
from test_metrics import Series

from tg_parser.config.observability_settings import ObservabilitySettings
from tg_parser.config.settings import Settings
from tg_parser.observability import metrics

WATCHED = {"observability": ObservabilitySettings(metrics=True)}


@pytest.fixture(autouse=True)
def _off_again() -> Iterator[None]:
    yield
    metrics.switch_off()


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    async with world_of(with_api(settings.model_copy(update=WATCHED))) as world:
        yield world


async def test_routes_are_counted_by_their_templates(world: World) -> None:
    """Those of included routers with their whole path, those of nobody as one."""
    async with world.client() as client:
        for path in ("sources/one_source", "sources/two_source", "sources/nobody", "nothing/here", "../etc/passwd"):
            await client.get(f"/api/v1/{path}")
        shown = Series((await client.get("/metrics")).content)
    told = {"method": "GET", "route": "/api/v1/sources/{source_id}"}
    assert shown.value("tg_parser_http_requests_total", status="2xx", **told) == 2
    assert shown.value("tg_parser_http_requests_total", status="4xx", **told) == 1
    assert shown.value("tg_parser_http_requests_total", method="GET", route="unmatched", status="4xx") == 2
    assert shown.value("tg_parser_http_request_seconds_count", **told) == 3
    assert shown.value("tg_parser_backlog_messages", source=ONE) == 0
    assert shown.value("tg_parser_database_up") == 1


async def test_metrics_are_not_for_keys_limited_to_some_sources(settings: Settings) -> None:
    """They name every source; who may see all may see them."""
    async with world_of(with_api(settings.model_copy(update=WATCHED), key_required=True)) as world:
        answers = {}
        for name, key in (("none", None), ("limited", await world.key("admin", ONE)), ("reader", await world.key())):
            async with world.client(key) as client:
                answers[name] = (await client.get("/metrics")).status_code
    assert answers == {"none": 401, "limited": 403, "reader": 200}


async def test_without_metrics_there_is_no_page_of_them(settings: Settings) -> None:
    """METRICS_ENABLED is off unless it is set."""
    async with world_of(with_api(settings)) as world, world.client() as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_a_job_has_the_id_of_the_request_that_asked_for_it(world: World) -> None:
    """So that its lines in the log of a worker can be found by it."""
    async with world.client() as client:
        answer = await client.post("/api/v1/process", json={"source": ONE}, headers={"X-Request-ID": "from-here"})
    assert answer.status_code == 202, answer.text
    assert (answer.headers["X-Request-ID"], answer.json()["request_id"]) == ("from-here", "from-here")


@pytest.mark.postgres
async def test_who_has_a_key_hears_in_time_that_the_database_is_away(migrated_postgres: dict[str, str]) -> None:
    """Keys are in the database too: 503 within two seconds, from every probe, and 200 once it is back."""
    url = make_url(migrated_postgres["DB_URL"])
    async with proxy_to(url.port or 0) as proxy:
        away = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        settings = with_api(settings_of({**migrated_postgres, "DB_URL": away}), key_required=True)
        async with world_of(settings) as world, world.client(await world.key()) as client:
            proxy.muted = True
            for probe in ("/health", "/health/ready", "/status"):
                began = time.monotonic()
                assert (await client.get(probe)).status_code == 503
                assert time.monotonic() - began < 2
            began = time.monotonic()
            assert (await client.get("/health/live")).status_code == 200
            assert time.monotonic() - began < 0.5
            proxy.muted = False

            async def well() -> bool:
                return (await client.get("/health")).status_code == 200

            assert await until(well)
