"""Worker processes read as this one does; whatever becomes of them, no message is lost, and none gets two documents."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fresh_databases import settings_of
from sample_data import sample
from samples import CHANNEL, NOW, message
from worker_samples import KillingEmbedder, killed, own_pid

from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.footers import build_profile
from tg_parser.processing.analyzer import Analyzed, Task
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor, ProcessReport
from tg_parser.processing.worker_pool import WorkerPool, WorkersKilledError, all_cores
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage


@pytest.fixture
async def workers() -> AsyncIterator[WorkerPool]:
    """Two worker processes, which one message is enough to start."""
    pool = WorkerPool(2, messages_per_worker=1)
    assert pool.expect(2) == 2
    yield pool
    await pool.close()


@pytest.fixture
async def files(migrated_sqlite: dict[str, str]) -> AsyncIterator[Databases]:
    """Databases for what concerns the processes alone, whichever backend there is."""
    async with open_databases(settings_of(migrated_sqlite)) as opened:
        yield opened


def lives(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / str(number)).touch()
    return folder


async def test_workers_read_real_posts_as_this_process_does(workers: WorkerPool) -> None:
    """72 posts of three channels give the same analysis, provenance and bytes of the embedding in both."""
    texts = [
        post["text"]
        for name in ("habr", "moskvach", "naked_science")
        for post in json.loads(sample("channel_posts_ru", f"{name}.json").read_text("utf-8"))[:24]
    ]
    tasks, profile = [Task(message(number, text)) for number, text in enumerate(texts, 1)], build_profile(texts)
    apart = LocalAnalyzer(names=False, workers=workers)
    batches = list(apart.batches(tasks))
    assert [len(batch) for batch in batches] == [8] * 9
    read = [analyzed for batch in batches for analyzed in await apart.analyze(batch, profile)]
    assert len(read) == 72
    assert read == list(await LocalAnalyzer(names=False).analyze(tasks, profile))
    assert sum(isinstance(each, Analyzed) and each.vector is not None for each in read) > 60


async def test_little_is_done_in_this_process_and_much_in_others() -> None:
    """The number of messages decides how many workers there are; what is there stays, and seldom collects garbage."""
    pool = WorkerPool(3, messages_per_worker=10)
    assert [pool.expect(19), await pool.run(own_pid)] == [1, os.getpid()]
    assert [pool.expect(20), pool.expect(5)] == [2, 2]
    assert await pool.run(own_pid) != os.getpid()
    assert (await pool.run(gc.get_threshold))[0] == 10_000
    assert pool.expect(1000) == 3
    await pool.close()
    for none in (0, 1):
        assert WorkerPool(none, messages_per_worker=1).expect(1000) == 1


async def test_what_a_killed_worker_had_begun_is_done_again(workers: WorkerPool, tmp_path: Path) -> None:
    """A worker that is killed twice is replaced twice."""
    assert await workers.run(killed, lives(tmp_path / "lives", 2)) == "alive"


async def test_workers_that_are_always_killed_end_the_run_with_a_clear_error(
    workers: WorkerPool, tmp_path: Path
) -> None:
    """After the third time the error says what to change; the pool works again for what comes next."""
    with pytest.raises(WorkersKilledError, match="Worker processes ended 3 times") as told:
        await workers.run(killed, lives(tmp_path / "lives", 3))
    assert "PROCESSING_WORKERS" in told.value.hint
    assert told.value.stops_run
    assert await workers.run(own_pid) != os.getpid()


async def process(databases: Databases, workers: WorkerPool, embedder: KillingEmbedder) -> ProcessReport:
    documents = ProcessingStorage(databases.processing)
    analyzer = LocalAnalyzer(names=False, embedder=embedder, workers=workers)
    claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)
    return await Processor(documents, RawStorage(databases.raw), analyzer, claims, workers).run(
        CHANNEL, ProcessOptions(page_size=20)
    )


async def refs(databases: Databases) -> list[int]:
    pages = ProcessingStorage(databases.processing).pages(DocumentFilter(channel_ids=(CHANNEL,)), 100)
    return [int(row["source_message_id"]) async for page in pages for row in page]


def post(number: int) -> RawMessage:
    return message(number, f"Сегодня вышла новость {number}")


async def test_a_run_goes_on_when_a_worker_is_killed(databases: Databases, workers: WorkerPool, tmp_path: Path) -> None:
    """All 60 messages have one document each, though a worker is killed in the middle."""
    await RawStorage(databases.raw).store([post(number) for number in range(1, 61)], NOW)
    embedder = KillingEmbedder(post(30).text, lives(tmp_path / "lives", 1))
    assert await process(databases, workers, embedder) == ProcessReport(waiting=60, processed=60)
    assert sorted(await refs(databases)) == list(range(1, 61))


async def test_a_message_that_ends_every_worker_fails_alone(
    files: Databases, workers: WorkerPool, tmp_path: Path
) -> None:
    """Of 60 messages one ends every process that reads it: it is in the ledger as such, the others have documents."""
    await RawStorage(files.raw).store([post(number) for number in range(1, 61)], NOW)
    embedder = KillingEmbedder(post(30).text, lives(tmp_path / "lives", 1000))
    assert await process(files, workers, embedder) == ProcessReport(waiting=60, processed=59, failed=1)
    ((failure,), _) = await ProcessingStorage(files.processing).failures([CHANNEL])
    assert (failure.source_ref, failure.error_class) == (post(30).source_ref, "WorkerCrashedError")
    assert "ended its worker process each time" in failure.error_message
    assert sorted(await refs(files)) == [number for number in range(1, 61) if number != 30]


async def test_a_message_is_not_blamed_for_workers_killed_by_something_else(
    files: Databases, workers: WorkerPool, tmp_path: Path
) -> None:
    """Workers are killed as often as the pool tries, and once more beside: the message is read at last."""
    await RawStorage(files.raw).store([post(number) for number in range(1, 61)], NOW)
    embedder = KillingEmbedder(post(30).text, lives(tmp_path / "lives", 4))
    assert await process(files, workers, embedder) == ProcessReport(waiting=60, processed=60)


async def test_a_run_whose_workers_are_always_killed_leaves_their_messages_waiting(
    files: Databases, workers: WorkerPool, tmp_path: Path
) -> None:
    """The run ends with the error, nothing is marked as failed, and the next run makes every document."""
    await RawStorage(files.raw).store([post(number) for number in range(1, 9)], NOW)
    with pytest.raises(WorkersKilledError):
        await process(files, workers, KillingEmbedder("новость", lives(tmp_path / "lives", 1000)))
    stored = ProcessingStorage(files.processing)
    assert ((await stored.failures([CHANNEL]))[0], await stored.count_waiting(CHANNEL)) == ([], 8)
    embedder = KillingEmbedder("новость", lives(tmp_path / "none", 0))
    assert await process(files, workers, embedder) == ProcessReport(waiting=8, processed=8)


async def test_a_message_that_cannot_be_read_fails_alone(
    databases: Databases, workers: WorkerPool, tmp_path: Path
) -> None:
    """Of 60 messages that workers read eight at a time, one is in the ledger, under the name of its own error."""
    await RawStorage(databases.raw).store([post(number) for number in range(1, 61)], NOW)
    embedder = KillingEmbedder("never said", lives(tmp_path / "lives", 0), bad=post(30).text)
    assert await process(databases, workers, embedder) == ProcessReport(waiting=60, processed=59, failed=1)
    ((failure,), _) = await ProcessingStorage(databases.processing).failures([CHANNEL])
    assert (failure.source_ref, failure.error_class) == (post(30).source_ref, "NotAloneError")


MAIN = """
import asyncio, sys
from tg_parser.processing.worker_pool import WorkerPool
from worker_samples import own_pid

async def main():
    pool = WorkerPool(2, messages_per_worker=1)
    pool.expect(2)
    print(await pool.run(own_pid), flush=True)
    await pool.run(own_pid, 60.0)

asyncio.run(main())
"""


def test_workers_end_when_the_main_process_is_killed() -> None:
    """No worker outlives a main process that gets SIGKILL."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    main = subprocess.Popen(
        [sys.executable, "-c", MAIN], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert main.stdout is not None
    with main.stdout as said:
        worker = int(said.readline())
        main.kill()
        main.wait()
        said.read()  # ends when the last process that holds the other end has ended
    assert not alive(worker)


def alive(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True


def test_all_cores_are_those_of_this_process() -> None:
    """Who may use one core only gets one worker."""
    script = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); "
    script += "from tg_parser.processing.worker_pool import all_cores; print(all_cores())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert all_cores() >= 1
