"""Several processes on the same databases: writers lose nothing, and named work has one holder at a time."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import stamina
from cli_process import begin, small_export, tg_parser
from conftest import process_environment
from samples import CHANNEL, NOW, message
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from warm_child import WarmChild

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import BusyError
from tg_parser.domain.sources import SourceChange
from tg_parser.processing.claims import WorkClaims
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.comments import CommentStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage

WRITERS = 6
WORK = "process:-100123"


def start(database_environment: dict[str, str], *arguments: str, **options: Any) -> WarmChild:
    script = str(Path(__file__).with_name("store_process.py"))
    return begin(process_environment(database_environment), *arguments, script=script, cwd=Path.cwd(), **options)


async def test_six_processes_write_at_once(databases: Databases, database_environment: dict[str, str]) -> None:
    """No deadlock, no message twice, no step of a counter lost."""
    sources, raw = IngestionStorage(databases.ingestion), RawStorage(databases.raw)
    await sources.save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    writers = [start(database_environment, "store", str(writer)) for writer in range(WRITERS)]
    codes = await asyncio.gather(*(asyncio.to_thread(writer.wait, 120) for writer in writers))
    assert codes == [0] * WRITERS
    assert (await raw.summary(CHANNEL)).total == 400 + WRITERS * 100
    source = await sources.get("s")
    assert (source.fail_count, source.last_post_id) == (WRITERS * 10, 400)


async def test_lock_has_one_holder(databases: Databases, settings: Settings) -> None:
    """Who comes second is told who is at work; other names are free; when the holder is done, so is this one."""
    async with databases.locks.exclusive(WORK), open_databases(settings) as others:
        with pytest.raises(BusyError, match=rf"-100123 \(process\).*{os.getpid()}") as busy:
            async with others.locks.exclusive(WORK):
                pass
        assert busy.value.hint
        async with others.locks.exclusive("process:-100124"):
            pass
    async with databases.locks.exclusive(WORK):
        pass


async def test_lock_is_free_after_an_error(databases: Databases) -> None:
    """Work that fails gives its lock back, and its own error comes out."""
    with pytest.raises(ZeroDivisionError):
        async with databases.locks.exclusive(WORK):
            _ = 1 / 0
    async with databases.locks.exclusive(WORK):
        pass


async def test_lock_goes_with_its_process(databases: Databases, database_environment: dict[str, str]) -> None:
    """A holder that is killed with SIGKILL leaves no lock behind."""
    holder = start(database_environment, "hold", WORK, stdout=subprocess.PIPE)
    try:
        assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
        with pytest.raises(BusyError, match=str(holder.pid)):
            async with databases.locks.exclusive(WORK):
                pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    await until_free(databases)


async def until_free(databases: Databases) -> None:
    """Take the lock once the server has noticed the death; BusyError after ten seconds."""
    async for attempt in stamina.retry_context(on=BusyError, attempts=None, timeout=10, wait_max=0.2):
        with attempt:
            async with databases.locks.exclusive(WORK):
                return


CROWDS = [
    *(("sqlite", several) for several in (2, 4)),
    *(pytest.param("postgresql", several, marks=pytest.mark.postgres) for several in (2, 5, 16)),
]


def commands(process_env: dict[str, str], folder: Path, several: int, *arguments: str | Path) -> list[dict[str, Any]]:
    """The JSON results of one command run by several processes at once."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [begin(process_env, *arguments, "--json", cwd=folder, **pipes) for _ in range(several)]
    ended = [(process.communicate(timeout=200), process.returncode) for process in running]
    assert [code for _, code in ended] == [0] * several, [said for (_, said), _ in ended]
    return [json.loads(result) for (result, _), _ in ended]


@pytest.mark.parametrize(("backend", "several"), CROWDS)
async def test_processes_share_the_main_job(
    several: int, process_env: dict[str, str], databases: Databases, tmp_path: Path
) -> None:
    """All import one export and process one channel at once: every message is stored once, and made once by anybody."""
    export = small_export(tmp_path, 30)
    commands(process_env, tmp_path, several, "ingest", "--from-export", export)
    sources = await IngestionStorage(databases.ingestion).list_sources()
    raw, documents = RawStorage(databases.raw), ProcessingStorage(databases.processing)
    held = {source.channel_id: await raw.summary(source.channel_id) for source in sources}
    expected = sum(each.posts + each.comments for each in held.values())
    done = commands(process_env, tmp_path, several, "process", "--all")
    assert sum(each["processed"] for each in done) == expected
    assert sum([(await documents.counts(channel)).documents for channel in held]) == expected
    assert await ClaimStorage(databases.processing).holders() == []


async def test_claims_of_a_killed_process_are_taken_over(
    process_env: dict[str, str], databases: Databases, tmp_path: Path
) -> None:
    """A process killed in the middle leaves claims behind; the next one takes the dead one's messages and its own."""
    raw, claims = RawStorage(databases.raw), ClaimStorage(databases.processing)
    await raw.store([message(number, f"Words of message {number}") for number in range(1, 21)], NOW)
    holder = start(process_env, "claim", CHANNEL, stdout=subprocess.PIPE)
    try:
        assert await asyncio.to_thread(holder.stdout.readline) == "claimed 8\n"
        alive = WorkClaims(claims, databases.locks)
        assert await alive.take_from_dead() == 0
        assert len(await claims.take_waiting(CHANNEL, "me", after_ref=None, limit=100)) == 12
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    async for attempt in stamina.retry_context(on=AssertionError, attempts=None, timeout=10, wait_max=0.2):
        with attempt:
            # Nobody holds the lock of "me" either: both count as dead.
            assert await alive.take_from_dead() > 0
    assert await claims.holders() == []


async def test_cursor_of_a_thread_and_counters_survive_a_crowd(databases: Databases) -> None:
    """Write skew on cursors: whoever comes last with less moves nothing back."""
    sources, comments = IngestionStorage(databases.ingestion), CommentStorage(databases.ingestion)
    await sources.save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    numbers = [7, 300, 12, 299, 5, 150]
    await asyncio.gather(*(comments.advance("s", "1", number, NOW) for number in numbers))
    await asyncio.gather(*(sources.cover("s", 1, number, NOW) for number in numbers))
    assert await comments.cursor("s", "1") == 300
    assert (await sources.get("s")).last_post_id == 300


async def test_second_topicisation_is_told_who_is_at_work(
    process_env: dict[str, str], databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    """Topics of a channel are found by one process at a time; the other one names it and ends with 1."""
    sources = IngestionStorage(databases.ingestion)
    await sources.save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    async with databases.locks.exclusive(f"topicize:{CHANNEL}"):
        done = await asyncio.to_thread(tg_parser, process_env, "topicize", "--source", "s", cwd=tmp_path, code=1)
    assert str(os.getpid()) in done.stderr
    assert "topicize" in done.stderr


async def test_cancelled_work_is_not_done_again(databases: Databases) -> None:
    """A connection that breaks over a cancellation, as psycopg's may, is no reason to try once more."""
    begun, times = asyncio.Event(), 0

    async def work(conn: AsyncConnection) -> None:
        nonlocal times
        times += 1
        begun.set()
        try:
            await asyncio.sleep(0 if times > 1 else 60)
        except asyncio.CancelledError:
            broken = psycopg.OperationalError("another command is already in progress")
            raise OperationalError("SELECT 1", {}, broken, connection_invalidated=True) from None

    task = asyncio.create_task(databases.raw.write(work))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert times == 1
