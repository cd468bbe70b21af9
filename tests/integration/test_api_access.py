"""Who may do what over HTTP: every route with every kind of key."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from api_world import ONE, OTHER, PERSON, POST, TOPIC, TWO, World, with_api, world_of
from samples import CHANNEL, NOW, topic

from tg_parser.api.app import create_api
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import NotFoundError, UnauthorizedError
from tg_parser.domain.keys import Actor
from tg_parser.domain.sources import SourceChange
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.stores.topics import TopicRun

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCE = {"source": ONE}
SECOND = topic(5, 4, 6, title="Second")
"""Another topic of the first source."""
NO_JOB = "20260101T000000000-00000000"

# For each operation: the least role, the path and body that it is called with, and what it answers then.
READ: dict[str, tuple[str, int]] = {
    "listSources": ("/sources", 200),
    "getSource": (f"/sources/{ONE}", 200),
    "getSourceStatus": (f"/sources/{ONE}/status", 200),
    "listJobs": ("/jobs", 200),
    "getJob": ("/jobs/{job}", 200),
    "followJob": ("/jobs/{cancelled}/events", 200),
    "listMessages": ("/messages", 200),
    "getMessage": (f"/messages/{POST}", 200),
    "getThread": (f"/messages/{POST}/thread", 200),
    "listDocuments": ("/documents", 200),
    "getDocument": (f"/documents/doc:{POST}", 200),
    "search": ("/search?q=text", 200),
    "listSimilar": (f"/messages/{POST}/similar", 200),
    "listTopics": ("/topics", 200),
    "getTopic": (f"/topics/{TOPIC}", 200),
    "getTopicHistory": (f"/topics/{TOPIC}/history", 200),
    "listTopicChanges": ("/topic-changes", 200),
    "listTopicEdits": ("/topic-edits", 200),
    "listEntries": ("/entries", 200),
    "getEntry": (f"/entries/kb:msg:{POST}", 200),
    "listExportFiles": ("/exports/{job}", 409),
    "downloadExportFile": ("/exports/{job}/files/topics.json", 409),
    "listFailures": ("/failures", 200),
    "getCosts": ("/costs", 200),
    "listAgents": ("/agents", 200),
    "getAgent": ("/agents/nobody", 404),
    "getAgentHistory": ("/agents/nobody/history", 404),
    "listHandoffs": ("/handoffs", 200),
    "listPrompts": ("/prompts", 200),
    "getPrompt": ("/prompts/processing", 200),
    "getSchedule": ("/schedule", 200),
}
WORK: dict[str, tuple[str, str, Any, int]] = {
    "changeSource": ("PATCH", f"/sources/{ONE}", {"include_comments": True}, 200),
    "pauseSource": ("POST", f"/sources/{ONE}/pause", None, 200),
    "resumeSource": ("POST", f"/sources/{ONE}/resume", None, 200),
    "renameTopic": ("POST", f"/topics/{TOPIC}/rename", {"title": "Another title"}, 200),
    "mergeTopics": ("POST", f"/topics/{TOPIC}/merge", {"other_id": SECOND[0].id}, 200),
    "splitTopic": ("POST", f"/topics/{TOPIC}/split", {"messages": [POST]}, 200),
    "moveMessages": ("POST", f"/topics/{SECOND[0].id}/move", {"messages": [POST]}, 200),
    "hideTopic": ("POST", f"/topics/{TOPIC}/hide", None, 200),
    "pinTopic": ("POST", f"/topics/{TOPIC}/pin", None, 200),
    "undoTopicEdit": ("POST", "/topic-edits/{edit}/undo", None, 200),
    "ingest": ("POST", "/ingest", SOURCE, 202),
    "recheck": ("POST", "/recheck", SOURCE, 202),
    "process": ("POST", "/process", SOURCE, 202),
    "topicize": ("POST", "/topicize", SOURCE, 202),
    "export": ("POST", "/export", {"sources": [ONE]}, 202),
    "run": ("POST", "/run", SOURCE, 202),
    "sentiment": ("POST", "/sentiment", SOURCE, 202),
    "retryFailures": ("POST", "/failures/retry", SOURCE, 202),
    "listWebhooks": ("GET", "/webhooks", None, 200),
    "addWebhook": ("POST", "/webhooks", {"url": "http://127.0.0.1:9/"}, 201),
    "getWebhook": ("GET", "/webhooks/{webhook}", None, 200),
    "removeWebhook": ("DELETE", "/webhooks/{webhook}", None, 200),
    "rotateWebhook": ("POST", "/webhooks/{webhook}/rotate", {}, 200),
    "enableWebhook": ("POST", "/webhooks/{webhook}/enable", None, 200),
    "pingWebhook": ("POST", "/webhooks/{webhook}/ping", None, 202),
    "listDeliveries": ("GET", "/deliveries", None, 200),
    "getDelivery": ("GET", "/deliveries/{delivery}", None, 200),
    "redeliver": ("POST", "/deliveries/{delivery}/redeliver", None, 202),
    "cancelJob": ("POST", "/jobs/{job}/cancel", None, 200),
    "retryJob": ("POST", "/jobs/{cancelled}/retry", None, 202),
}
OF_THE_WHOLE = {"listAgents", "getAgent", "getAgentHistory", "listHandoffs", "listChanges", "backup", "cleanup"}
"""What a key that is limited to sources may not ask for, whatever its role."""
ADMINISTER: dict[str, tuple[str, str, Any, int]] = {
    "removeSource": ("DELETE", f"/sources/{ONE}", None, 200),
    "backup": ("POST", "/backup", {}, 202),
    "cleanup": ("POST", "/cleanup", {}, 202),
    "listKeys": ("GET", "/keys", None, 200),
    "createKey": ("POST", "/keys", {"name": "new", "sources": [ONE]}, 201),
    "revokeKey": ("POST", "/keys/{key}/revoke", None, 200),
    "rotateKey": ("POST", "/keys/{key}/rotate", {}, 200),
    "listChanges": ("GET", "/audit", None, 200),
}
ADD = {"addSource": ("POST", "/sources", {"source_id": "three_source"}, 201)}
CALLS = {
    **{name: ("reader", "GET", path, None, status) for name, (path, status) in READ.items()},
    **{name: ("editor", *call) for name, call in (WORK | ADD).items()},
    **{name: ("admin", *call) for name, call in ADMINISTER.items()},
}
ROLES = ("reader", "editor", "admin")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(shared_settings: Settings) -> AsyncIterator[World]:
    """One for all: every call makes the things that it is about, and what it takes away is brought back."""
    async with world_of(with_api(shared_settings, key_required=True)) as world:
        await world.app.search.index.build()
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def fresh_world(settings: Settings) -> AsyncIterator[World]:
    """One in which nothing has happened yet."""
    async with world_of(with_api(settings, key_required=True)) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spoiled_keys(world: World) -> dict[str, str | None]:
    """Keys that open nothing, by what is wrong with them."""
    return await world.spoiled_keys()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def good_keys(world: World) -> dict[str, str]:
    """Keys that open what their role allows."""
    return {role: await world.key(role) for role in ROLES}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other_key(world: World) -> str:
    """The key of an administrator of the other source."""
    return await world.key("admin", TWO)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(world: World) -> dict[str, str]:
    """The ids of things that no test changes: for calls that only read, and for those that are refused."""
    return await things(world, None)


async def things(world: World, key: str | None) -> dict[str, str]:
    """The ids of things that an operation may be about."""
    job = await world.app_jobs.submit("recheck", {"source": ONE, "span": "7"})
    cancelled = await world.app_jobs.submit("sentiment", {"source": ONE, "limit": 7})
    await world.app_jobs.cancel(cancelled.job_id)
    spare = await world.key_of("reader", ONE)
    webhook = await _webhook(world, key)
    delivery = await world.webhooks.ping(webhook, PERSON)
    names = {"job": job.job_id, "cancelled": cancelled.job_id, "key": spare, "webhook": webhook}
    return names | {"delivery": str(delivery.delivery_id), "edit": await _edit(world)}


async def _edit(world: World) -> str:
    """The number of the only edit of the topics of this source that is not undone."""
    with suppress(NotFoundError):
        while True:
            await world.app.topic_edits.undo(None, "test")
    both = [topic(2, 1, 3, title="Own"), SECOND]
    await world.app.shared.stores.topics.replace([CHANNEL], both, [], TopicRun("f", NOW, {}))
    return str((await world.app.topic_edits.rename(TOPIC, "A title", "test")).edit.number)


async def answered(world: World, name: str, key: str | None, names: dict[str, str]) -> tuple[int, Any]:
    """What an operation about things answers to a key."""
    _, method, path, body, _ = CALLS[name]
    async with world.client(key) as client:
        answer = await client.request(method, f"/api/v1{path.format(**names)}", json=body)
    kind = answer.headers.get("content-type", "")
    return answer.status_code, answer.json() if "json" in kind and "ndjson" not in kind else answer.text


async def _webhook(world: World, key: str | None) -> str:
    """The id of a webhook that belongs to the key where it sees this source; else to a person."""
    by = PERSON
    with suppress(UnauthorizedError):
        found = await world.keys.authenticate(key, utc_now())
        by = Actor(found.key_id, "here", found) if found.covers({ONE}) else PERSON
    allowed = by.key is None or by.key.role != "reader"
    return (await world.webhooks.add("http://127.0.0.1:9/", by if allowed else PERSON)).webhook.webhook_id


async def test_the_calls_are_all_that_there_are() -> None:
    """No route is missing here."""
    paths = create_api().openapi()["paths"]
    operations = {each["operationId"] for path in paths.values() for each in path.values()}
    assert set(CALLS) == operations - {"getHealth", "getLiveness", "getReadiness", "getServiceStatus", "getMetrics"}


@pytest.mark.parametrize("name", CALLS)
async def test_only_good_keys_open_a_route(
    world: World, kept: dict[str, str], spoiled_keys: dict[str, str | None], name: str
) -> None:
    """Without a key, with a wrong, an expired, a revoked one, nothing is told and nothing done."""
    for what, key in spoiled_keys.items():
        status, told = await answered(world, name, key, kept)
        assert (status, told["type"]) == (401, "urn:tg-parser:error:unauthorized"), what
        assert ONE not in str(told)


@pytest.mark.parametrize("name", CALLS)
async def test_a_role_opens_what_it_should(
    world: World, kept: dict[str, str], good_keys: dict[str, str], name: str
) -> None:
    """A role that is too low is refused; the others get the answer that is written down here."""
    needed, *_, expected = CALLS[name]
    for role, key in good_keys.items():
        too_low = ROLES.index(role) < ROLES.index(needed)
        names = kept if too_low or needed == "reader" else await things(world, key)
        status, told = await answered(world, name, key, names)
        if too_low:
            assert (status, told["type"]) == (403, "urn:tg-parser:error:forbidden"), role
        elif name not in {"removeSource", "addSource"} or role == needed:
            assert status == expected, (role, told)
    if name == "removeSource":
        await world.app.sources.add(SourceChange(source_id=ONE, channel_id=CHANNEL))


@pytest.mark.parametrize("name", CALLS)
async def test_a_key_of_another_source_sees_nothing_of_this_one(
    world: World, kept: dict[str, str], other_key: str, name: str
) -> None:
    """What belongs to another source is as if it did not exist, in lists and alone."""
    status, told = await answered(world, name, other_key, kept)
    if name in OF_THE_WHOLE or name == "addSource":
        assert status == 403
    elif name == "addWebhook":
        assert status == 201
    elif name in {"listPrompts", "getPrompt"}:
        assert status == 200
    elif (name.startswith("list") and name not in {"listExportFiles", "listSimilar"}) or name in {
        "getCosts",
        "getSchedule",
        "search",
    }:
        assert status == 200
        assert ONE not in str(told)
        assert not re.search(rf"{CHANNEL}\b", str(told))
    else:
        assert status in {403, 404}, told
        assert "Text" not in str(told)


async def test_a_limited_key_sees_its_own(fresh_world: World) -> None:
    """The lists hold what belongs to its source, and nothing else."""
    async with fresh_world.client(await fresh_world.key("reader", TWO)) as client:
        for path, number in (("/sources", 1), ("/messages", 7), ("/documents", 6), ("/topics", 1), ("/failures", 1)):
            items = (await client.get(f"/api/v1{path}")).json()["items"]
            assert len(items) == number, path
            assert OTHER in str(items)


async def test_a_job_without_sources_is_about_those_of_the_key(fresh_world: World) -> None:
    """Who may see one source exports that one, and may follow the job that does."""
    async with fresh_world.client(await fresh_world.key("editor", TWO)) as client:
        job = (await client.post("/api/v1/export", json={})).json()
        assert job["parameters"] == {"sources": [TWO], "own_topics": True}
        assert (await client.get(f"/api/v1/jobs/{job['job_id']}")).status_code == 200
        assert [each["job_id"] for each in (await client.get("/api/v1/jobs")).json()["items"]] == [job["job_id"]]


async def test_changes_are_kept_with_who_made_them(fresh_world: World) -> None:
    """The log says which key did what to what, and from where."""
    key = await fresh_world.key("editor")
    async with fresh_world.client(key) as client:
        await client.post(f"/api/v1/sources/{ONE}/pause")
        job = (await client.post("/api/v1/process", json=SOURCE)).json()["job_id"]
    async with fresh_world.client(await fresh_world.key("admin")) as client:
        entries = (await client.get("/api/v1/audit", params={"key": key.split("_")[1]})).json()["items"]
    assert [(each["action"], each["subject"], each["origin"]) for each in entries[:2]] == [
        ("jobs.process", job, "127.0.0.1"),
        ("sources.pause", ONE, "127.0.0.1"),
    ]
