"""Reading over HTTP: HEAD as GET without a body, downloads in ranges, and topics that there are not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_world import ONE, OTHER, POST, TOPIC, World, with_api, world_of
from polling import until
from samples import topic
from starlette.types import Message

from tg_parser.config.settings import Settings

PROBLEM = "application/problem+json"


@pytest.fixture
async def world(settings: Settings, tmp_path: Path) -> AsyncIterator[World]:
    jobs = settings.jobs.model_copy(update={"exports_dir": tmp_path / "exports"})
    configured = with_api(settings.model_copy(update={"jobs": jobs}), key_required=True)
    async with world_of(configured, with_jobs=True) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client(await world.key("editor")) as client:
        yield client


async def exported(client: httpx.AsyncClient) -> str:
    """The path of a file that a job has written."""
    job = (await client.post("/api/v1/export", json={"sources": [ONE]})).json()["job_id"]

    async def done() -> bool:
        return bool((await client.get(f"/api/v1/jobs/{job}")).json()["state"] == "done")

    assert await until(done)
    return f"/api/v1/exports/{job}/files/topics.json"


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    """For lists, single things, probes and downloads: the same status, length and type, and no bytes."""
    paths = ["/health/live", "/health/ready", "/api/v1/sources", f"/api/v1/messages/{POST}", "/api/v1/openapi.json"]
    for path in (*paths, await exported(client), "/api/v1/topics/topic:nobody", "/nowhere"):
        head, get = await client.head(path), await client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        for name in ("content-type", "content-length", "etag", "accept-ranges"):
            assert head.headers.get(name) == get.headers.get(name), path


async def test_head_is_let_in_where_get_is(world: World, client: httpx.AsyncClient) -> None:
    """It needs a key, is refused where only POST is known, and Allow names it beside GET."""
    async with world.client() as nobody:
        assert (await nobody.head("/api/v1/sources")).status_code == 401
    refused = await client.head("/api/v1/process")
    assert (refused.status_code, refused.headers["allow"], refused.content) == (405, "POST", b"")
    assert (await client.put("/api/v1/jobs")).headers["allow"] == "GET, HEAD"


async def test_head_of_a_stream_ends_with_its_head(world: World, client: httpx.AsyncClient) -> None:
    """A job that waits has events without end; HEAD does not wait for them, and nobody follows the job afterwards."""
    await client.post(f"/api/v1/sources/{ONE}/pause")
    job = await world.app_jobs.submit("recheck", {"source": ONE, "span": "7"})
    head = await client.head(f"/api/v1/jobs/{job.job_id}/events")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    ("asked", "status", "content_range"),
    [("bytes=999999-", 416, "bytes */{size}"), ("bytes=x-y", 400, None), ("lines=1-2", 400, None)],
)
async def test_a_range_that_a_file_does_not_have_is_a_problem(
    client: httpx.AsyncClient, asked: str, status: int, content_range: str | None
) -> None:
    """Like every other refusal; with 416 the size of the file is told."""
    path = await exported(client)
    size = len((await client.get(path)).content)
    answer = await client.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status
    expected = content_range.format(size=size) if content_range else None
    assert answer.headers.get("content-range") == expected
    part = await client.get(path, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.headers["content-range"]) == (206, f"bytes 2-5/{size}")


@pytest.mark.parametrize("path", ["/api/v1/documents", "/api/v1/entries"])
async def test_a_topic_that_there_is_not_is_no_empty_list(world: World, client: httpx.AsyncClient, path: str) -> None:
    """It is not found, and neither is one that the key may not know of."""
    assert len((await client.get(path, params={"topic": TOPIC})).json()["items"]) == 3
    answer = await client.get(path, params={"topic": "topic:nobody"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no topic 'topic:nobody'.")
    async with world.client(await world.key("reader", ONE)) as limited:
        hidden = topic(2, channel=OTHER)[0].id
        assert (await limited.get(path, params={"topic": hidden})).status_code == 404


async def test_an_export_of_a_topic_that_there_is_not_is_refused(world: World, client: httpx.AsyncClient) -> None:
    """Before a job waits for it; so is an export of a topic that the key may not know of."""
    answer = await client.post("/api/v1/export", json={"topic_id": "topic:nobody"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no topic 'topic:nobody'.")
    async with world.client(await world.key("editor", ONE)) as limited:
        hidden = topic(2, channel=OTHER)[0].id
        assert (await limited.post("/api/v1/export", json={"topic_id": hidden})).status_code == 404
        assert (await limited.post("/api/v1/export", json={"topic_id": TOPIC})).status_code == 202
    assert [job["kind"] for job in (await client.get("/api/v1/jobs")).json()["items"]] == ["export"]


async def test_a_body_is_not_read_before_the_key_is_checked(world: World) -> None:
    """Who shows no key is refused at once, although the body has not come."""
    headers = [(b"host", b"127.0.0.1"), (b"content-length", b"100"), (b"content-type", b"application/json")]
    path = "/api/v1/process"
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": headers, "client": ("127.0.0.1", 1), "root_path": "", "scheme": "http"}
    sent: list[Any] = []

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    async def send(message: Message) -> None:
        sent.append(message)

    await world.api(scope, receive, send)
    assert [each["status"] for each in sent if each["type"] == "http.response.start"] == [401]
