"""Ids of requests: the caller's if it is fit to be repeated, else a new one; in the answer, in logs, in the scope."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tg_parser.api.middleware.request_ids import RequestIds, request_id_of


@pytest.fixture
def client() -> httpx.AsyncClient:
    async def seen(request: Request) -> JSONResponse:
        bound = structlog.contextvars.get_contextvars()
        return JSONResponse({"scope": request_id_of(request.scope), "log": bound.get("request_id")})

    app = Starlette(routes=[Route("/", seen)], middleware=[Middleware(RequestIds)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")


async def asked(client: httpx.AsyncClient, *ids: bytes) -> tuple[str, Any]:
    answer = await client.get("/", headers=[(b"X-Request-ID", each) for each in ids])
    return answer.headers["X-Request-ID"], answer.json()


@pytest.mark.parametrize("given", [b"a", b"7f1c-42", b"with space", b"x" * 128, b"{}:/\\\"'"])
async def test_the_callers_id_is_kept(client: httpx.AsyncClient, given: bytes) -> None:
    """It is the same in the answer, in the scope and in the log."""
    assert await asked(client, given) == (given.decode(), {"scope": given.decode(), "log": given.decode()})


@pytest.mark.parametrize(
    "given",
    [b"", b"x" * 129, "имя".encode(), b"a\tb", b"\x7f", b"a\x1b[31m"],
    ids=["empty", "long", "other", "tab", "del", "esc"],
)
async def test_an_id_that_is_not_fit_is_replaced(client: httpx.AsyncClient, given: bytes) -> None:
    """What would break headers or logs is not repeated."""
    told, seen = await asked(client, given)
    assert (len(told), told.isalnum(), told.encode() == given) == (32, True, False)
    assert seen == {"scope": told, "log": told}


async def test_of_two_ids_none_counts(client: httpx.AsyncClient) -> None:
    """Nobody knows which one was meant."""
    told, _ = await asked(client, b"one", b"two")
    assert told not in {"one", "two", "one, two"}


async def test_each_request_has_its_own(client: httpx.AsyncClient) -> None:
    """Nothing of a request stays bound after it."""
    assert len({(await asked(client))[0] for _ in range(50)}) == 50
    assert structlog.contextvars.get_contextvars() == {}
