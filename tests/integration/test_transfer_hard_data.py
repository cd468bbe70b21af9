"""Years of real use: what no column should hold, in files nobody should have. Nothing is lost, all of it is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from legacy_files import CHANNEL, TIME, LegacyFiles, full_files
from migrations import Target, changes, reasons, tally

from tg_parser.domain.errors import SchemaMismatchError, StorageError

pytestmark = pytest.mark.postgres
SURROGATE = b"half \xed\xa0\xbd face"
NOT_UTF8 = b"caf\xe9"


@pytest.fixture
def target(migrated_postgres: dict[str, str]) -> Target:
    """A database with its schemas and nothing in them."""
    return Target(migrated_postgres)


@pytest.fixture
def empty_target(postgres_variables: dict[str, str]) -> Target:
    """A database without any table."""
    return Target(postgres_variables)


@pytest.fixture
def files(tmp_path: Path) -> LegacyFiles:
    return LegacyFiles(tmp_path / "files")


def set_text(files: Any, table: Any, column: Any, value: Any) -> None:
    """Put the bytes `value` into a column as text, as SQLite lets a program do."""
    files.run(table, f"UPDATE {table} SET {column} = CAST(? AS TEXT)", (value,))


async def test_nul_in_text_is_removed_and_the_row_says_so(target: Target, files: LegacyFiles, tmp_path: Path) -> None:
    """PostgreSQL takes no U+0000; the rest of the text stays, the original is listed, other control characters stay."""
    ref = files.message(1, "a\x00b\x01\x1f\tc\r\nd\\N")
    report = await target.migrate(files.folder, verify=True, report=tmp_path / "report.json")
    row = target.row("SELECT text, text_sanitized FROM raw_messages")
    assert (row["text"], row["text_sanitized"]) == ("ab\x01\x1f\tc\r\nd\\N", True)
    assert tally(report, "raw.raw_messages") == (1, 1, 1, 0)
    assert changes(report, "raw.raw_messages") == {"text: NUL removed": 1}
    (entry,) = json.loads((tmp_path / "report.json").read_text())["rows"]
    assert (entry["key"].split()[0], entry["column"], entry["change"]) == (ref, "text", "NUL removed")
    assert entry["original"] == "a\\x00b\x01\x1f\tc\r\nd\\N"


async def test_nul_inside_json_is_removed(target: Target, files: LegacyFiles) -> None:
    """\\u0000 in JSON, in values and in keys, goes; an escaped backslash before u0000 is no NUL and stays."""
    files.message(1, raw_payload_json='{"te\\u0000xt": ["a\\u0000b"]}')
    files.message(2, raw_payload_json='{"path": "C:\\\\u0000"}')
    report = await target.migrate(files.folder, verify=True)
    rows = target.rows("SELECT raw_payload_json AS payload, text_sanitized FROM raw_messages ORDER BY id")
    assert [row["payload"] for row in rows] == [{"text": ["ab"]}, {"path": "C:\\u0000"}]
    assert [row["text_sanitized"] for row in rows] == [True, False]
    assert changes(report, "raw.raw_messages") == {"raw_payload_json: NUL removed": 1}


@pytest.mark.parametrize(("stored", "read"), [(SURROGATE, "half \ufffd face"), (NOT_UTF8, "caf\ufffd")])
async def test_text_that_is_no_utf8_is_repaired_and_the_row_says_so(
    target: Target, files: LegacyFiles, stored: bytes, read: str
) -> None:
    """A lone surrogate, or a byte of another encoding, becomes U+FFFD; rows before and after it are unharmed."""
    for number in range(1, 4):
        files.message(number, f"text {number}")
    files.run("raw_messages", "UPDATE raw_messages SET text = CAST(? AS TEXT) WHERE id = '2'", (stored,))
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    rows = target.rows("SELECT text, text_sanitized FROM raw_messages ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("text 1", False), (read, True), ("text 3", False)]
    assert changes(report, "raw.raw_messages") == {"text: lone surrogate replaced": 1}


async def test_lone_surrogates_in_json_are_replaced_and_pairs_stay(target: Target, files: LegacyFiles) -> None:
    """Half a pair as an escape becomes U+FFFD, a whole pair is an emoji."""
    files.message(1, raw_payload_json='{"a": "\\ud83d", "b": "\\ud83d\\ude00"}')
    report = await target.migrate(files.folder, verify=True)
    assert target.value("SELECT raw_payload_json FROM raw_messages") == {"a": "\ufffd", "b": "😀"}
    assert changes(report, "raw.raw_messages") == {"raw_payload_json: lone surrogate replaced": 1}


async def test_broken_json_of_a_message_is_kept_as_text(target: Target, files: LegacyFiles) -> None:
    """A payload that is no JSON costs no message: it is kept as a text inside JSON."""
    files.message(1, raw_payload_json='{"cut": "in the mid')
    files.message(2, raw_payload_json='{"number": NaN}')
    files.message(3, raw_payload_json='{"line": "a\nb"}')
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    rows = target.rows("SELECT raw_payload_json AS payload FROM raw_messages ORDER BY id")
    assert [row["payload"] for row in rows] == [
        {"broken_json": '{"cut": "in the mid'},
        {"number": None},
        {"line": "a\nb"},
    ]
    assert changes(report, "raw.raw_messages") == {
        "raw_payload_json: broken JSON kept as text": 1,
        "raw_payload_json: JSON written anew": 2,
    }


async def test_a_document_with_broken_lists_is_quarantined(target: Target, files: LegacyFiles) -> None:
    """Topics that are no list would break whoever reads the document: it waits in the quarantine, byte for byte."""
    files.message(1)
    files.message(2)
    files.document(1, topics_json='["a"')
    files.document(2, entities_json='{"a": 1}')
    report = await target.migrate(files.folder)
    assert report.good
    assert tally(report, "processing.processed_documents") == (2, 0, 0, 2)
    assert reasons(report, "processing.processed_documents") == {
        "topics_json: broken JSON": 1,
        "entities_json: its JSON is not a list": 1,
    }
    kept = target.rows("SELECT convert_from(original, 'UTF8') AS original FROM migration_quarantine ORDER BY row_id")
    assert json.loads(kept[0]["original"])["topics_json"] == '["a"'


async def test_times_that_no_calendar_knows(target: Target, files: LegacyFiles) -> None:
    """A message without a possible date is quarantined; a time that may be missing is left out and listed."""
    for number, date in enumerate(("2024-02-30T00:00:00Z", "yesterday", "", "99999-01-01T00:00:00Z", None), 1):
        files.message(number, date=date)
    files.source(history_from="0000-00-00T00:00:00Z", rate_limit_until="soon")
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    assert tally(report, "raw.raw_messages") == (5, 0, 0, 5)
    assert reasons(report, "raw.raw_messages") == {
        "date: an impossible time": 4,
        "date is missing": 1,
    }
    source = target.row("SELECT history_from, rate_limit_until FROM ingestion_state")
    assert set(source.values()) == {None}
    listed = target.rows("SELECT column_name, original FROM migration_changes ORDER BY column_name")
    assert [tuple(row.values()) for row in listed] == [
        ("history_from", "0000-00-00T00:00:00Z"),
        ("rate_limit_until", "soon"),
    ]


async def test_times_in_other_forms_are_normalised(target: Target, files: LegacyFiles) -> None:
    """A zone other than UTC, none at all, a space, seconds since 1970: all are the same moment afterwards."""
    forms = ("2024-11-27T12:00:00+03:00", "2024-11-27 09:00:00", "2024-11-27T09:00:00", 1732698000, TIME)
    for number, date in enumerate(forms, 1):
        files.message(number, date=date)
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    moments = target.rows("SELECT date FROM raw_messages")
    assert {row["date"] for row in moments} == {datetime(2024, 11, 27, 9, tzinfo=UTC)}
    assert len(moments) == 5


async def test_ids_that_are_no_numbers(target: Target, files: LegacyFiles) -> None:
    """A message's id is a text and stays one; a cursor that is no number is forgotten, and that is listed."""
    files.message("abc")
    files.message("99999999999999999999")
    files.source(last_post_id="abc")
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    rows = target.rows("SELECT id, id_number FROM raw_messages ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("99999999999999999999", None), ("abc", None)]
    assert target.value("SELECT last_post_id FROM ingestion_state") is None
    assert changes(report, "ingestion.sources") == {"last_post_id: left out, not a number": 1}


async def test_refs_that_are_none(target: Target, files: LegacyFiles) -> None:
    """A source_ref of another form, or one that contradicts its row, is quarantined with the reason."""
    files.message(1, source_ref="nonsense")
    files.message(2, source_ref=f"tg:{CHANNEL}:post:3")
    files.message(4, channel_id="-1009")
    report = await target.migrate(files.folder)
    assert tally(report, "raw.raw_messages") == (3, 0, 0, 3)
    assert reasons(report, "raw.raw_messages") == {
        "source_ref is not tg:<channel>:<post|comment>:<message id>": 1,
        "source_ref names another message than the other columns": 1,
        "source_ref names another channel than channel_id": 1,
    }


async def test_rows_that_point_at_nothing(target: Target, files: LegacyFiles) -> None:
    """Orphans go into the quarantine, and so do the children of a row that could not be taken itself."""
    files.document(1)
    files.conflict(f"tg:{CHANNEL}:post:1", "edited")
    files.add("comment_cursors", {"source_id": "gone", "thread_id": "1", "updated_at": TIME})
    files.add("source_attempts", {"source_id": "gone", "attempt_at": TIME, "success": 1})
    files.bundle(f"topic:tg:{CHANNEL}:post:1", 1)
    files.bundle(files.topic(2, anchors_json="[]"), 2)
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    found = target.rows("SELECT table_name, reason FROM migration_quarantine ORDER BY table_name, row_id")
    assert [tuple(row.values()) for row in found] == [
        ("ingestion.comment_cursors", "its source_id refers to a missing row"),
        ("ingestion.source_attempts", "its source_id refers to a missing row"),
        ("processing.processed_documents", "its message does not exist"),
        ("processing.topic_bundles", "its topic_id refers to a missing row"),
        ("processing.topic_bundles", "its topic_id refers to a row that was not migrated"),
        ("processing.topic_cards", "anchors_json: no anchors"),
        ("raw.raw_conflicts", "its message does not exist"),
    ]


async def test_values_of_another_type_than_the_column(target: Target, files: LegacyFiles) -> None:
    """Numbers in text, text in numbers, bytes in text: read where that is safe, else left out or quarantined."""
    files.run("raw_messages", "ALTER TABLE raw_messages RENAME COLUMN raw_payload_original_size_bytes TO old")
    files.run("raw_messages", "ALTER TABLE raw_messages ADD COLUMN raw_payload_original_size_bytes BLOB")
    files.run("raw_messages", "ALTER TABLE raw_messages DROP COLUMN old")
    files.message(1, b"text", raw_payload_original_size_bytes="12")
    files.message(2, b"\xff\xfe", raw_payload_original_size_bytes=1.5)
    files.message(3, "good", raw_payload_original_size_bytes="many")
    files.source(fail_count="often")
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    rows = target.rows("SELECT id, text, raw_payload_original_size_bytes AS size FROM raw_messages ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("1", "text", 12), ("3", "good", None)]
    assert reasons(report, "raw.raw_messages") == {"text: bytes that are not text": 1}
    assert json.loads(target.value("SELECT convert_from(original, 'UTF8') FROM migration_quarantine"))["text"] == {
        "hex": "fffe"
    }
    assert target.value("SELECT fail_count FROM ingestion_state") == 0


async def test_what_only_the_server_refuses_is_found_and_quarantined(target: Target, files: LegacyFiles) -> None:
    """A value that passes every check and that PostgreSQL still refuses costs one row, not the batch."""
    for number in range(1, 30):
        files.message(number)
    # A key of an index may have some 2,700 bytes, and only the server knows that; random letters do not shrink.
    letters = "".join(chr(0x4E00 + (number * 7919) % 20000) for number in range(3000))
    files.message(letters)
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    assert tally(report, "raw.raw_messages") == (30, 29, 0, 1)
    assert reasons(report, "raw.raw_messages") == {"PostgreSQL refuses it": 1}


async def test_a_file_that_another_process_writes_to(target: Target, files: LegacyFiles) -> None:
    """The migration sees one moment of files in either journal mode, and the writer is never kept out."""
    full_files(files.folder / "rollback_journal", messages=50)
    full_files(files.folder / "wal", messages=50)
    for mode, folder in (("delete", "rollback_journal"), ("wal", "wal")):
        path = files.folder / folder / "raw_storage.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA journal_mode = {mode}")
        writer = start_writer(path)
        report = await target.migrate(files.folder / folder, verify=True, on_conflict="replace", batch_size=10)
        output, _ = await asyncio.to_thread(writer.communicate, "stop")
        assert report.good
        assert writer.returncode == 0, output
        assert int(output) > 0
        taken, *_ = tally(report, "raw.raw_messages")
        # The writer adds ten messages at a time, so a state between two commits shows as another remainder.
        assert taken % 10 == 0
        assert taken >= 50


def start_writer(path: Path) -> subprocess.Popen[str]:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "writing\n"
    return writer


WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=5)
print("writing", flush=True)
end, number = time.monotonic() + 4, 1000
while time.monotonic() < end:
    for _ in range(10):
        number += 1
        connection.execute(
            "INSERT INTO raw_messages (source_ref, id, message_type, channel_id, date, text, inserted_at,"
            " raw_payload_truncated) SELECT 'tg:' || channel_id || ':post:' || ?1, ?1, 'post', channel_id, date, 'new',"
            " date, 0 FROM raw_messages LIMIT 1", (str(number),))
        time.sleep(0.001)
    connection.commit()
print(number - 1000)
"""


async def test_a_transaction_that_a_power_cut_left_open_is_not_taken(target: Target, files: LegacyFiles) -> None:
    """A file with a hot rollback journal is read as it was before that transaction, and is not changed by that."""
    for number in range(50):
        files.message(number, "settled")
    path = files.path("raw_storage")
    crashed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", CRASHING, str(path)], check=False)
    assert crashed.returncode == -signal.SIGKILL
    journal = path.with_name(f"{path.name}-journal")
    before = (path.read_bytes(), journal.read_bytes())
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    assert tally(report, "raw.raw_messages") == (50, 50, 0, 0)
    assert target.rows("SELECT DISTINCT text FROM raw_messages") == [{"text": "settled"}]
    assert (path.read_bytes(), journal.read_bytes()) == before


CRASHING = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA journal_mode = delete")
connection.execute("PRAGMA cache_spill = 1")
connection.execute("PRAGMA cache_size = 1")
connection.execute("UPDATE raw_messages SET text = 'half' || hex(randomblob(2000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_copies_of_files_do_not_pile_up(
    target: Target, files: LegacyFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed process left of a copy is removed by the next one, and a finished one leaves none itself."""
    place = tmp_path / "temporary"
    abandoned = place / "tg-parser-snapshot-abandoned"
    abandoned.mkdir(parents=True)
    (abandoned / "raw_storage.sqlite").write_bytes(b"half")
    os.utime(abandoned, (0, 0))
    monkeypatch.setattr("tempfile.tempdir", str(place))
    files.message(1)
    assert (await target.migrate(files.folder)).good
    assert list(place.iterdir()) == []


async def test_a_file_that_is_not_sqlite(empty_target: Target, files: LegacyFiles) -> None:
    """Such a file is named, and nothing is written."""
    files.path("raw_storage").write_bytes(b"These are my notes, and they are longer than a header. " * 50)
    with pytest.raises(StorageError, match=r"raw_storage.sqlite is not a SQLite database"):
        await empty_target.migrate(files.folder)
    assert empty_target.tables() == set()


async def test_a_sqlite_file_of_another_program(target: Target, files: LegacyFiles) -> None:
    """A SQLite file without our tables is refused, not taken for an empty one."""
    path = files.path("raw_storage")
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StorageError, match=r"raw_storage.sqlite is a SQLite file, but not one of TG_parser"):
        await target.migrate(files.folder)


async def test_a_damaged_file(empty_target: Target, files: LegacyFiles) -> None:
    """A file cut in the middle is an error that names it; the target holds nothing of it."""
    for number in range(300):
        files.message(number, "long text " * 50)
    path = files.path("raw_storage")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StorageError, match=r"raw_storage.sqlite"):
        await empty_target.migrate(files.folder)
    assert empty_target.tables() == set()


async def test_missing_files_are_said_and_are_no_error(target: Target, files: LegacyFiles) -> None:
    """Any of the three may be missing; documents without the messages they need wait in the quarantine."""
    files.document(1)
    files.failure(f"tg:{CHANNEL}:post:1")
    files.path("raw_storage").unlink()
    files.path("ingestion_state").unlink()
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    assert report.files == {
        "ingestion_state.sqlite": "missing",
        "raw_storage.sqlite": "missing",
        "processing_storage.sqlite": "legacy A",
    }
    assert reasons(report, "processing.processed_documents") == {"its message does not exist": 1}
    assert target.value("SELECT count(*) FROM processing_failures") == 1


async def test_empty_file_and_empty_folder(target: Target, files: LegacyFiles, tmp_path: Path) -> None:
    """A file of no bytes is an empty database; a folder without any file is an error."""
    files.source()
    files.path("raw_storage").write_bytes(b"")
    report = await target.migrate(files.folder)
    assert report.files["raw_storage.sqlite"] == "empty"
    assert target.value("SELECT count(*) FROM ingestion_state") == 1
    (tmp_path / "nothing").mkdir()
    with pytest.raises(StorageError, match="contains none of"):
        await target.migrate(tmp_path / "nothing")
    with pytest.raises(StorageError, match="is not a folder"):
        await target.migrate(tmp_path / "nowhere")


async def test_a_file_of_a_newer_version(target: Target, sqlite_variables: dict[str, str], tmp_path: Path) -> None:
    """A file that a later version wrote is refused: its columns may mean what this version does not know."""
    from fresh_databases import settings_of

    from tg_parser.storage.engine.databases import open_databases

    async with open_databases(settings_of(sqlite_variables)):
        pass
    folder = tmp_path / "databases"
    with closing(sqlite3.connect(folder / "raw_storage.sqlite")) as connection:
        connection.execute("UPDATE alembic_version_raw SET version_num = 'raw_9999'")
        connection.commit()
    with pytest.raises(SchemaMismatchError, match="raw_9999"):
        await target.migrate(folder)
