"""SQLite files in every condition a user can bring them into."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fresh_databases import settings_of, sqlite_files
from samples import CHANNEL, NOW, message
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tg_parser.domain.errors import StorageError, StorageUnavailableError
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.engine.sessions import prepare_sqlite
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.raw import RawStorage, StoreCounts

NOBODY = 65534


@pytest.fixture
def files(sqlite_variables: dict[str, str]) -> dict[str, str]:
    return sqlite_variables


def mode_of(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def write_notes(path: Path) -> str:
    path.parent.mkdir()
    path.write_text("These are my notes, and they are longer than a header. " * 50, "utf-8")
    return path.read_text("utf-8")


def read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


async def opened(variables: dict[str, str], number: int = 1) -> StoreCounts:
    async with open_databases(settings_of(variables)) as databases:
        return await RawStorage(databases.raw).store([message(number)], NOW)


async def test_files_are_made_for_their_owner_alone(files: dict[str, str]) -> None:
    """Folders are made as needed; what is in the files is nobody else's business."""
    await opened(files)
    for name in ("INGESTION_STATE_DB_PATH", "RAW_STORAGE_DB_PATH", "PROCESSING_STORAGE_DB_PATH"):
        assert mode_of(files[name]) == 0o600


async def test_closed_databases_are_whole_in_their_files(files: dict[str, str]) -> None:
    """After closing no log is left beside a file, so that the file alone can be copied."""
    await opened(files)
    assert {path.suffix for path in files_beside(files)} == {".sqlite"}


def files_beside(files: dict[str, str]) -> list[Path]:
    return [path for path in Path(files["RAW_STORAGE_DB_PATH"]).parent.iterdir() if path.is_file()]


async def test_connections_are_set_up_for_many_processes(files: dict[str, str]) -> None:
    """WAL, NORMAL, a patient busy timeout, foreign keys on."""
    async with open_databases(settings_of(files)) as databases:
        for database in databases.all:
            asked = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
            found = [(await database.rows(text(f"PRAGMA {name}")))[0] for name in asked]
            assert [value for row in found for value in row.values()] == ["wal", 1, 30_000, 1]


async def test_paths_with_odd_characters_work(tmp_path: Path) -> None:
    """Spaces, question marks, percent and hash signs and other alphabets are parts of a path like others."""
    folder = tmp_path / "мои данные 100% #1?x=y"
    await opened(sqlite_files(folder))
    assert {path.suffix for path in folder.iterdir()} >= {".sqlite"}
    async with open_databases(settings_of(sqlite_files(folder))) as databases:
        assert (await RawStorage(databases.raw).summary(CHANNEL)).total == 1


async def test_file_that_is_no_database(files: dict[str, str]) -> None:
    """Another file under the path is not touched, and the error names it."""
    notes = write_notes(Path(files["RAW_STORAGE_DB_PATH"]))
    with pytest.raises(StorageError, match=r"raw_storage\.sqlite is not a SQLite database") as refused:
        await opened(files)
    assert "another path" in refused.value.hint
    assert read(files["RAW_STORAGE_DB_PATH"]) == notes


async def test_folder_that_cannot_be_made(files: dict[str, str], tmp_path: Path) -> None:
    """A file stands where a folder is needed."""
    (tmp_path / "blocked").write_text("")
    with pytest.raises(StorageError, match="cannot be created") as refused:
        await opened({**files, "RAW_STORAGE_DB_PATH": str(tmp_path / "blocked" / "raw.sqlite")})
    assert refused.value.hint


async def test_path_that_is_a_folder(files: dict[str, str], tmp_path: Path) -> None:
    """A folder is no database file."""
    with pytest.raises(StorageError, match="cannot be opened"):
        await opened({**files, "INGESTION_STATE_DB_PATH": str(tmp_path)})


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write everything, so as root the block runs as somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="tg-parser-files-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def change_modes(folder: Path, mode: int) -> None:
    for path in folder.iterdir():
        path.chmod(mode)


async def test_read_only_file(open_folder: Path) -> None:
    """A file that may only be read gives one sentence and a hint, and nothing in it changes."""
    variables = sqlite_files(open_folder)
    await opened(variables)
    change_modes(open_folder, 0o666)
    (open_folder / "raw_storage.sqlite").chmod(0o444)
    with without_privileges(), pytest.raises(StorageError, match="cannot be written") as refused:
        await opened(variables, 2)
    assert "write access" in refused.value.hint


async def test_read_only_folder(open_folder: Path) -> None:
    """A folder that may not be written is no place for a database, even when it holds one."""
    variables = sqlite_files(open_folder)
    await opened(variables)
    change_modes(open_folder, 0o444)
    await asyncio.to_thread(open_folder.chmod, 0o555)
    with without_privileges(), pytest.raises(StorageError, match=r"sqlite cannot be (opened|written)"):
        await opened(variables, 2)


async def test_locked_file(files: dict[str, str]) -> None:
    """Another writer is named as the reason once patience ends; reading goes on, and so does writing afterwards."""
    await opened(files)
    impatient = create_async_engine(
        URL.create("sqlite+aiosqlite", database=files["RAW_STORAGE_DB_PATH"]), connect_args={"isolation_level": None}
    )
    prepare_sqlite(impatient.sync_engine, 0.05, None)
    database = Database("raw", impatient)
    holder = sqlite3.connect(files["RAW_STORAGE_DB_PATH"], isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailableError, match="is locked by another process") as locked:
        await RawStorage(database).store([message(2)], NOW)
    assert "Wait" in locked.value.hint
    assert (await RawStorage(database).summary(CHANNEL)).total == 1
    holder.execute("ROLLBACK")
    holder.close()
    assert (await RawStorage(database).store([message(2)], NOW)).inserted == 1
    await database.close()


async def test_disk_without_room(files: dict[str, str]) -> None:
    """A full disk fails the batch as a whole; what was there stays, and with room it goes on."""
    async with open_databases(settings_of(files)) as databases:
        raw = RawStorage(databases.raw)
        await raw.store([message(1)], NOW)

        async def no_more_pages(conn: AsyncConnection) -> None:
            pages = (await conn.execute(text("PRAGMA page_count"))).scalar_one()
            await conn.execute(text(f"PRAGMA max_page_count = {pages}"))
            await conn.execute(text("CREATE TABLE ballast AS SELECT zeroblob(1000000)"))

        with pytest.raises(StorageError, match="the disk is full") as full:
            await databases.raw.write(no_more_pages)
        assert "space" in full.value.hint
        assert (await raw.summary(CHANNEL)).total == 1
        assert (await raw.store([message(2)], NOW)).inserted == 1


async def test_damaged_file(files: dict[str, str]) -> None:
    """Pages overwritten in the middle are told as damage."""
    await opened(files)
    overwrite_all_pages_but_the_first(Path(files["RAW_STORAGE_DB_PATH"]))
    with pytest.raises(StorageError, match="is damaged") as damaged:
        await opened(files)
    assert "backup" in damaged.value.hint


async def test_read_then_write_loses_no_step(files: dict[str, str]) -> None:
    """Five hundred concurrent increments that read first end at five hundred: writers begin with BEGIN IMMEDIATE."""
    async with open_databases(settings_of(files)) as databases:
        await databases.raw.write(lambda conn: conn.execute(text("CREATE TABLE counter (n INTEGER)")))
        await databases.raw.write(lambda conn: conn.execute(text("INSERT INTO counter VALUES (0)")))

        async def increment(conn: AsyncConnection) -> None:
            n = (await conn.execute(text("SELECT n FROM counter"))).scalar_one()
            await conn.execute(text(f"UPDATE counter SET n = {n + 1}"))

        await asyncio.gather(*(databases.raw.write(increment) for _ in range(500)))
        assert (await databases.raw.rows(text("SELECT n FROM counter")))[0]["n"] == 500


async def test_writing_documents_leaves_the_raw_file_free(files: dict[str, str]) -> None:
    """The processing connection only reads the raw file: while it writes, raw messages can be stored."""
    async with open_databases(settings_of(files)) as databases:

        async def store_meanwhile(conn: AsyncConnection) -> StoreCounts:
            await conn.execute(text("SELECT count(*) FROM raw_messages"))
            return await RawStorage(databases.raw).store([message(1)], NOW)

        assert (await databases.processing.write(store_meanwhile)).inserted == 1
        with pytest.raises(StorageError, match="cannot be written"):
            await databases.processing.write(lambda conn: conn.execute(text("DELETE FROM raw_messages")))


def overwrite_all_pages_but_the_first(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
