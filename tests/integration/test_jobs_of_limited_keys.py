"""Which jobs a key sees that is limited to sources: those of what is its own now, whoever asked for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from api_world import ONE, PERSON, TWO, World, with_api, world_of

from tg_parser.config.settings import Settings
from tg_parser.domain.messages import Chat
from tg_parser.domain.sources import SourceChange

NEW, NAME, NUMBER = "fresh", "fresh_channel", "-1001234"


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """Two channels, and keys are required."""
    async with world_of(with_api(settings, key_required=True)) as world:
        yield world


async def seen(client: httpx.AsyncClient, **filters: Any) -> list[str]:
    """The ids of the jobs that a client is shown, newest first."""
    return [each["job_id"] for each in (await client.get("/api/v1/jobs", params=filters)).json()["items"]]


async def ended(world: World, kind: str, parameters: dict[str, Any], client: httpx.AsyncClient) -> str:
    """A job that was asked for over HTTP and has ended."""
    job_id = str((await client.post(f"/api/v1/{kind}", json=parameters)).json()["job_id"])
    await world.app_jobs.cancel(job_id)
    return job_id


async def test_the_first_job_of_a_source_stays_with_it(world: World) -> None:
    """Asked for while the channel had a name alone, it is seen once its number is known, and still locks it."""
    await world.app.sources.add(SourceChange(source_id=NEW, channel_username=NAME))
    async with world.client(await world.key("admin")) as admin, world.client(await world.key("reader", NEW)) as client:
        job_id = (await admin.post("/api/v1/run", json={"source": NEW})).json()["job_id"]
        source = await world.app.sources.get(NEW)
        await world.app.sources.ensure(Chat(channel_id=NUMBER, username=NAME), source, via="web")
        assert await seen(client) == await seen(admin, source=NEW) == [job_id]
    job = await world.app_jobs.get(job_id)
    assert (job.channel_id, job.lock) == (NUMBER, f"collect:{NUMBER}")


async def test_jobs_of_a_removed_source_are_lost(world: World) -> None:
    """The key that asked for them neither sees them nor asks for them again, also when another source has the id."""
    async with world.client(await _key_of_new(world)) as client:
        alone = await ended(world, "export", {"sources": [NEW]}, client)
        both = await ended(world, "export", {"sources": [NEW, TWO]}, client)
        assert await seen(client) == [both, alone]
        await world.app.sources.remove(NEW, with_data=True)
        await world.app.sources.add(SourceChange(source_id=NEW, channel_username="another_channel"))
        for job_id in (alone, both):
            assert (await client.get(f"/api/v1/jobs/{job_id}")).status_code == 404
            assert (await client.get(f"/api/v1/exports/{job_id}")).status_code == 404
            assert (await client.post(f"/api/v1/jobs/{job_id}/retry")).status_code == 404
        assert await seen(client, limit=1) == []


async def test_a_new_key_of_an_old_id_sees_no_older_jobs(world: World) -> None:
    """A source that was given the id of a removed one does not open what was asked for about that one."""
    async with world.client(await _key_of_new(world)) as client:
        both = await ended(world, "export", {"sources": [NEW, TWO]}, client)
    await world.app.sources.remove(NEW, with_data=True)
    await world.app.sources.add(SourceChange(source_id=NEW, channel_username="another_channel"))
    async with world.client(await world.key("editor", NEW, TWO)) as client:
        assert (await client.get(f"/api/v1/jobs/{both}")).status_code == 404


async def test_pages_of_jobs_are_full_as_long_as_there_are_more(world: World) -> None:
    """Jobs that are passed over leave no gap: a page goes on behind them."""
    async with world.client(await _key_of_new(world)) as client:
        oldest = await ended(world, "export", {"sources": [TWO]}, client)
        for pretty in (True, False):
            await ended(world, "export", {"sources": [NEW, TWO], "pretty": pretty}, client)
        await world.app.sources.remove(NEW, with_data=True)
        assert await seen(client, limit=1) == [oldest]


async def test_a_job_of_a_renamed_source_is_refused_at_once(world: World) -> None:
    """What names an id that is gone is not asked for again: it could only fail."""
    async with world.client(await world.key("editor")) as client:
        job_id = await ended(world, "process", {"source": ONE}, client)
        await world.app.sources.rename(ONE, "renamed")
        answer = await client.post(f"/api/v1/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no source '{ONE}'.")


async def _key_of_new(world: World) -> str:
    await world.app.sources.add(SourceChange(source_id=NEW, channel_id=NUMBER))
    fresh = await world.keys.create("both", "editor", PERSON, sources=(NEW, TWO))
    return fresh.secret


async def test_a_job_of_a_renamed_source_stays_with_its_key(world: World) -> None:
    """The channel is the same, whatever id the source has now."""
    async with world.client(await world.key("editor", ONE)) as client:
        job_id = await ended(world, "process", {"source": ONE}, client)
        await world.app.sources.rename(ONE, "renamed")
        assert await seen(client) == [job_id]


async def test_files_that_may_tell_of_other_sources_are_not_for_a_limited_key(world: World) -> None:
    """Who may see all may ask for files with topics of several channels; a limited key sees the job, not its files."""
    async with world.client(await world.key("admin")) as admin, world.client(await world.key("reader", ONE)) as client:
        open_job = await ended(world, "export", {"sources": [ONE], "own_topics": False}, admin)
        own_job = await ended(world, "export", {"sources": [ONE]}, admin)
        assert await seen(client) == [own_job, open_job]
        answers = [(await client.get(f"/api/v1/exports/{each}")).json() for each in (open_job, own_job)]
        by_file = await client.get(f"/api/v1/exports/{open_job}/files/topics.json")
    assert [each["type"].rpartition(":")[2] for each in answers] == ["forbidden", "job_state"]
    assert answers[1]["detail"] == f"Job {own_job} is cancelled: there are no files to download."
    assert by_file.status_code == 403
