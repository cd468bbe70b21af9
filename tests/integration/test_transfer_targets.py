"""One suite over both targets of a migration: PostgreSQL and SQLite files give the same rows, reports and ways back."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from fresh_databases import settings_of, sqlite_files
from legacy_files import CHANNEL, LegacyFiles, full_files
from migrations import reasons, tally
from sqlalchemy import select, text

from tg_parser.domain.errors import BusyError, NotFoundError, SchemaMismatchError, StorageError, UsageError
from tg_parser.storage.engine import migrator
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.tables import METADATA
from tg_parser.transfer.migration import MigrationOptions, migrate, rollback
from tg_parser.transfer.report import MigrationReport

TABLES = {table.name: (name, table) for name, metadata in METADATA.items() for table in metadata.sorted_tables}
NOTES = ("migration_quarantine", "migration_changes")


class AnyTarget:
    """Databases of either backend that are migrated into."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._settings = settings_of(variables)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Any]:
        async with open_databases(self._settings, prepare=False) as databases:
            yield {each.name: each for each in databases.all}, databases

    async def migrate(self, folder: Path, **options: Any) -> MigrationReport:
        async with self.opened() as (_, databases):
            return await migrate(databases, folder, MigrationOptions(**options))

    async def undo(self, run_id: str) -> dict[str, int]:
        async with self.opened() as (_, databases):
            return await rollback(databases, run_id)

    async def execute(self, table: str, statement: str) -> None:
        async with self.opened() as (by_name, _):
            await by_name[TABLES[table][0]].write(lambda conn: conn.execute(text(statement)))

    async def rows(self, table: str) -> list[Any]:
        """All rows of a table as Python values, in one order."""
        async with self.opened() as (by_name, _):
            return await in_order(by_name, table)

    async def count(self, table: str) -> int:
        return len(await self.rows(table))

    async def everything(self) -> dict[str, Any]:
        """Every row of every table that a migration fills."""
        async with self.opened() as (by_name, _):
            return {name: await in_order(by_name, name) for name in TABLES if name != "document_changes"}

    async def messages(self, column: str = "text") -> list[Any]:
        position = list(TABLES["raw_messages"][1].c.keys()).index(column)
        return [row[position] for row in await self.rows("raw_messages")]


async def in_order(by_name: dict[str, Any], table: str) -> list[Any]:
    name, definition = TABLES[table]
    return sorted((tuple(row.values()) for row in await by_name[name].rows(select(definition))), key=repr)


@pytest.fixture
def target(database_environment: dict[str, str]) -> AnyTarget:
    """Databases with their schemas and nothing in them."""
    return AnyTarget(database_environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    full_files(tmp_path / "old", messages=30)
    return tmp_path / "old"


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Good rows in every table, and two messages of which one is changed and one refused."""
    files = full_files(tmp_path / "odd")
    files.message(90, "a\x00b")
    files.message(91, date="never")
    return files.folder


@pytest.mark.parametrize("variant", ["A", "B"])
async def test_every_table_arrives_and_compares_as_equal(
    empty_environment: dict[str, str], tmp_path: Path, variant: str
) -> None:
    """Both variants of the earlier version, verified row by row; times and JSON are those of this version."""
    target = AnyTarget(empty_environment)
    full_files(tmp_path / "old", variant)
    report = await target.migrate(tmp_path / "old", verify=True)
    assert report.good
    assert [await target.count(name) for name in ("ingestion_state", "raw_messages", "raw_revisions")] == [1, 5, 1]
    assert [await target.count(name) for name in ("processed_documents", "topics", "topic_items")] == [5, 1, 2]
    assert [await target.count(name) for name in ("jobs", "agent_registry", "task_history")] == [1, 1, 1]
    assert await target.messages() == [f"text {number}" for number in range(1, 6)]
    assert {moment.isoformat() for moment in await target.messages("date")} == {"2024-11-27T09:00:00+00:00"}
    assert await target.messages("raw_payload_json") == [{"a": 1}] * 5


async def test_changes_and_refusals_are_counted_and_kept(target: AnyTarget, odd: Path) -> None:
    """What is changed to fit and what cannot be taken is the same on both targets."""
    report = await target.migrate(odd, verify=True)
    assert report.good
    assert tally(report, "raw.raw_messages") == (7, 6, 1, 1)
    assert reasons(report, "raw.raw_messages") == {"date: an impossible time": 1}
    async with target.opened() as (by_name, _):
        found = await by_name["raw"].rows(text("SELECT original FROM migration_quarantine"))
    assert [b'"id":"91"' in bytes(row["original"]) for row in found] == [True]


async def test_both_targets_hold_the_same(
    migrated_postgres: dict[str, str], migrated_sqlite: dict[str, str], odd: Path
) -> None:
    """Every value of every table is equal, whichever target it went to."""
    found = []
    for variables in (migrated_postgres, migrated_sqlite):
        target = AnyTarget(variables)
        await target.migrate(odd)
        found.append(await target.everything())
    assert found[0] == found[1]


async def test_dry_run_changes_nothing_and_says_what_a_run_finds(empty_environment: dict[str, str], odd: Path) -> None:
    """The numbers of the rehearsal are those of the run; before it no table is made."""
    target = AnyTarget(empty_environment)
    rehearsed = await target.migrate(odd, dry_run=True)
    async with target.opened() as (by_name, _):
        assert await migrator.check(by_name["raw"]) == "empty"
    performed = await target.migrate(odd)
    assert [(each.table, each.tally, each.reasons) for each in rehearsed.tables] == [
        (each.table, each.tally, each.reasons) for each in performed.tables
    ]


async def test_a_filled_target_is_refused_unless_told_otherwise(target: AnyTarget, folder: Path) -> None:
    """Nothing is mixed unasked."""
    await target.migrate(folder)
    with pytest.raises(UsageError, match=r"is not empty: ingestion_state, .*raw_messages"):
        await target.migrate(folder)


async def test_tables_that_are_not_ours_are_left_alone(empty_environment: dict[str, str], folder: Path) -> None:
    """Tables with our names but no revision are refused, as they are."""
    target = AnyTarget(empty_environment)
    await target.execute("raw_messages", "CREATE TABLE raw_messages (a integer)")
    with pytest.raises(SchemaMismatchError, match="raw schema"):
        await target.migrate(folder)


def two_of(tmp_path: Path) -> tuple[Path, Path]:
    first, second = LegacyFiles(tmp_path / "first"), LegacyFiles(tmp_path / "second")
    for files, words in ((first, "old"), (second, "new")):
        files.source()
        files.message(1, "same")
        files.message(2, words)
    second.message(3, "more")
    return first.folder, second.folder


async def test_skip_keeps_rows_that_are_there(target: AnyTarget, tmp_path: Path) -> None:
    """An identical row counts as migrated; another with the same key stays, and the source's is quarantined."""
    first, second = two_of(tmp_path)
    await target.migrate(first)
    report = await target.migrate(second, on_conflict="skip")
    assert report.good
    assert await target.messages() == ["same", "old", "more"]
    (messages,) = (each.tally for each in report.tables if each.table == "raw.raw_messages")
    assert (messages.migrated, messages.already_there, messages.quarantined) == (2, 1, 1)


async def test_replace_lets_the_source_win_and_rollback_brings_back_what_was(target: AnyTarget, tmp_path: Path) -> None:
    """Undone, every row of every table is what it was before."""
    first, second = two_of(tmp_path)
    await target.migrate(first)
    before = await target.everything()
    report = await target.migrate(second, on_conflict="replace", verify=True)
    assert report.good
    assert await target.messages() == ["same", "new", "more"]
    assert await target.undo(report.run_id) == {"raw_messages": 1}
    assert await target.everything() == before


async def test_rollback_removes_exactly_the_rows_of_the_run(target: AnyTarget, tmp_path: Path, odd: Path) -> None:
    """What was there before the run stays; its rows and notes go; it is undone once."""
    first, _ = two_of(tmp_path)
    await target.migrate(first)
    before = await target.everything()
    report = await target.migrate(odd, on_conflict="skip")
    removed = await target.undo(report.run_id)
    assert (removed["processed_documents"], removed["topic_items"]) == (5, 2)
    assert await target.everything() == before
    async with target.opened() as (by_name, _):
        for name in NOTES:
            assert (await by_name["raw"].rows(text(f"SELECT count(*) AS n FROM {name}")))[0]["n"] == 0
    with pytest.raises(UsageError, match="already been rolled back"):
        await target.undo(report.run_id)


@pytest.mark.parametrize(
    ("table", "statement", "words"),
    [
        ("raw_messages", "UPDATE raw_messages SET views = 1 WHERE id = '1'", "raw_messages: 1 written since"),
        ("raw_messages", "DELETE FROM raw_messages WHERE id IN ('1', '2')", "raw_messages: 2 of the migrated changed"),
        ("embeddings", "INSERT INTO embeddings VALUES ('h', 'm', 1, 'x')", "embeddings: 1 written since"),
    ],
)
async def test_rollback_is_refused_once_something_was_written(
    target: AnyTarget, folder: Path, table: str, statement: str, words: str
) -> None:
    """A change, a removal or a new row: the run is not undone, in no table, and the error says what happened."""
    report = await target.migrate(folder)
    await target.execute(table, statement)
    with pytest.raises(StorageError, match=words):
        await target.undo(report.run_id)
    assert await target.count("processed_documents") == 30
    assert await target.count("ingestion_state") == 1


async def test_rollback_of_an_unknown_run(target: AnyTarget, folder: Path) -> None:
    """A run that never was is told as one that is not there, on a target that knows none too."""
    with pytest.raises(NotFoundError, match="has no migration x"):
        await target.undo("x")
    await target.migrate(folder)
    with pytest.raises(NotFoundError, match="has no migration x"):
        await target.undo("x")


async def test_verify_compares_content_not_counts(target: AnyTarget, folder: Path) -> None:
    """A text, a missing row, a title: each mismatch is found by its key."""
    report = await target.migrate(folder)
    await target.execute("raw_messages", "UPDATE raw_messages SET text = 'texts 3' WHERE id = '3'")
    await target.execute("raw_messages", "DELETE FROM raw_messages WHERE id = '5'")
    await target.execute("topics", "UPDATE topics SET title = 'Other'")
    checked = await target.migrate(folder, resume=True, verify=True)
    assert (checked.run_id, checked.good) == (report.run_id, False)
    compared = {each.table: each.verification for each in checked.tables}
    assert compared["raw.raw_messages"].different == [f"tg:{CHANNEL}:post:3 {CHANNEL}"]
    assert compared["raw.raw_messages"].missing == [f"tg:{CHANNEL}:post:5 {CHANNEL}"]
    assert compared["processing.topic_cards"].different == [f"topic:tg:{CHANNEL}:post:1"]


@pytest.mark.parametrize("size", [1, 7])
async def test_every_batch_size_gives_the_same_rows(target: AnyTarget, odd: Path, size: int) -> None:
    """Batches of one row, of seven and of all end alike."""
    report = await target.migrate(odd, batch_size=size, verify=True)
    assert report.good
    small = await target.everything()
    await target.undo(report.run_id)
    await target.migrate(odd, resume=True)
    assert await target.everything() == small


async def test_a_source_that_changed_since_is_taken_anew_on_resume(target: AnyTarget, folder: Path) -> None:
    """Written to after the run began, its tables are taken again, and the result is right."""
    report = await target.migrate(folder)
    with closing(sqlite3.connect(folder / "raw_storage.sqlite")) as connection:
        connection.execute("UPDATE raw_messages SET text = 'later' WHERE id = '1'")
        connection.execute("DELETE FROM raw_messages WHERE id = '2'")
        connection.commit()
    again = await target.migrate(folder, resume=True, verify=True)
    assert (again.good, again.run_id) == (True, report.run_id)
    assert "later" in await target.messages()
    assert await target.count("raw_messages") == 29
    assert await target.count("processed_documents") == 29


async def test_an_unfinished_run_is_gone_on_with_from_its_last_batch(target: AnyTarget, tmp_path: Path) -> None:
    """Notes say how far each table came: rows behind that are not written twice, rows after it are not lost."""
    folder = full_files(tmp_path / "old", messages=300).folder
    await target.migrate(folder, batch_size=100)
    whole = await target.everything()
    for name, upto in (("raw.raw_messages", 100), ("processing.processed_documents", 200)):
        table = name.partition(".")[2]
        refs = ", ".join(f"'tg:{CHANNEL}:post:{each}'" for each in range(upto + 1, 301))
        await target.execute(table, f"DELETE FROM {table} WHERE source_ref IN ({refs})")
        await target.execute(table, f"DELETE FROM migration_batches WHERE table_name = '{name}' AND upto > {upto}")
    await target.execute("topics", "UPDATE migration_runs SET state = 'running'")
    assert (await target.count("raw_messages"), await target.count("processed_documents")) == (100, 200)
    with pytest.raises(UsageError, match="is not finished"):
        await target.migrate(folder)
    report = await target.migrate(folder, resume=True, verify=True)
    assert report.good
    assert await target.everything() == whole


async def test_two_migrations_at_once(target: AnyTarget, folder: Path) -> None:
    """The second one is told that the first is at work."""
    async with target.opened() as (_, databases), databases.locks.exclusive("migrate-from-sqlite"):
        with pytest.raises(BusyError, match="migrate-from-sqlite"):
            await target.migrate(folder)


async def test_two_rows_of_one_message_in_one_batch(target: AnyTarget, tmp_path: Path) -> None:
    """Where the source itself holds a key twice, one row counts and the other is quarantined."""
    files = LegacyFiles(tmp_path / "twice")
    files.message(1, "by number")
    files.source(channel_username="@news")
    files.message(1, "by name", channel="@news")
    report = await target.migrate(files.folder, verify=True)
    assert report.good
    assert await target.messages() == ["by number"]
    assert tally(report, "raw.raw_messages") == (2, 1, 0, 1)


async def test_topics_are_found_anew_after_a_migration(target: AnyTarget, folder: Path) -> None:
    """The count of changes moves with what a migration writes, so that no topics of before count as fresh."""
    await target.migrate(folder)
    first = await target.rows("document_changes")
    await target.migrate(folder, on_conflict="replace")
    assert [count for _, count in first] == [1]
    assert [count for _, count in await target.rows("document_changes")] == [2]


async def test_files_cannot_be_their_own_target(sqlite_variables: dict[str, str], folder: Path, tmp_path: Path) -> None:
    """The folder that is read is not written to, whatever the way it is written."""
    same = tmp_path / "old" / ".." / "databases"
    with pytest.raises(UsageError, match="cannot be both read and written"):
        await AnyTarget(sqlite_variables).migrate(same)


ODD_NAME = 'a"b; drop'


async def test_a_table_with_any_name_is_quarantined_whole(target: AnyTarget, tmp_path: Path) -> None:
    """Names from a foreign file are names in every statement: its rows are kept as they were, and nothing runs."""
    files = full_files(tmp_path / "old")
    with closing(sqlite3.connect(files.path("raw_storage"))) as connection:
        connection.execute('CREATE TABLE "a""b; drop" ("c""d; drop" TEXT)')
        connection.executemany('INSERT INTO "a""b; drop" VALUES (?)', [("x",), ("y",)])
        connection.commit()
    report = await target.migrate(files.folder, verify=True, batch_size=1)
    assert report.good
    assert tally(report, f"raw.{ODD_NAME}") == (2, 0, 0, 2)
    async with target.opened() as (by_name, _):
        kept = "SELECT original FROM migration_quarantine WHERE reason = 'no table in this version' ORDER BY row_id"
        found = await by_name["raw"].rows(text(kept))
    assert [bytes(row["original"]) for row in found] == [
        b'{"c\\"d; drop":"x"}',
        b'{"c\\"d; drop":"y"}',
    ]


async def test_a_column_with_any_name_is_told(target: AnyTarget, tmp_path: Path) -> None:
    """A column that this version does not know is named as it is written, and nothing is taken."""
    files = full_files(tmp_path / "old")
    files.run("raw_messages", 'ALTER TABLE raw_messages ADD COLUMN "a""b; drop" TEXT')
    with pytest.raises(StorageError, match='columns that this version does not know: a"b; drop'):
        await target.migrate(files.folder)


async def test_files_that_were_migrated_into_can_be_migrated_from(
    target: AnyTarget, folder: Path, tmp_path: Path
) -> None:
    """The notes of an earlier migration stay where they are: no row of them is taken for data."""
    between = AnyTarget(sqlite_files(tmp_path / "between"))
    await between.migrate(folder)
    report = await target.migrate(tmp_path / "between", verify=True)
    assert report.good
    assert sum(each.tally.quarantined for each in report.tables) == 0
    assert await target.everything() == await between.everything()
