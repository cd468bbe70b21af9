"""Retention of the agents' history: archived, checked, then deleted; killed anywhere, nothing is lost or doubled."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE
from typing import Any

import cleanup_process
import pytest
from cli_process import begin
from samples import NOW

from tg_parser.agents.archive import Archive, archives, contents
from tg_parser.agents.cleanup import Cleanup
from tg_parser.domain.agents import Handoff, HandoffStatus, TaskRecord
from tg_parser.domain.errors import ArchiveError, BusyError
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.agent_retention import AgentRetention
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.handoffs import HandoffStorage

DAYS, OLD, YOUNG = 14, 100, 7
MOMENTS = ["while writing", "before deleting", "while deleting", "after deleting"]


def task(day: int, number: int) -> TaskRecord:
    at = NOW - timedelta(days=day) + timedelta(seconds=number)
    return TaskRecord("reviewer", "review", at, 5, {"text": f"Текст {number}"}, {"verdict": "accepted"})


def handoff(name: str, status: HandoffStatus, day: int = 20) -> Handoff:
    return Handoff(name, "orchestrator", "processor", "process", NOW - timedelta(days=day), status=status)


@pytest.fixture
async def filled(databases: Databases) -> Databases:
    """A hundred old tasks, a few young ones, and handoffs of which one is still open."""
    tasks = [*(task(20, number) for number in range(OLD)), *(task(1, number) for number in range(YOUNG))]
    await AgentStorage(databases.processing).record(tasks, timedelta(days=DAYS))
    old = [handoff("done", "completed"), handoff("open", "in_progress"), handoff("young", "failed", day=1)]
    await HandoffStorage(databases.processing).add(old)
    return databases


@pytest.fixture
def cleanup(filled: Databases, tmp_path: Path) -> Cleanup:
    return Cleanup(AgentRetention(filled.processing), filled.locks, tmp_path / "archive", page=40)


async def in_table(databases: Databases, table: str = "task_history") -> list[str]:
    pages = AgentRetention(databases.processing).pages(table, NOW + timedelta(days=99), 1000)
    return [row["id"] async for page in pages for row in page]


def rows_of(archive: Archive) -> list[Any]:
    with gzip.open(archive.path) as file:
        return [json.loads(line) for line in file]


def archived(folder: Path, table: str = "task_history") -> list[str]:
    """The ids in the archives of a table that are done."""
    done = [each for each in archives(folder) if each.table == table and each.state == "done"]
    return [row["id"] for each in done for row in rows_of(each)]


def killed(folder: Path, moment: str, env: dict[str, str]) -> None:
    """A cleanup that was killed at a moment."""
    with begin(env, folder, moment, script=cleanup_process.__file__, cwd=folder.parent, stdout=PIPE) as process:
        assert process.stdout.readline() == "there\n"
        process.kill()


async def test_old_rows_move_into_an_archive(filled: Databases, cleanup: Cleanup, tmp_path: Path) -> None:
    """By id, as they were; young rows and open handoffs stay; a second cleanup finds nothing to do."""
    report = await cleanup.run(NOW, DAYS)
    assert report.archived == {"handoff_history": 1, "task_history": OLD}
    held = archived(tmp_path / "archive")
    assert (len(held), held) == (OLD, sorted(held))
    assert len(await in_table(filled)) == YOUNG
    assert archived(tmp_path / "archive", "handoff_history") == ["done"]
    assert {each.id for each in (await HandoffStorage(filled.processing).latest(9))[0]} == {"open", "young"}
    again = await cleanup.run(NOW, DAYS)
    assert (again.archived, again.made) == ({"handoff_history": 0, "task_history": 0}, ())


async def test_archive_tells_what_it_holds(cleanup: Cleanup, tmp_path: Path) -> None:
    """Rows and digest are in its name, its lines are the rows in full, and only its owner may read it."""
    await cleanup.run(NOW, DAYS)
    (archive,) = [each for each in archives(tmp_path / "archive") if each.table == "task_history"]
    assert (archive.rows, contents(archive.path)) == (OLD, (OLD, archive.digest))
    assert archive.path.stat().st_mode & 0o077 == 0
    first = rows_of(archive)[0]
    assert (first["agent_name"], first["input_json"], first["created_at"]) == (
        "reviewer", {"text": "Текст 0"}, "2024-11-07T09:00:00Z",
    )  # fmt: skip


async def test_dry_run_only_counts(filled: Databases, cleanup: Cleanup, tmp_path: Path) -> None:
    """Nothing is written, nothing deleted."""
    assert (await cleanup.run(NOW, DAYS, dry_run=True)).archived == {"handoff_history": 1, "task_history": OLD}
    assert (len(await in_table(filled)), (tmp_path / "archive").exists()) == (OLD + YOUNG, False)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_killed_cleanup_loses_and_doubles_nothing(
    moment: str, filled: Databases, cleanup: Cleanup, process_env: dict[str, str], tmp_path: Path
) -> None:
    """Killed at each moment: at once every row is somewhere, after the next cleanup each is in exactly one place."""
    folder, before = tmp_path / "archive", await in_table(filled)
    killed(folder, moment, process_env)
    pending = [row["id"] for each in archives(folder) if each.table == "task_history" for row in rows_of(each)]
    assert set(before) <= {*await in_table(filled), *pending}
    assert len(archived(folder)) == 0
    (resumed,) = (await cleanup.run(NOW, DAYS)).resumed
    assert resumed.startswith("handoff_history" if moment == "while writing" else "task_history")
    assert Counter([*await in_table(filled), *archived(folder)]) == Counter(before)
    assert all(path.name.endswith(".ndjson.gz") for path in folder.iterdir())


async def test_damaged_pending_archive_deletes_nothing(
    filled: Databases, cleanup: Cleanup, process_env: dict[str, str], tmp_path: Path
) -> None:
    """What cannot be read back is no reason to delete: the error names the file, and the rows stay."""
    folder = tmp_path / "archive"
    killed(folder, "before deleting", process_env)
    damaged = next(path for path in folder.iterdir() if path.name.endswith(".pending"))
    damaged.write_bytes(damaged.read_bytes()[:-20])
    held = len(await in_table(filled)) + len(await in_table(filled, "handoff_history"))
    with pytest.raises(ArchiveError, match=damaged.name):
        await cleanup.run(NOW, DAYS)
    assert len(await in_table(filled)) + len(await in_table(filled, "handoff_history")) == held


async def test_one_cleanup_at_a_time(filled: Databases, cleanup: Cleanup) -> None:
    """A second process is told, and touches nothing."""
    async with filled.locks.exclusive("agents-cleanup"):
        with pytest.raises(BusyError):
            await cleanup.run(NOW, DAYS)


async def test_folder_that_cannot_be_written(filled: Databases, tmp_path: Path) -> None:
    """A file in the way of the folder is a clear error, and nothing is deleted."""
    (tmp_path / "taken").write_text("")
    cleanup = Cleanup(AgentRetention(filled.processing), filled.locks, tmp_path / "taken" / "archive")
    with pytest.raises(ArchiveError, match="cannot be written"):
        await cleanup.run(NOW, DAYS)
    assert len(await in_table(filled)) == OLD + YOUNG
