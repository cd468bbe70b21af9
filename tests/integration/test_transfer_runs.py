"""A run from the first look to the way back: dry run, refusals, resuming, conflicts, verification, rollback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from fresh_databases import settings_of
from legacy_files import CHANNEL, LegacyFiles, full_files
from migrations import Target, reasons, tally
from samples import NOW, document, message, topic
from sqlalchemy import make_url

from tg_parser.cli.hints import hint_of
from tg_parser.domain.errors import BusyError, NotFoundError, SchemaMismatchError, StorageError, UsageError
from tg_parser.domain.sources import Attempt, SourceChange
from tg_parser.domain.spending import Account, PaidAnswer, Spending
from tg_parser.storage.engine import migrator
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.transfer.migration import rollback

pytestmark = pytest.mark.postgres
FIVE_DOLLARS = 5_000_000_000


@pytest.fixture
def target(migrated_postgres: dict[str, str]) -> Target:
    """A database with its schemas and nothing in them."""
    return Target(migrated_postgres)


@pytest.fixture
def empty_target(postgres_variables: dict[str, str]) -> Target:
    """A database without any table."""
    return Target(postgres_variables)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of the earlier version with good rows in every table, 30 of them messages."""
    full_files(tmp_path / "files", messages=30)
    return tmp_path / "files"


@pytest.fixture
async def present(migrated_sqlite: dict[str, str], tmp_path: Path) -> Path:
    """Files of the present schema with rows in the tables that the storages write."""
    async with open_databases(settings_of(migrated_sqlite)) as databases:
        sources, topics = IngestionStorage(databases.ingestion), TopicStorage(databases.processing)
        await sources.save_source(SourceChange(source_id="s", channel_id="-100123"), NOW)
        await sources.record_attempt(Attempt(source_id="s", started_at=NOW, finished_at=NOW, success=True))
        await RawStorage(databases.raw).store([message(1), message(2)], NOW)
        await RawStorage(databases.raw).store([message(1, "edited")], NOW)
        await ProcessingStorage(databases.processing).store([document(1), document(2)])
        await topics.replace(["-100123"], [topic(1, 2)], [], TopicRun("f", NOW, {"topics": 1}))
        await topics.put_embeddings("model", 2, {"hash": b"\x00\x01\xff\\"})
        paid = PaidAnswer("key", "-100123", "openai", "m", {"text": "said"}, 1, None, FIVE_DOLLARS, NOW)
        account = Account("2024-11-27", "run", "processing", "-100123", "openai", "m")
        await SpendingStorage(databases.processing).book({account: Spending(1, cost_nanousd=FIVE_DOLLARS)}, [paid])
    return tmp_path / "databases"


def content(folder: Path) -> dict[str, bytes]:
    """Every byte of the files of a folder, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


async def undo(target: Target, run_id: str) -> dict[str, int]:
    async with target.databases() as databases:
        return await rollback(databases, run_id)


async def test_files_of_the_present_schema_are_taken(target: Target, present: Path) -> None:
    """Every table arrives and compares as equal, bytes and revisions included."""
    report = await target.migrate(present, verify=True)
    assert report.good
    assert set(report.files.values()) == {"present"}
    assert target.value("SELECT vector FROM embeddings") == b"\x00\x01\xff\\"
    assert target.value("SELECT text FROM raw_revisions") == "edited"
    assert target.value("SELECT cost_nanousd FROM llm_spending") == FIVE_DOLLARS
    assert target.value("SELECT response_json FROM llm_answers") == {"text": "said"}
    counts = ("raw_messages", "processed_documents", "topics", "topic_items", "topic_runs", "source_attempts")
    assert [target.value(f"SELECT count(*) FROM {name}") for name in counts] == [2, 2, 1, 2, 1, 1]


async def test_dry_run_reports_and_changes_nothing_on_either_side(empty_target: Target, tmp_path: Path) -> None:
    """A dry run on a real connection counts, names changes and refusals, and leaves both sides as they were."""
    files = LegacyFiles(tmp_path / "files", "B")
    files.message(1, "a\x00b")
    files.message(2, date="never")
    before = content(files.folder)
    report = await empty_target.migrate(files.folder, dry_run=True, report=tmp_path / "report.json")
    assert (report.good, report.run_id) == (True, None)
    assert tally(report, "raw.raw_messages") == (2, 1, 1, 1)
    listed = json.loads((tmp_path / "report.json").read_text())["rows"]
    assert [entry.get("change") or entry["quarantined"] for entry in listed] == [
        "NUL removed",
        "date: an impossible time",
    ]
    assert empty_target.tables() == set()
    assert content(files.folder) == before


async def test_reading_leaves_no_files_beside_the_source(target: Target, present: Path) -> None:
    """Files in WAL mode are read without a trace: the folder holds what it held before, byte for byte."""
    before = content(present)
    await target.migrate(present)
    assert content(present) == before


async def test_a_dry_run_says_what_a_run_finds(target: Target, tmp_path: Path) -> None:
    """The numbers of the dry run are those of the run that follows."""
    files = full_files(tmp_path)
    files.message(90, "a\x00b")
    files.message(91, date="never")
    rehearsed = await target.migrate(tmp_path, dry_run=True)
    performed = await target.migrate(tmp_path)
    assert [(each.table, each.tally, each.reasons) for each in rehearsed.tables] == [
        (each.table, each.tally, each.reasons) for each in performed.tables
    ]


async def test_the_report_accounts_for_every_row(target: Target, folder: Path, tmp_path: Path) -> None:
    """Per table, migrated and quarantined rows add up to those of the source; the file says the same as the result."""
    report = await target.migrate(folder, verify=True, report=tmp_path / "report.json")
    for each in report.tables:
        assert each.tally.migrated + each.tally.quarantined == each.tally.rows
    written = json.loads((tmp_path / "report.json").read_text())
    assert written["good"] is True
    assert {each["table"]: each["rows"] for each in written["tables"]} == {
        each.table: each.tally.rows for each in report.tables
    }
    (messages,) = (each for each in written["tables"] if each["table"] == "raw.raw_messages")
    assert messages["rows"] == messages["migrated"] == 30
    assert messages["verification"]["source_digest"] == messages["verification"]["target_digest"] != "0" * 32


async def test_schema_of_the_target_is_made_or_upgraded(empty_target: Target, present: Path) -> None:
    """An empty target gets its tables; an older schema is brought forward."""
    from tg_parser.storage.engine import migrator

    async with empty_target.databases() as databases:
        await migrator.upgrade(databases.ingestion, "ingestion_0001")
    await empty_target.migrate(present)
    async with empty_target.databases() as databases:
        assert [await migrator.check(database) for database in databases.all] == ["current"] * 3


async def test_a_target_that_is_not_ours_is_refused(empty_target: Target, folder: Path) -> None:
    """Tables with our names but no revision are left alone."""
    empty_target.execute("CREATE TABLE raw_messages (a integer)")
    with pytest.raises(SchemaMismatchError, match="raw schema"):
        await empty_target.migrate(folder)


async def test_a_target_that_may_not_be_written_is_refused(
    empty_target: Target, folder: Path, postgres_variables: dict[str, str]
) -> None:
    """A read-only database, as a standby is, or a role without rights: one clear sentence before any row is read."""
    name = make_url(empty_target.url).database
    guest = Target({**postgres_variables, "DB_URL": _as_guest(empty_target, name)})
    empty_target.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(StorageError, match="denies the role a required privilege"):
        await guest.migrate(folder)
    with psycopg.connect(empty_target.url, autocommit=True) as administrator:
        administrator.execute(f"DROP ROLE {name}_guest")
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(StorageError, match="read-only"):
        await empty_target.migrate(folder)
    assert empty_target.tables() == set()


def _as_guest(target: Target, name: str) -> str:
    target.execute(f"CREATE ROLE {name}_guest LOGIN")
    return make_url(target.url).set(username=f"{name}_guest").render_as_string(hide_password=False)


async def test_a_filled_target_is_refused_unless_told_otherwise(target: Target, folder: Path, present: Path) -> None:
    """Rows of others are never mixed with unasked; a dry run says that a run would be refused."""
    await target.migrate(present)
    rehearsed = await target.migrate(folder, dry_run=True)
    assert not rehearsed.good
    assert "is not empty: ingestion_state, source_attempts, raw_messages" in rehearsed.objection
    with pytest.raises(UsageError, match="is not empty"):
        await target.migrate(folder)
    assert target.value("SELECT count(*) FROM raw_messages") == 2


async def test_skip_keeps_rows_that_are_there(target: Target, tmp_path: Path) -> None:
    """With skip an identical row counts as migrated; another with the same key stays, the source's is quarantined."""
    first, second = LegacyFiles(tmp_path / "first"), LegacyFiles(tmp_path / "second")
    for files, text in ((first, "old"), (second, "new")):
        files.message(1, "same")
        files.message(2, text)
    second.message(3, "more")
    await target.migrate(first.folder)
    report = await target.migrate(second.folder, on_conflict="skip")
    assert report.good
    rows = target.rows("SELECT id, text FROM raw_messages ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("1", "same"), ("2", "old"), ("3", "more")]
    (messages,) = (each.tally for each in report.tables if each.table == "raw.raw_messages")
    assert (messages.migrated, messages.already_there, messages.quarantined) == (2, 1, 1)
    assert reasons(report, "raw.raw_messages") == {"another row with this key is there": 1}


async def test_replace_lets_the_source_win_and_rollback_brings_back_what_was(target: Target, tmp_path: Path) -> None:
    """With replace the source's row counts; undone, every row is what it was before."""
    first, second = LegacyFiles(tmp_path / "first"), LegacyFiles(tmp_path / "second")
    for files, text in ((first, "old"), (second, "new")):
        files.source()
        files.add("source_attempts", {"source_id": "news", "attempt_at": "2024-11-27T09:00:00Z", "success": 1})
        files.message(1, "same")
        files.message(2, text)
    second.message(3, "more")
    second.run("sources", "UPDATE sources SET fail_count = 9")
    await target.migrate(first.folder)
    held = "SELECT to_jsonb(t) AS row FROM {} AS t ORDER BY 1"
    tables = ("ingestion_state", "source_attempts", "raw_messages")
    before = [target.rows(held.format(name)) for name in tables]
    report = await target.migrate(second.folder, on_conflict="replace", verify=True)
    assert report.good
    assert [row["text"] for row in target.rows("SELECT text FROM raw_messages ORDER BY id")] == ["same", "new", "more"]
    assert target.value("SELECT fail_count FROM ingestion_state") == 9
    assert await undo(target, report.run_id) == {"raw_messages": 1}
    assert [target.rows(held.format(name)) for name in tables] == before


async def test_rollback_removes_exactly_the_rows_of_the_run(target: Target, tmp_path: Path, present: Path) -> None:
    """What was there before the run stays; its own rows, its quarantine and its lists go."""
    files = full_files(tmp_path / "files")
    files.message(90, date="never")
    await target.migrate(present)
    report = await target.migrate(files.folder, on_conflict="skip")
    removed = await undo(target, report.run_id)
    assert removed["raw_messages"] == 5
    assert removed["topic_items"] == 2
    assert target.value("SELECT count(*) FROM raw_messages") == 2
    assert target.value("SELECT count(*) FROM migration_quarantine") == 0
    with pytest.raises(UsageError, match="already been rolled back"):
        await undo(target, report.run_id)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE raw_messages SET views = 1 WHERE id = '1'", "raw_messages: 1 written since"),
        ("DELETE FROM raw_messages WHERE id IN ('1', '2')", "raw_messages: 2 of the migrated changed or removed"),
        ("INSERT INTO embeddings VALUES ('h', 'm', 1, 'x')", "embeddings: 1 written since"),
    ],
)
async def test_rollback_is_refused_once_something_was_written(
    target: Target, folder: Path, statement: str, words: str
) -> None:
    """After a change, a removal or a new row the run is not undone, and the error says what happened."""
    report = await target.migrate(folder)
    target.execute(statement)
    with pytest.raises(StorageError, match=words):
        await undo(target, report.run_id)
    assert target.value("SELECT count(*) FROM processed_documents") == 30


async def test_rollback_of_an_unknown_run(target: Target, folder: Path) -> None:
    """A run that never was is a wrong request, on a target that knows none too."""
    with pytest.raises(NotFoundError, match="has no migration x"):
        await undo(target, "x")
    await target.migrate(folder)
    with pytest.raises(NotFoundError, match="has no migration x"):
        await undo(target, "x")


async def test_verify_compares_content_not_counts(target: Target, folder: Path) -> None:
    """A text, a JSON value, a missing row: each mismatch is found by its key although the counts agree or not."""
    report = await target.migrate(folder)
    target.execute("UPDATE raw_messages SET text = 'texts 3' WHERE id = '3'")
    target.execute("""UPDATE processed_documents SET metadata_json = '{"model": "n"}' WHERE source_message_id = '4'""")
    target.execute("DELETE FROM raw_messages WHERE id = '5'")
    checked = await target.migrate(folder, resume=True, verify=True)
    assert checked.run_id == report.run_id
    assert not checked.good
    compared = {each.table: each.verification for each in checked.tables}
    messages = compared["raw.raw_messages"]
    assert messages.different == [f"tg:{CHANNEL}:post:3 {CHANNEL}"]
    assert messages.missing == [f"tg:{CHANNEL}:post:5 {CHANNEL}"]
    assert messages.source_digest != messages.target_digest
    assert compared["processing.processed_documents"].different == [f"tg:{CHANNEL}:post:4"]


async def test_numbers_in_json_may_be_written_otherwise(target: Target, tmp_path: Path) -> None:
    """PostgreSQL writes 1e5 as 100000 and sorts keys in its own way: that is no mismatch."""
    files = LegacyFiles(tmp_path)
    files.message(1, raw_payload_json='{"long": 1e5, "b": 1.50, "a": -0.0, "a": 12345678901234567890123}')
    assert (await target.migrate(tmp_path, verify=True)).good


async def test_numbering_goes_on_after_the_migrated_rows(target: Target, present: Path) -> None:
    """The next attempt of a source gets a number that is free."""
    await target.migrate(present)
    async with target.databases() as databases:
        sources = IngestionStorage(databases.ingestion)
        await sources.record_attempt(Attempt(source_id="s", started_at=NOW, finished_at=NOW, success=True))
    assert [row["id"] for row in target.rows("SELECT id FROM source_attempts ORDER BY id")] == [1, 2]


async def test_any_batch_size_gives_the_same_rows(target: Target, database_with_schemas: str, tmp_path: Path) -> None:
    """Batches of one row and one batch of all end in the same target, changes and quarantine included."""
    from fresh_databases import fresh_postgres_database

    files = full_files(tmp_path, messages=12)
    files.message(20, "a\x00b")
    files.message(21, date="never")
    with fresh_postgres_database(database_with_schemas) as url:
        targets = [target, Target({"DB_TYPE": "postgresql", "DB_URL": url})]
        for each, size in zip(targets, (1, 10_000), strict=True):
            assert (await each.migrate(tmp_path, batch_size=size, verify=True)).good
        left, right = (
            [each.rows(f"SELECT to_jsonb(t) - 'run_id' AS row FROM {name} AS t ORDER BY 1") for name in COMPARED]
            for each in targets
        )
    assert left == right


COMPARED = (
    "raw_messages",
    "raw_revisions",
    "processed_documents",
    "topics",
    "migration_quarantine",
    "migration_changes",
)


async def test_a_source_that_changed_since_is_taken_anew_on_resume(target: Target, folder: Path) -> None:
    """When a file was written to after the run began, resuming takes its tables again and the result is right."""
    report = await target.migrate(folder)
    with closing(sqlite3.connect(folder / "raw_storage.sqlite")) as connection:
        connection.execute("UPDATE raw_messages SET text = 'later' WHERE id = '1'")
        connection.execute("DELETE FROM raw_messages WHERE id = '2'")
        connection.commit()
    again = await target.migrate(folder, resume=True, verify=True)
    assert (again.good, again.run_id) == (True, report.run_id)
    assert target.value("SELECT text FROM raw_messages WHERE id = '1'") == "later"
    assert target.value("SELECT count(*) FROM raw_messages") == 29
    assert target.value("SELECT count(*) FROM processed_documents") == 29
    assert reasons(again, "processing.processed_documents") == {"its message does not exist": 1}


async def test_resume_wants_a_run_of_the_same_folder(target: Target, folder: Path, present: Path) -> None:
    """Without a run resuming begins one; an unfinished one is not begun again, nor continued with other files."""
    assert (await target.migrate(folder, resume=True)).good
    target.execute("UPDATE migration_runs SET state = 'running'")
    with pytest.raises(UsageError, match="is not finished"):
        await target.migrate(folder)
    with pytest.raises(UsageError, match="is for "):
        await target.migrate(present, resume=True)


async def test_two_migrations_at_once(target: Target, folder: Path) -> None:
    """The second one is told that the first is at work."""
    async with target.databases() as databases, databases.locks.exclusive("migrate-from-sqlite"):
        with pytest.raises(BusyError, match="migrate-from-sqlite"):
            await target.migrate(folder)


async def test_connections_that_break_in_the_middle(target: Target, tmp_path: Path) -> None:
    """Three times the server ends the connection during a COPY: the batch is written again, nothing is doubled."""
    files = LegacyFiles(tmp_path)
    files.message(1)
    files.run(
        "raw_messages",
        "INSERT INTO raw_messages WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " SELECT 'tg:' || channel_id || ':post:' || i, i, message_type, channel_id, date, text, thread_id,"
        " parent_message_id, language, raw_payload_json, 0, NULL, inserted_at FROM raw_messages, n",
    )
    breaking = threading.Thread(target=end_copies, args=(target.url, 3))
    breaking.start()
    report = await target.migrate(tmp_path, batch_size=2000, verify=True)
    await asyncio.to_thread(breaking.join)
    assert report.good
    assert target.value("SELECT count(*) FROM raw_messages") == 20_000
    assert target.value("SELECT sum(written) FROM migration_batches WHERE target = 'raw_messages'") == 20_000


def end_copies(url: str, times: int) -> None:
    """End the session that copies messages, each time after some more batches are in."""
    found = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'active' AND query LIKE 'COPY \"raw_messages\"%%'"
        " AND (SELECT count(*) FROM migration_batches) >= %s"
    )
    deadline, ended = time.monotonic() + 30, 0
    with psycopg.connect(url, autocommit=True) as connection:
        while ended < times and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.errors.UndefinedTable):
                ended += min(connection.execute(found, (2 * ended,)).fetchone()[0], 1)
    assert ended == times


async def test_files_with_wrong_numbers_of_chats_are_upgraded_first(
    target: Target, migrated_sqlite: dict[str, str], tmp_path: Path
) -> None:
    """A copy could not join what stands under two numbers: refused with the way out, then all arrives right."""
    async with open_databases(settings_of(migrated_sqlite)) as databases:
        await RawStorage(databases.raw).store([message(1, channel="-10012345678901")], NOW)
        await ProcessingStorage(databases.processing).store([document(1, channel="-10012345678901")])
        for database, revision in ((databases.raw, "raw_0001"), (databases.processing, "processing_0003")):
            await migrator.downgrade(database, revision)
    with pytest.raises(StorageError, match="-10012345678901") as caught:
        await target.migrate(tmp_path / "databases")
    assert "db upgrade" in hint_of(caught.value)
    async with open_databases(settings_of(migrated_sqlite)):
        pass
    assert (await target.migrate(tmp_path / "databases", verify=True)).good
    assert target.value("SELECT source_ref FROM raw_messages") == "tg:-1012345678901:post:1"
    assert target.value("SELECT id FROM processed_documents") == "doc:tg:-1012345678901:post:1"
