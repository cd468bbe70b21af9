"""What a request goes through: hosts, bodies, limits, idempotency, errors, and headers that keep answers safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from api_world import ONE, World, with_api, world_of
from sqlalchemy import update

from tg_parser.config.settings import Settings
from tg_parser.domain.jobs import JOB_KINDS
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.tables.requests import keyed_requests

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_client(shared_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """For requests that change nothing in the world which another one asks for."""
    async with world_of(with_api(shared_settings)) as world, world.client() as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def world(settings: Settings) -> AsyncIterator[World]:
    async with world_of(with_api(settings)) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        yield client


def problem(answer: httpx.Response, status: int, code: str) -> str:
    """The detail of a problem, whose form is checked."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    told = answer.json()
    assert (told["type"], told["status"]) == (f"urn:tg-parser:error:{code}", status)
    assert told["request_id"] == answer.headers["x-request-id"]
    return str(told["detail"])


async def test_errors_of_every_kind_are_problems(shared_client: httpx.AsyncClient) -> None:
    """Ours, those of HTTP, and those of fields have one shape, with a hint in terms of requests."""
    assert problem(await shared_client.get("/nowhere"), 404, "no_route") == "Unknown route."
    wrong = await shared_client.put("/api/v1/jobs")
    assert problem(wrong, 405, "method_not_allowed") == "The route does not support this method."
    assert wrong.headers["allow"] == "GET, HEAD"
    assert (await shared_client.put(f"/api/v1/sources/{ONE}")).headers["allow"] == "DELETE, GET, HEAD, PATCH"
    missing = await shared_client.get("/api/v1/sources/nobody")
    assert problem(missing, 404, "unknown_source") == "There is no source 'nobody'."
    assert missing.json()["hint"] == f"Known sources: {ONE}, two_source. Add one with: POST /api/v1/sources"
    told = problem(await shared_client.post("/api/v1/process", json={"source": 1, "more": 2}), 422, "invalid_request")
    assert told == "body.source: Input should be a valid string; body.more: Extra inputs are not permitted"
    assert problem(await shared_client.get("/api/v1/messages", params={"cursor": "x"}), 400, "invalid_cursor")
    assert problem(await shared_client.post("/api/v1/process", content=b"{", headers=JSON), 422, "invalid_request")


async def test_a_flag_is_no_number(shared_client: httpx.AsyncClient) -> None:
    """0 is not taken for false, nor a number for a text."""
    for body in ({"source": ONE, "force": 0}, {"source": ONE, "concurrency": "4"}, {"source": ONE, "concurrency": 1.5}):
        problem(await shared_client.post("/api/v1/process", json=body), 422, "invalid_request")


async def test_a_body_that_is_too_large_is_refused_alike(settings: Settings) -> None:
    """With its length stated and in chunks: a problem, before anything works on it."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1000

    async with world_of(with_api(settings, max_body=2000)) as world, world.client() as client:
        for body in (b"x" * 3000, chunks()):
            answer = await client.post("/api/v1/process", content=body, headers=JSON)
            assert problem(answer, 413, "too_large") == "The body of the request is larger than 2000 bytes."


async def test_a_body_that_does_not_come_is_not_waited_for(settings: Settings) -> None:
    """A client that stops in the middle gets a problem after the time that is set."""

    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with world_of(with_api(settings, body_timeout=1)) as world, world.client() as client:
        answer = await client.post("/api/v1/process", content=stalling(), headers=JSON)
        assert problem(answer, 408, "slow_client") == "The body of the request did not arrive within 1 seconds."


async def test_answers_are_safe_to_show_in_a_browser(shared_client: httpx.AsyncClient) -> None:
    """Every answer says that it is what it says, is in nobody's frame and in no cache, and not whose software it is."""
    for path in ("/health", "/api/v1/sources", "/nowhere"):
        headers = (await shared_client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


async def test_without_keys_no_web_site_reaches_in(client: httpx.AsyncClient) -> None:
    """A name that was made to lead here is refused, and a page of another origin changes nothing."""
    answer = await client.get("/api/v1/sources", headers={"Host": "evil.example"})
    assert "This host name is not accepted" in problem(answer, 421, "misdirected_request")
    pause = f"/api/v1/sources/{ONE}/pause"
    refused = await client.post(pause, headers={"Origin": "https://evil.example"})
    assert problem(refused, 403, "forbidden") == "Pages of other sites may not change anything here."
    assert (await client.post(pause, headers={"Origin": "http://127.0.0.1"})).status_code == 200
    assert (await client.get(pause.removesuffix("/pause"))).json()["status"] == "paused"
    assert "access-control-allow-origin" not in refused.headers


async def test_pages_of_named_sites_may_call(settings: Settings) -> None:
    """A browser is told so for the origins that are listed, and for no others."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    listed = with_api(settings, cors_origins="https://ours.example", key_required=True)
    async with world_of(listed) as world, world.client() as client:
        for origin, allowed in (("https://ours.example", "https://ours.example"), ("https://evil.example", None)):
            answer = await client.options("/api/v1/process", headers={"Origin": origin, **asked})
            assert answer.headers.get("access-control-allow-origin") == allowed


async def test_a_request_that_is_sent_again_does_nothing_twice(client: httpx.AsyncClient) -> None:
    """The same key gives the same answer, and one job; the same key with another request is refused."""
    named = {"Idempotency-Key": "first"}
    first = await client.post("/api/v1/sources", json={"source_id": "three_source"}, headers=named)
    again = await client.post("/api/v1/sources", json={"source_id": "three_source"}, headers=named)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, first.json())
    assert (again.headers["idempotency-replayed"], again.headers["location"]) == ("true", first.headers["location"])
    other = await client.post("/api/v1/sources", json={"source_id": "four_source"}, headers=named)
    assert problem(other, 409, "idempotency") == "This Idempotency-Key was already used for a different request."
    named = {"Idempotency-Key": "second"}
    jobs = [(await client.post("/api/v1/process", json={"source": ONE}, headers=named)).json() for _ in range(3)]
    assert len({job["job_id"] for job in jobs}) == len((await client.get("/api/v1/jobs")).json()["items"]) == 1


async def test_requests_that_come_at_once_are_done_once(client: httpx.AsyncClient) -> None:
    """Of ten with one key, one is worked on; the others are told that it is under way, or its answer."""
    named = {"Idempotency-Key": "at-once"}
    body = {"source_id": "three_source"}
    answers = await asyncio.gather(
        *(client.post("/api/v1/sources", json=body, headers=named) for _ in range(10)),
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    fresh = [each for each in answers if each.status_code == 201 and "idempotency-replayed" not in each.headers]
    assert len(fresh) == 1


async def test_a_request_that_was_refused_may_be_sent_again(client: httpx.AsyncClient) -> None:
    """What failed is not kept as the answer."""
    named = {"Idempotency-Key": "again"}
    assert (await client.post("/api/v1/process", json={"source": "late_source"}, headers=named)).status_code == 404
    await client.post("/api/v1/sources", json={"source_id": "late_source"})
    assert (await client.post("/api/v1/process", json={"source": "late_source"}, headers=named)).status_code == 202


async def test_the_secret_of_a_key_is_not_kept_for_a_second_answer(client: httpx.AsyncClient) -> None:
    """Asked for again with the same Idempotency-Key, no second key is made and the first cannot be shown again."""
    named = {"Idempotency-Key": "a-key"}
    made = await client.post("/api/v1/keys", json={"name": "ci"}, headers=named)
    assert made.status_code == 201
    again = await client.post("/api/v1/keys", json={"name": "ci"}, headers=named)
    assert "cannot be shown again" in problem(again, 409, "idempotency")
    assert len((await client.get("/api/v1/keys")).json()["items"]) == 1


async def test_a_key_that_may_have_been_made_is_not_made_again(world: World, client: httpx.AsyncClient) -> None:
    """The process died before it answered: nobody has the secret, and who asks again is told to look."""
    named = {"Idempotency-Key": "a-key"}
    assert (await client.post("/api/v1/keys", json={"name": "ci"}, headers=named)).status_code == 201
    died = update(keyed_requests).values(status=None, begun_at=utc_now() - timedelta(minutes=2))
    await world.app.shared.databases.processing.write(lambda conn: conn.execute(died))
    again = await client.post("/api/v1/keys", json={"name": "ci"}, headers=named)
    assert "it may or may not have been carried out" in problem(again, 409, "idempotency")
    assert len((await client.get("/api/v1/keys")).json()["items"]) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "\u043a"])
async def test_an_idempotency_key_that_is_none_is_refused(shared_client: httpx.AsyncClient, key: str) -> None:
    """It goes into the database, so it has a form."""
    answer = await shared_client.post(
        "/api/v1/process", json={"source": ONE}, headers={b"Idempotency-Key": key.encode()}
    )
    problem(answer, 400, "usage")


async def test_who_comes_too_often_is_told_when_to_come_again(settings: Settings) -> None:
    """By key and by address, each for itself, with the headers that say how much is left."""
    limits = {"per_key": "3/minute", "per_address": "5/minute"}
    async with world_of(with_api(settings, limits=limits, key_required=True)) as world:
        key = await world.key()
        async with world.client(key) as client:
            answers = [await client.get("/api/v1/sources") for _ in range(6)]
            assert [each.status_code for each in answers] == [200, 200, 200, 429, 429, 429]
            assert [each.headers["ratelimit-remaining"] for each in answers[:3]] == ["2", "1", "0"]
            assert 1 <= int(answers[3].headers["retry-after"]) <= 60
            problem(answers[5], 429, "too_many_requests")
        async with world.client() as client:
            assert (await client.get("/health/live")).status_code == 200
            assert (await client.get("/health")).status_code == 429


async def test_guessing_keys_is_limited(settings: Settings) -> None:
    """After some wrong keys an address is not listened to for a while, not even with a good one."""
    limits = {"failed_keys": "3/minute"}
    async with world_of(with_api(settings, limits=limits, key_required=True)) as world:
        good = await world.key()
        for _ in range(3):
            async with world.client("tgp_000000000000_" + "x" * 43) as client:
                assert (await client.get("/api/v1/sources")).status_code == 401
        async with world.client(good) as client:
            assert "Too many wrong keys" in problem(await client.get("/api/v1/sources"), 429, "too_many_requests")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a\x00b", "\ud800", "' OR 1=1"]
)
async def test_tricks_in_ids_find_nothing(shared_client: httpx.AsyncClient, name: str) -> None:
    """Whatever stands for an id, nothing is found and nothing breaks."""
    job = (await shared_client.post("/api/v1/export", json={"sources": [ONE]})).json()["job_id"]
    for path in (f"/api/v1/sources/{name}", f"/api/v1/jobs/{name}", f"/api/v1/exports/{job}/files/{name}"):
        raw = b"".join(each if 32 < each[0] < 127 else b"%%%02X" % each[0] for each in _bytes(path))
        url = httpx.URL(scheme="http", host="127.0.0.1", raw_path=raw)
        assert (await shared_client.get(url)).status_code in {400, 404, 409, 422}, path


def _bytes(path: str) -> list[bytes]:
    return [bytes([each]) for each in path.encode("utf-8", "surrogatepass")]


async def test_every_kind_of_job_can_be_asked_for(client: httpx.AsyncClient) -> None:
    """Each has a route, which answers with the job and its address."""
    for kind in JOB_KINDS:
        body = {} if kind in {"backup", "cleanup", "export"} else {"source": ONE}
        answer = await client.post(f"/api/v1/{kind}", json=body)
        assert (answer.status_code, answer.json()["kind"]) == (202, kind)
        assert (await client.get(answer.headers["location"])).json()["job_id"] == answer.json()["job_id"]


async def test_dates_with_nothing_between_are_refused(client: httpx.AsyncClient) -> None:
    """Wherever two dates are given, the later one first is told, also where one of them is held already."""
    told = "The range from 2026-03-02T00:00:00Z to 2026-03-01T00:00:00Z is empty."
    dates = {"date_from": "2026-03-02", "date_to": "2026-03-01"}
    assert problem(await client.post("/api/v1/export", json=dates), 400, "usage") == told
    span = {"date_from": "2026-03-02", "date_to": "2026-03-01"}
    assert problem(await client.get("/api/v1/messages", params=span), 400, "usage") == told
    first = {"history_from": "2026-03-02"}
    assert (await client.patch(f"/api/v1/sources/{ONE}", json=first)).status_code == 200
    later = {"history_to": "2026-03-01"}
    assert problem(await client.patch(f"/api/v1/sources/{ONE}", json=later), 400, "usage") == told
    assert (await client.patch(f"/api/v1/sources/{ONE}", json=later | {"history_from": None})).status_code == 200


async def test_what_is_wrong_is_said_in_words(shared_client: httpx.AsyncClient) -> None:
    """A misspelt filter, a date that is none, a body that is no JSON or not said to be: each names what is wanted."""
    told = problem(await shared_client.get("/api/v1/documents", params={"fom": "2024"}), 400, "usage")
    assert told == "This route has no parameter 'fom'."
    wrong = await shared_client.get("/api/v1/documents", params={"date_from": "yesterday"})
    assert problem(wrong, 422, "invalid_request").startswith(
        "query.date_from: a date must have one of these forms: 2026-11-05, 2026-11"
    )
    cut = await shared_client.post("/api/v1/process", content=b'{"source": ', headers=JSON)
    assert problem(cut, 422, "invalid_request").startswith("body: it is not valid JSON: ")
    unsaid = await shared_client.post("/api/v1/process", content=b'{"source": "s"}')
    assert "send JSON, with the header Content-Type: application/json" in problem(unsaid, 422, "invalid_request")
    history = {"source_id": "x_source", "history_from": 3}
    wrong = await shared_client.post("/api/v1/sources", json=history)
    assert problem(wrong, 422, "invalid_request").startswith(
        "body.history_from: a date must have the form 2026-03-01 or"
    )


async def test_how_far_the_schedule_takes_a_source_is_its_own(client: httpx.AsyncClient) -> None:
    """It is set and taken back over HTTP as on the command line."""
    for steps in ("process", None):
        changed = await client.patch(f"/api/v1/sources/{ONE}", json={"steps": steps})
        assert (changed.status_code, changed.json()["steps"]) == (200, steps)


async def test_a_source_may_have_any_name(client: httpx.AsyncClient) -> None:
    """Its address is written so that it goes into a header, and leads to it."""
    added = await client.post("/api/v1/sources", json={"source_id": "новости 🚀", "channel_id": "-1001032086354"})
    assert added.status_code == 201
    assert added.headers["location"].isascii()
    assert (await client.get(added.headers["location"])).json()["source_id"] == "новости 🚀"
