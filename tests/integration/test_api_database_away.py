"""What the API says while its database is away, and what it still knows when it is back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from api_world import PERSON, with_api
from fresh_databases import settings_of
from httpx import ASGITransport, AsyncClient
from sqlalchemy import make_url
from tcp_proxy import TcpProxy, proxy_to

from tg_parser.api.wiring import opened
from tg_parser.domain.errors import IdempotencyError, StorageUnavailableError
from tg_parser.domain.keyed_requests import KeptAnswer
from tg_parser.wiring.app import App, open_app

pytestmark = pytest.mark.postgres

HASTY = {"RETRY_MAX_ATTEMPTS": "1", "RETRY_BACKOFF_BASE": "0.01"}


@pytest.fixture
async def behind_proxy(migrated_postgres: dict[str, str]) -> AsyncIterator[tuple[App, TcpProxy]]:
    """An application that reaches its server through a proxy."""
    url = make_url(migrated_postgres["DB_URL"])
    async with proxy_to(url.port or 0) as proxy:
        away = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        settings = with_api(settings_of({**migrated_postgres, **HASTY, "DB_URL": away}), key_required=True)
        async with open_app(settings) as app:
            yield app, proxy


def goes_away(proxy: TcpProxy) -> None:
    proxy.refusing = True
    proxy.cut()


@pytest.mark.parametrize("trouble", ["refusing", "muted"])
async def test_ready_names_the_database_although_keys_cannot_be_checked(
    behind_proxy: tuple[App, TcpProxy], trouble: str
) -> None:
    """The answer has the form of every other one of /health/ready; other probes and routes tell of it as a problem."""
    app, proxy = behind_proxy
    key = (await app.keys.create("probe", "reader", PERSON)).secret
    async with opened(app, with_jobs=False) as served:
        headers = {"Authorization": f"Bearer {key}"}
        client = AsyncClient(transport=ASGITransport(served.app), base_url="http://127.0.0.1", headers=headers)
        setattr(proxy, trouble, True)
        if trouble == "refusing":
            proxy.cut()
        ready, health = await client.get("/health/ready"), await client.get("/health")
        setattr(proxy, trouble, False)
        served.stop()
    told = "The database does not respond, so keys cannot be checked."
    assert (ready.status_code, ready.headers["content-type"]) == (503, "application/json")
    assert ready.json() == {"status": "unavailable", "failing": ["database"], "problems": {"database": told}}
    assert (health.status_code, health.headers["content-type"]) == (503, "application/problem+json")
    assert health.json()["detail"] == told


@pytest.mark.parametrize("answer", [KeptAnswer(503, {}, "{}"), KeptAnswer(202, {}, "{}")])
async def test_a_request_whose_end_could_not_be_kept_may_be_sent_again(
    behind_proxy: tuple[App, TcpProxy], answer: KeptAnswer
) -> None:
    """As soon as the database is back, and not only after the minute in which nobody can know whether it goes on."""
    app, proxy = behind_proxy
    requests = app.keyed_requests
    request = await requests.begin("client", "key", "digest")
    goes_away(proxy)
    with pytest.raises(StorageUnavailableError):
        await requests.answered(request, answer)
    with pytest.raises(StorageUnavailableError):
        await requests.begin("client", "key", "digest")
    proxy.refusing = False
    assert (await requests.begin("client", "key", "digest")).answer is None
    with pytest.raises(IdempotencyError, match="is still in progress"):
        await requests.begin("client", "key", "digest")


async def test_a_secret_that_was_given_is_not_given_again(behind_proxy: tuple[App, TcpProxy]) -> None:
    """What must not be done twice stays under way where its answer could not be kept."""
    app, proxy = behind_proxy
    requests = app.keyed_requests
    request = await requests.begin("client", "key", "digest", at_most_once=True)
    goes_away(proxy)
    with pytest.raises(StorageUnavailableError):
        await requests.answered(request, KeptAnswer(201, {}, None))
    proxy.refusing = False
    with pytest.raises(IdempotencyError, match="is still in progress"):
        await requests.begin("client", "key", "digest", at_most_once=True)
