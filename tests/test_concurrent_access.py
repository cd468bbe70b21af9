"""Several processes on the same databases: writers lose nothing, and named work has one holder at a time."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
import stamina
from conftest import process_environment
from samples import CHANNEL, NOW

from tg_parser.domain.errors import BusyError
from tg_parser.domain.sources import SourceChange
from tg_parser.storage.databases import open_databases
from tg_parser.storage.ingestion_storage import IngestionStorage
from tg_parser.storage.raw_storage import RawStorage

WRITERS = 6
WORK = "process:-100123"


def start(database_environment, *arguments, **options):
    command = [sys.executable, str(Path(__file__).with_name("store_process.py")), *arguments]
    return subprocess.Popen(command, env=process_environment(database_environment), text=True, **options)


async def test_six_processes_write_at_once(databases, database_environment):
    """No deadlock, no message twice, no step of a counter lost."""
    sources, raw = IngestionStorage(databases.ingestion), RawStorage(databases.raw)
    await sources.save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    writers = [start(database_environment, "store", str(writer)) for writer in range(WRITERS)]
    codes = await asyncio.gather(*(asyncio.to_thread(writer.wait, 120) for writer in writers))
    assert codes == [0] * WRITERS
    assert (await raw.summary(CHANNEL)).total == 400 + WRITERS * 100
    source = await sources.get("s")
    assert (source.fail_count, source.last_post_id) == (WRITERS * 10, 400)


async def test_lock_has_one_holder(databases, settings):
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


async def test_lock_is_free_after_an_error(databases):
    """Work that fails gives its lock back, and its own error comes out."""
    with pytest.raises(ZeroDivisionError):
        async with databases.locks.exclusive(WORK):
            _ = 1 / 0
    async with databases.locks.exclusive(WORK):
        pass


async def test_lock_goes_with_its_process(databases, database_environment):
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


async def until_free(databases):
    """Take the lock once the server has noticed the death; BusyError after ten seconds."""
    async for attempt in stamina.retry_context(on=BusyError, attempts=None, timeout=10, wait_max=0.2):
        with attempt:
            async with databases.locks.exclusive(WORK):
                return
