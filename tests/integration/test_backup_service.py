"""Backups on both backends: there and back, refusals, older and newer schemas, damage."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backup_samples import count, fill, service, store, with_backups
from fresh_databases import fresh_postgres_database, sqlite_files

from tg_parser.backup.directory import Backup
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import BackupError, BusyError, StorageError
from tg_parser.storage.engine import migrator
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.raw import RawStorage

STORED = {"ingestion_state": 1, "raw_messages": 20, "processed_documents": 20, "document_changes": 1}


@pytest.fixture
def settings(database_environment: dict[str, str], tmp_path: Path) -> Settings:
    """Settings of empty databases, with their backups beside."""
    return with_backups(database_environment, tmp_path / "backups")


@pytest.fixture
def filled(settings: Settings) -> Settings:
    fill(settings)
    return settings


def rows(backup: Backup) -> dict[str, int]:
    names = {name.partition(".")[2]: facts.rows for name, facts in backup.manifest.contents.tables.items()}
    return {name: rows for name, rows in names.items() if rows and not name.startswith("alembic")}


def run(work: Callable[..., Any], settings: Settings) -> Any:
    """`work` on the opened databases."""

    async def opened() -> Any:
        async with open_databases(settings, prepare=False) as databases:
            return await work(databases)

    return asyncio.run(opened())


def test_backup_says_what_is_in_it(filled: Settings) -> None:
    """Rows of every table, the schemas, and files with their digests."""
    made = service(filled).create()
    assert made.state == "good"
    assert rows(made) == STORED
    assert made.manifest.contents.schemas["raw"] == "raw_0004"
    assert all(facts.size and len(facts.sha256) == 64 for facts in made.manifest.files.values())


def test_good_backup_verifies(filled: Settings) -> None:
    """Brought back in a scratch place, every table has the rows and the digest of the manifest."""
    backups = service(filled)
    assert backups.verify(backups.create()).problems == []


def test_same_data_have_the_same_digests(filled: Settings) -> None:
    """Two backups of what has not changed tell the same of every table."""
    backups = service(filled)
    assert backups.create().manifest.contents == backups.create().manifest.contents


def test_one_changed_letter_changes_one_digest(filled: Settings) -> None:
    """The digests are of contents: a message with another text is seen, and nothing else is."""
    backups = service(filled)
    before = backups.create().manifest.contents.tables
    run(
        lambda databases: databases.raw.write(
            lambda conn: conn.exec_driver_sql("UPDATE raw_messages SET text = 'x' WHERE id = '7'")
        ),
        filled,
    )
    after = backups.create().manifest.contents.tables
    changed = [name for name in before if before[name] != after[name]]
    assert [name.partition(".")[2] for name in changed] == ["raw_messages"]


def test_restore_puts_the_backup_in_the_place_of_what_is_there(filled: Settings) -> None:
    """What came later is gone, what was deleted is back, and a backup of it tells the same."""
    backups = service(filled)
    made = backups.create()
    fill(filled, range(100, 150))
    assert count(filled, "raw_messages") == 70
    backups.restore(made, replace=True)
    assert (count(filled, "raw_messages"), count(filled, "processed_documents")) == (20, 20)
    assert backups.create().manifest.contents == made.manifest.contents


def test_restored_databases_work_on(filled: Settings) -> None:
    """Numbers of rows go on where they stopped, and the schema is what the program expects."""
    backups = service(filled)
    backups.restore(backups.create(), replace=True)
    fill(filled, range(10, 30))
    assert count(filled, "raw_messages") == 29


def test_what_is_there_is_not_replaced_unasked(filled: Settings) -> None:
    """And the one who asks is told what would go."""
    backups = service(filled)
    made = backups.create()
    held = [line.partition(".")[2] for line in backups.in_the_way()]
    assert set(held) == {f"{table}: {number} rows" for table, number in STORED.items()}
    with pytest.raises(BackupError, match="is not empty") as refused:
        backups.restore(made, replace=False)
    assert "--yes" in refused.value.hint


def test_empty_databases_need_no_question(filled: Settings, backend: str, tmp_path: Path) -> None:
    """A restore into a new place: files that do not exist, a database without a table."""
    made = service(filled).create()
    if backend == "sqlite":
        new = with_backups(sqlite_files(tmp_path / "new"), tmp_path / "backups")
        service(new).restore(made, replace=False)
        assert count(new, "raw_messages") == 20
        return
    with fresh_postgres_database() as url:
        new = with_backups({"DB_TYPE": "postgresql", "DB_URL": url}, tmp_path / "backups")
        service(new).restore(made, replace=False)
        assert count(new, "raw_messages") == 20


def test_databases_in_use_are_not_replaced(filled: Settings) -> None:
    """While another process has them open, a restore would pull them away from under it."""
    backups = service(filled)
    made = backups.create()

    async def in_use() -> None:
        async with open_databases(filled) as databases:
            await store(databases, range(50, 60))
            with pytest.raises(BusyError, match="in use"):
                await asyncio.to_thread(backups.restore, made, replace=True)
            assert (await RawStorage(databases.raw).summary("-100123")).total == 30

    asyncio.run(in_use())


def test_backup_is_of_one_moment_while_others_write(filled: Settings) -> None:
    """Every document has its message in each backup, from the first to one that holds what the writer added."""
    backups, stop = service(filled), threading.Event()
    writer = threading.Thread(target=lambda: asyncio.run(write_until(filled, stop)))
    writer.start()
    try:
        made = [backups.create()]
        while len(made) < 4 or rows(made[-1])["raw_messages"] <= 20:
            made.append(backups.create())
    finally:
        stop.set()
        writer.join()
    for each in made:
        assert rows(each)["processed_documents"] <= rows(each)["raw_messages"]
        assert backups.verify(each).problems == []


async def write_until(settings: Settings, stop: threading.Event) -> None:
    async with open_databases(settings) as databases:
        for start in range(1000, 1_000_000, 50):
            if stop.is_set():
                return
            await store(databases, range(start, start + 50))


def test_older_schema_comes_forward(settings: Settings) -> None:
    """A backup from before an upgrade is brought back and upgraded."""
    fill(settings)
    run(lambda databases: migrator.downgrade(databases.ingestion, "ingestion_0001"), settings)
    backups = service(settings)
    made = backups.create()
    assert made.manifest.contents.schemas["ingestion"] == "ingestion_0001"
    run(lambda databases: migrator.upgrade(databases.ingestion), settings)
    backups.restore(made, replace=True)
    assert run(lambda databases: migrator.current(databases.ingestion), settings) == "ingestion_0007"
    assert count(settings, "raw_messages") == 20


def rewritten(backup: Backup, **changed: Any) -> None:
    path = backup.path / "manifest.json"
    told = json.loads(path.read_text())
    for key, value in changed.items():
        told["contents"][key] = told["contents"][key] | value
    path.write_text(json.dumps(told))


def test_newer_schema_is_refused(filled: Settings) -> None:
    """This version could not work with it; nothing is touched."""
    backups = service(filled)
    rewritten(backups.create(), schemas={"raw": "raw_0999"})
    fill(filled, range(100, 110))
    with pytest.raises(BackupError, match="newer raw schema"):
        backups.restore(backups.find(None), replace=True)
    assert count(filled, "raw_messages") == 30


def test_backup_that_is_not_what_it_tells_does_not_verify(filled: Settings) -> None:
    """A manifest that promises other rows is found out, and so is one that leaves a table out."""
    backups = service(filled)
    made = backups.create()
    name = next(name for name in made.manifest.contents.tables if name.endswith("raw_messages"))
    rewritten(made, tables={name: {"rows": 21, "digest": "x"}})
    assert backups.verify(backups.find(None)).problems == [f"{name}: 20 rows instead of 21"]


def test_changed_file_neither_verifies_nor_comes_back(filled: Settings) -> None:
    """One byte in the middle of a file: the same size, another digest."""
    backups = service(filled)
    made = backups.create()
    file = max((path for path in made.path.iterdir() if path.suffix != ".json"), key=lambda path: path.stat().st_size)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    (problem,) = backups.verify(made).problems
    assert problem == f"{file.name} is damaged: its digest is another one"
    with pytest.raises(BackupError, match="is damaged"):
        backups.restore(made, replace=True)
    assert count(filled, "raw_messages") == 20


def test_backup_of_the_other_backend_is_refused(filled: Settings, backend: str, tmp_path: Path) -> None:
    """With the setting to change."""
    backups = service(filled)
    made = backups.create()
    other = {"DB_TYPE": "postgresql"} if backend == "sqlite" else sqlite_files(tmp_path / "files")
    theirs = service(with_backups(other, tmp_path / "backups"))
    for work in (lambda: theirs.verify(made), lambda: theirs.restore(made, replace=True)):
        with pytest.raises(BackupError, match=f"was made with {backend}") as refused:
            work()
        assert f"DB_TYPE={backend}" in refused.value.hint


def test_nothing_to_back_up_is_an_error(empty_environment: dict[str, str], tmp_path: Path) -> None:
    """Databases that were never made leave no empty backup behind."""
    settings = with_backups(empty_environment, tmp_path / "backups")
    with pytest.raises((BackupError, StorageError), match=r"does not exist|has no ingestion schema"):
        service(settings).create()
    assert service(settings).all() == []


def test_retention_applies(filled: Settings) -> None:
    """Of two backups of one day the newer one stays."""
    backups = service(filled)
    first, second = backups.create(), backups.create()
    assert [each.name for each in backups.prune(dry_run=True)] == [first.name]
    assert [each.name for each in backups.prune()] == [first.name]
    assert [each.name for each in backups.all()] == [second.name]
