"""Backups in a process that goes on: its event loop is never held up, and cancelling leaves nothing half made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psycopg
import pytest
from backup_samples import count, fill, scratch_databases, with_backups

from tg_parser.config.settings import Settings
from tg_parser.domain.progress import Progress
from tg_parser.wiring.backups import backup_service


@pytest.fixture
def settings(database_environment: dict[str, str], tmp_path: Path) -> Settings:
    return with_backups(database_environment, tmp_path / "backups")


@pytest.fixture
def filled(settings: Settings) -> Settings:
    fill(settings, range(1, 4001))
    return settings


class Stop:
    """Cancels the operation at the first report of a step that has `words` in its name."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.operation: asyncio.Task[Any] | None = None
        self.seen: list[str] = []

    def __call__(self, progress: Progress) -> None:
        self.seen.append(progress.step)
        if self.words in progress.step:
            self.operation.cancel()

    async def during(self, operation: Callable[..., Any]) -> None:
        """`operation` with this as its reporter; it must end as cancelled."""
        self.operation = asyncio.create_task(operation(self))
        await asyncio.wait({self.operation}, timeout=60)
        assert self.operation.cancelled(), self.seen


STEPS = {
    "create": {"sqlite": ["copied", "read"], "postgresql": ["dumped", "compared", "read"]},
    "verify": {"sqlite": ["read", "copied"], "postgresql": ["read", "restored", "compared"]},
}


@pytest.mark.parametrize("number", [0, 1])
async def test_a_cancelled_backup_leaves_no_folder(filled: Settings, backend: str, number: int) -> None:
    """Wherever it is stopped: nothing is listed, nothing lies in the folder, and the next one is good."""
    backups = backup_service(filled)
    await Stop(STEPS["create"][backend][-1 - number]).during(backups.create)
    assert list(filled.backup.dir.iterdir()) == []
    assert (await backups.create()).state == "good"


@pytest.mark.parametrize("number", [0, 1])
async def test_a_cancelled_trial_leaves_no_scratch_place(filled: Settings, backend: str, number: int) -> None:
    """The scratch database goes, and the backup stays good."""
    backups = backup_service(filled)
    made = await backups.create()
    await Stop(STEPS["verify"][backend][number]).during(lambda report: backups.verify(made, report))
    assert scratch_databases(filled) == []
    assert (await backups.verify(made)).problems == []


async def test_a_cancelled_restore_replaces_nothing_by_half(filled: Settings, backend: str) -> None:
    """On PostgreSQL all is as before; no file of SQLite is between two states."""
    backups = backup_service(filled)
    made = await backups.create()
    await asyncio.to_thread(fill, filled, range(5000, 5010))
    stop = Stop("copied" if backend == "sqlite" else "restored")
    await stop.during(lambda report: backups.restore(made, replace=True, report=report))
    assert await asyncio.to_thread(count, filled, "raw_messages") == 4010
    await backups.restore(made, replace=True)
    assert await asyncio.to_thread(count, filled, "raw_messages") == 4000


@pytest.mark.parametrize("backend", ["postgresql"])
async def test_what_waits_for_a_lock_is_stopped(filled: Settings) -> None:
    """Somebody else holds a table, so psql waits without a word; the cancelled restore ends in moments all the same."""
    backups = backup_service(filled)
    made = await backups.create()
    with psycopg.connect(filled.database.url.get_secret_value()) as other:
        other.execute("LOCK TABLE raw_messages IN ACCESS SHARE MODE")
        restore = asyncio.create_task(backups.restore(made, replace=True))
        for _ in range(2000):
            if other.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() != (0,):
                break
            await asyncio.sleep(0.01)
        begun = time.monotonic()
        restore.cancel()
        await asyncio.wait({restore}, timeout=60)
    assert restore.cancelled()
    assert time.monotonic() - begun < 5
    assert await asyncio.to_thread(count, filled, "raw_messages") == 4000


async def test_the_event_loop_goes_on(filled: Settings) -> None:
    """While a backup is made, tried, looked for, restored and pruned, others are served again and again."""
    served = 0

    async def serve() -> None:
        nonlocal served
        while True:
            served += 1
            await asyncio.sleep(0.001)

    async def while_serving(operation: Coroutine[Any, Any, Any]) -> Any:
        before = served
        result = await operation
        assert served - before >= 3, operation
        return result

    backups, serving = backup_service(filled), asyncio.create_task(serve())
    try:
        made = await while_serving(backups.create())
        await while_serving(backups.verify(made))
        assert await backups.in_the_way() != []
        await while_serving(backups.restore(made, replace=True))
        assert [each.name for each in await backups.all()] == [made.name]
        assert await backups.prune() == []
    finally:
        serving.cancel()
