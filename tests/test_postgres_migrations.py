"""Migrations on both backends: the schema they make, the way back, two processes at once, schemas that do not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from cli_process import begin
from fresh_databases import settings_of
from samples import CHANNEL, NOW, document, message, topic
from sqlalchemy import Connection, inspect, text

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import SchemaMismatchError, UsageError
from tg_parser.domain.sources import SourceChange
from tg_parser.storage.engine import migrator
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topic_changes import ChangeFilter
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.storage.tables import METADATA, DatabaseName

NAMED_INDEXES = {
    "ingestion_state": {"idx_ingestion_source_id"},
    "raw_messages": {"idx_raw_source_channel", "idx_raw_date"},
    "processed_documents": {"idx_processed_source", "idx_processed_channel"},
    "topics": {"idx_topics_channel"},
    "agent_registry": {"idx_agents_type", "idx_agents_active"},
}
HEADS = {"ingestion": "ingestion_0007", "raw": "raw_0004", "processing": "processing_0019"}


@pytest.fixture
def database_environment(empty_environment: dict[str, str]) -> dict[str, str]:
    """These tests make the schemas themselves."""
    return empty_environment


async def inspected(database: Database, look: Callable[..., Any]) -> Any:
    return await database.read(lambda conn: conn.run_sync(lambda sync: look(inspect(sync))))


def differences(connection: Connection, name: DatabaseName) -> list[Any]:
    ours = METADATA[name].tables

    def is_ours(_object: Any, object_name: str, kind: str, _reflected: bool, _compare_to: Any) -> bool:
        return kind != "table" or object_name in ours

    options = {"include_object": is_ours, "version_table": migrator.version_table(name)}
    return compare_metadata(MigrationContext.configure(connection, opts=options), METADATA[name])


async def differences_in(database: Database) -> list[Any]:
    return await database.read(lambda conn: conn.run_sync(lambda sync: differences(sync, database.name)))


async def set_revision(database: Database, revision: str) -> None:
    await database.write(
        lambda conn: conn.execute(
            text(f"UPDATE {migrator.version_table(database.name)} SET version_num = '{revision}'")
        )
    )


async def test_migrations_make_the_tables_as_defined(databases: Databases) -> None:
    """After upgrade Alembic finds nothing to change: columns, types, keys and indexes are those of the definitions."""
    # What SQLite has not, or has otherwise, is made by its migration alone.
    only_there = {"idx_search_words"} if databases.processing.dialect.embedded is False else set()
    for database in databases.all:
        found = {what.name if action.endswith("_index") else what for action, what in await differences_in(database)}
        assert found == (only_there if database.name == "processing" else set())


async def test_difference_would_be_found(databases: Databases) -> None:
    """The comparison sees a missing index and a column of another type, so its silence means something."""
    await databases.raw.write(lambda conn: conn.execute(text("DROP INDEX idx_raw_date")))
    found = await differences_in(databases.raw)
    assert [(action, what.name) for action, what in found] == [("add_index", "idx_raw_date")]


async def test_named_indexes_exist(databases: Databases) -> None:
    """The indexes of the specification are there under their names."""
    for table, names in NAMED_INDEXES.items():
        (database,) = (each for each in databases.all if table in METADATA[each.name].tables)
        found = await inspected(
            database, lambda look, table=table: {index["name"] for index in look.get_indexes(table)}
        )
        assert names <= found


async def test_topics_of_an_earlier_version_are_born_in_their_history(databases: Databases) -> None:
    """The upgrade keeps their ids and notes each of them as found by an earlier version."""
    topics, (card, bundle) = TopicStorage(databases.processing), topic(1, 2)
    await topics.replace([CHANNEL], [(card, bundle)], [], TopicRun("fingerprint", NOW, {}))
    await migrator.downgrade(databases.processing, "processing_0014")
    await migrator.upgrade(databases.processing)
    assert await topics.cards() == [card]
    assert [(one.topic_id, one.kind) for _, one in await topics.changes(ChangeFilter())] == [(card.id, "born")]


async def test_up_down_and_up_again_with_data(databases: Databases) -> None:
    """The way back leaves no table behind, with data in them; the way forward then makes a schema that works."""
    await fill(databases)
    for database in reversed(databases.all):
        await migrator.downgrade(database, "base")
        assert await migrator.current(database) is None
        left = await inspected(database, lambda look: set(look.get_table_names()))
        assert left & set(METADATA[database.name].tables) == set()
    for database in databases.all:
        await migrator.upgrade(database)
        assert await migrator.current(database) == HEADS[database.name] == migrator.head(database.name)
    await fill(databases)
    assert (await RawStorage(databases.raw).summary(CHANNEL)).total == 1


async def fill(databases: Databases) -> None:
    await IngestionStorage(databases.ingestion).save_source(SourceChange(source_id="s", channel_id=CHANNEL), NOW)
    await RawStorage(databases.raw).store([message(1)], NOW)
    await ProcessingStorage(databases.processing).store([document(1)])
    await TopicStorage(databases.processing).replace([CHANNEL], [topic(1, 2)], [], TopicRun("f", NOW, {}))


async def test_sources_of_the_first_revision_come_along(databases: Databases) -> None:
    """An upgrade from the first revision keeps sources and cursors, nothing is open of them."""
    sources = IngestionStorage(databases.ingestion)
    await fill(databases)
    await sources.cover("s", 1, 7, NOW)
    await migrator.downgrade(databases.ingestion, "ingestion_0001")
    assert await migrator.current(databases.ingestion) == "ingestion_0001"
    await migrator.upgrade(databases.ingestion)
    source = await sources.get("s")
    assert (source.channel_id, source.last_post_id, source.open_ranges, source.peer_id) == (CHANNEL, 7, None, None)


async def test_older_schema_is_upgraded_on_sqlite_and_refused_on_postgresql(backend: str, settings: Settings) -> None:
    """A file of an earlier version just works; a server is changed only by somebody who asks for it."""
    async with open_databases(settings) as databases:
        await migrator.downgrade(databases.ingestion, "ingestion_0001")
    if backend == "sqlite":
        async with open_databases(settings) as databases:
            assert await migrator.current(databases.ingestion) == "ingestion_0007"
        return
    with pytest.raises(SchemaMismatchError, match="ingestion"):
        async with open_databases(settings):
            pass


async def test_one_database_moves_alone(databases: Databases) -> None:
    """Taking one history back leaves the others where they are, on one server too."""
    await migrator.downgrade(databases.raw, "base")
    assert await migrator.current(databases.raw) is None
    assert await migrator.current(databases.processing) == "processing_0019"
    assert await inspected(databases.processing, lambda look: look.has_table("processed_documents"))


async def test_upgrade_twice_changes_nothing(databases: Databases) -> None:
    """A repeated upgrade keeps the data."""
    await fill(databases)
    for database in databases.all:
        await migrator.upgrade(database)
    assert (await RawStorage(databases.raw).summary(CHANNEL)).total == 1


async def test_three_histories_at_once_in_one_process(settings: Settings) -> None:
    """Migrating the three databases concurrently does not mix them up."""
    async with open_databases(settings, prepare=False) as databases:
        await asyncio.gather(*(migrator.upgrade(database) for database in databases.all))
        assert {each.name: await migrator.current(each) for each in databases.all} == HEADS


def test_processes_may_initialise_at_once(process_env: dict[str, str], tmp_path: Path) -> None:
    """Four processes that all find empty databases end well, and the schema is there once."""
    started = [begin(process_env, "init", cwd=tmp_path, stdout=PIPE, stderr=STDOUT) for _ in range(4)]
    outputs = [process.communicate(timeout=100)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0, 0], outputs
    names = ("DB_TYPE", "DB_URL", "INGESTION_STATE_DB_PATH", "RAW_STORAGE_DB_PATH", "PROCESSING_STORAGE_DB_PATH")
    settings = settings_of({name: process_env[name] for name in names if name in process_env})

    async def current() -> dict[str, str]:
        async with open_databases(settings, prepare=False) as databases:
            return {each.name: await migrator.current(each) for each in databases.all}

    assert asyncio.run(current()) == HEADS


async def test_history_and_stamp(databases: Databases) -> None:
    """The history is listed newest first; a stamp writes the revision down and touches no table."""
    for database in databases.all:
        listed = [line.partition("  ")[0] for line in migrator.history(database.name)]
        assert listed == migrator.known_revisions(database.name)
    assert migrator.history("raw")[-1].startswith("raw_0001  ")
    await migrator.stamp(databases.raw, "base")
    assert await migrator.current(databases.raw) is None
    assert await migrator.check(databases.raw) == "foreign"
    await migrator.stamp(databases.raw, "head")
    assert await migrator.check(databases.raw) == "current"


async def test_unknown_revision_is_refused(databases: Databases) -> None:
    """A revision that is not in the history is a wrong request, not a crash."""
    with pytest.raises(UsageError, match="raw schema cannot be changed to that revision"):
        await migrator.upgrade(databases.raw, "no_such_revision")


async def test_newer_schema_is_refused(settings: Settings) -> None:
    """A database that a later version wrote is left alone, and the message says so."""
    async with open_databases(settings) as databases:
        await set_revision(databases.processing, "processing_9999")
        assert await migrator.check(databases.processing) == "newer"
    with pytest.raises(SchemaMismatchError, match=r"processing schema .* is newer") as refused:
        await opened(settings)
    assert "version" in refused.value.hint


async def test_tables_of_somebody_else_are_refused(settings: Settings) -> None:
    """Tables with our names but without a version are not taken for ours."""
    async with open_databases(settings, prepare=False) as databases:
        await databases.raw.write(lambda conn: conn.execute(text("CREATE TABLE raw_messages (a INTEGER)")))
        assert await migrator.check(databases.raw) == "foreign"
    with pytest.raises(SchemaMismatchError, match="no recorded version"):
        await opened(settings)


async def opened(settings: Settings) -> None:
    async with open_databases(settings):
        pass


@pytest.mark.postgres
async def test_postgres_runs_on_its_own_types(postgres_variables: dict[str, str]) -> None:
    """timestamptz, jsonb, boolean, identity, and ids that sort by their bytes."""
    async with open_databases(settings_of(postgres_variables)) as databases:
        columns = await databases.raw.rows(
            text(
                "SELECT table_name || '.' || column_name AS name, data_type, collation_name, is_identity"
                " FROM information_schema.columns WHERE table_schema = 'public'"
                " AND table_name NOT LIKE 'procrastinate%'"
            )
        )
    types = {row["name"]: row["data_type"] for row in columns}
    assert types["raw_messages.date"] == types["topics.updated_at"] == "timestamp with time zone"
    assert types["raw_messages.raw_payload_json"] == types["processed_documents.metadata_json"] == "jsonb"
    assert types["ingestion_state.include_comments"] == types["processed_documents.is_noise"] == "boolean"
    assert types["embeddings.vector"] == "bytea"
    identities = [row["name"] for row in columns if row["is_identity"] == "YES"]
    assert identities == ["source_attempts.id", "topic_changes.number", "topic_edits.number"]
    collations = {row["name"]: row["collation_name"] for row in columns}
    for name in ("raw_messages.source_ref", "processed_documents.source_ref", "topics.id", "topic_items.source_ref"):
        assert collations[name] == "C"
