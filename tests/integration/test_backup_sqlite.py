"""What only files can suffer."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from backup_samples import count, fill, service, with_backups

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import BackupError, StorageError
from tg_parser.domain.progress import Progress


@pytest.fixture
def filled(migrated_sqlite: dict[str, str], tmp_path: Path) -> Settings:
    settings = with_backups(migrated_sqlite, tmp_path / "backups")
    fill(settings)
    return settings


def raw_file(settings: Settings) -> Path:
    return settings.database.raw_storage_path


def test_files_of_a_backup_are_databases(filled: Settings) -> None:
    """Each can be opened as it is, is whole without a log beside it, and is for its owner's eyes alone."""
    made = service(filled).create()
    path = made.path / "raw_storage.sqlite"
    assert {each.name for each in made.path.iterdir()} == {
        "manifest.json",
        "ingestion_state.sqlite",
        "raw_storage.sqlite",
        "processing_storage.sqlite",
    }
    assert path.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    assert connection.execute("SELECT count(*) FROM raw_messages").fetchone() == (20,)
    connection.close()


def test_nothing_is_left_beside_the_files(filled: Settings) -> None:
    """Neither by a backup nor by a restore."""
    backups = service(filled)
    backups.restore(backups.create(), replace=True)
    assert {each.name for each in raw_file(filled).parent.iterdir() if each.is_file()} == {
        "ingestion_state.sqlite",
        "raw_storage.sqlite",
        "processing_storage.sqlite",
    }


def test_what_only_the_log_holds_is_in_the_backup(filled: Settings) -> None:
    """A process that was killed left its last writes in the write-ahead log."""
    connection = sqlite3.connect(raw_file(filled), isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("DELETE FROM raw_messages WHERE id = '1'")
    left = {suffix: Path(f"{raw_file(filled)}{suffix}").read_bytes() for suffix in ("", "-wal")}
    connection.close()
    for suffix, data in left.items():
        Path(f"{raw_file(filled)}{suffix}").write_bytes(data)
    made = service(filled).create()
    assert made.manifest.contents.tables["raw.raw_messages"].rows == 19


def test_copies_are_of_the_moment_of_the_first(filled: Settings) -> None:
    """What is written while the first file is being copied is in none of them."""
    backups = service(filled)
    written: list[Any] = []

    def write(_progress: Progress) -> None:
        if not written:
            writer = threading.Thread(target=fill, args=(filled, range(100, 110)))
            writer.start()
            writer.join()
            written.append(writer)

    tables = backups.create(write).manifest.contents.tables
    assert count(filled, "raw_messages") == 30
    assert tables["raw.raw_messages"].rows == tables["processing.processed_documents"].rows == 20


def test_restore_cut_short_leaves_no_document_without_its_message(filled: Settings) -> None:
    """Documents go back first: messages without a document are processed again, the other way round nothing helps."""
    backups = service(filled)
    made = backups.create()
    fill(filled, range(100, 110))

    def cut(progress: Progress) -> None:
        if "copied" in progress.step:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        backups.restore(made, replace=True, report=cut)
    assert (count(filled, "processed_documents"), count(filled, "raw_messages")) == (20, 30)


def test_nobody_gets_at_a_file_while_others_are_restored(filled: Settings) -> None:
    """All three are held from the first to the last."""
    backups, refusals = service(filled), []

    def intrude(progress: Progress) -> None:
        if "copied" not in progress.step:
            return
        connection = sqlite3.connect(raw_file(filled), timeout=0)
        with contextlib.closing(connection), pytest.raises(sqlite3.OperationalError, match="locked") as refused:
            connection.execute("SELECT count(*) FROM raw_messages")
        refusals.append(refused)

    made = backups.create()
    backups.restore(made, replace=True, report=intrude)
    assert refusals


def spoil(path: Path, start: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[start : start + 4000] = b"?" * 4000
    path.write_bytes(data)


def test_damaged_files_are_replaced(filled: Settings) -> None:
    """A file that is no database any more is told of, and a restore puts a whole one in its place."""
    backups = service(filled)
    made = backups.create()
    spoil(raw_file(filled))
    assert any("raw_storage.sqlite (damaged, " in line for line in backups.in_the_way())
    backups.restore(made, replace=True)
    assert count(filled, "raw_messages") == 20


def test_lost_files_come_back(filled: Settings) -> None:
    """One that was deleted, with its folder's other files in place."""
    backups = service(filled)
    made = backups.create()
    raw_file(filled).unlink()
    backups.restore(made, replace=True)
    assert count(filled, "raw_messages") == 20


def test_damaged_file_makes_no_good_backup(filled: Settings) -> None:
    """Pages that are broken inside would be copied like others; they are found, and nothing is kept."""
    spoil(raw_file(filled), start=3 * 4096)
    with pytest.raises((BackupError, StorageError), match="is damaged"):
        service(filled).create()
    assert service(filled).all() == []


def test_paths_with_odd_characters_work(filled: Settings, tmp_path: Path) -> None:
    """Spaces, question marks, percent and hash signs and other alphabets are parts of a path like others."""
    settings = filled.model_copy(
        update={"backup": filled.backup.model_copy(update={"dir": tmp_path / "мои копии 100% #1?x=y"})}
    )
    backups = service(settings)
    assert backups.verify(backups.create()).problems == []


def test_a_table_with_any_name_is_backed_up(filled: Settings) -> None:
    """Names from a file are names in every statement: the table is copied, counted and compared, and nothing runs."""
    with contextlib.closing(sqlite3.connect(raw_file(filled))) as connection:
        connection.execute('CREATE TABLE "a""b; drop" ("c""d; drop" TEXT)')
        connection.execute('INSERT INTO "a""b; drop" VALUES (?)', ("x",))
        connection.commit()
    backups = service(filled)
    made = backups.create()
    assert made.manifest.contents.tables['raw.a"b; drop'].rows == 1
    assert 'raw.a"b; drop: 1 rows' in backups.in_the_way()
    assert backups.verify(made).problems == []
    backups.restore(made, replace=True)
    assert count(filled, "raw_messages") == 20
