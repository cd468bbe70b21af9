"""Files of the earlier version: every table has its place, in both variants."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from legacy_files import CHANNEL, LegacyFiles, full_files
from migrations import Target, changes, reasons, tally

from tg_parser.domain.errors import StorageError

pytestmark = pytest.mark.postgres
NINE = datetime(2024, 11, 27, 9, tzinfo=UTC)


@pytest.fixture
def target(migrated_postgres: dict[str, str]) -> Target:
    """A database with its schemas and nothing in them."""
    return Target(migrated_postgres)


@pytest.fixture
def empty_target(postgres_variables: dict[str, str]) -> Target:
    """A database without any table."""
    return Target(postgres_variables)


@pytest.mark.parametrize("variant", ["A", "B"])
async def test_every_table_of_both_variants_is_taken(target: Target, tmp_path: Path, variant: str) -> None:
    """Files of the earlier version arrive whole, row by row, and compare as equal."""
    full_files(tmp_path, variant)
    report = await target.migrate(tmp_path, verify=True)
    assert report.good
    assert set(report.files.values()) == {f"legacy {variant}"}
    counts = {
        "ingestion_state": 1, "comment_cursors": 1, "source_attempts": 1, "raw_messages": 5, "raw_revisions": 1,
        "processed_documents": 5, "processing_failures": 1, "topics": 1, "topic_items": 2, "agent_registry": 1,
        "task_history": 1, "agent_stats": 1, "handoff_history": 1, "jobs": 1, "migration_quarantine": 0,
    }  # fmt: skip
    assert {name: target.value(f"SELECT count(*) FROM {name}") for name in counts} == counts


async def test_messages_and_documents_carry_what_this_version_wants(target: Target, tmp_path: Path) -> None:
    """A message gets its number and its thread, a document the date, type and thread of its message."""
    files = LegacyFiles(tmp_path)
    files.message(7, "seven", date="2024-11-27T10:00:00Z")
    files.message(8, "eight", message_type="comment", thread_id="7", parent_message_id="7")
    files.document(7)
    await target.migrate(tmp_path)
    post, comment = target.rows("SELECT * FROM raw_messages ORDER BY id")
    assert (post["id_number"], post["thread_id"], post["revision"], post["via"]) == (7, "7", 0, None)
    assert (comment["thread_id"], comment["parent_message_id"]) == ("7", "7")
    document = target.row("SELECT * FROM processed_documents")
    assert (document["message_date"], document["message_type"]) == (NINE + timedelta(hours=1), "post")
    assert (document["thread_id"], document["revision"], document["is_noise"]) == ("7", 0, False)
    assert (document["topics_json"], document["entities_json"]) == (["a"], [])


async def test_conflicts_become_the_revision_log(target: Target, tmp_path: Path) -> None:
    """Conflicts of a message are its revisions 1, 2, … by their id; the message knows its newest."""
    files = LegacyFiles(tmp_path)
    first, second = files.message(1, "one"), files.message(2, "two")
    files.conflict(first, "one, edited", new_payload_json='{"b": 2}')
    files.conflict(second, "two, edited")
    files.conflict(first, None, new_date="2024-11-28T00:00:00Z")
    files.document(1)
    await target.migrate(tmp_path, verify=True)
    log = target.rows("SELECT * FROM raw_revisions ORDER BY source_ref, revision")
    assert [(row["source_ref"], row["revision"], row["text"], row["reason"]) for row in log] == [
        (first, 1, "one, edited", "edited"),
        (first, 2, "one, edited", "richer_source"),
        (second, 1, "two, edited", "edited"),
    ]
    assert log[0]["raw_payload_json"] == {"b": 2}
    assert log[1]["raw_payload_json"] == {"new_date": "2024-11-28T00:00:00Z"}
    assert target.value(f"SELECT revision FROM raw_messages WHERE source_ref = '{first}'") == 2
    assert target.value("SELECT revision FROM processed_documents") == 0


async def test_conflicts_that_left_the_text_alone_make_no_document_waiting(target: Target, tmp_path: Path) -> None:
    """A document stands for the newest revision when none of them changed the text, so nobody pays for it again."""
    files = LegacyFiles(tmp_path)
    ref = files.message(1, "one")
    files.conflict(ref, "one")
    files.conflict(ref, None)
    files.document(1)
    await target.migrate(tmp_path)
    assert target.value("SELECT revision FROM raw_messages") == 2
    assert target.value("SELECT revision FROM processed_documents") == 2


async def test_a_topic_and_its_current_bundle_become_one_topic(target: Target, tmp_path: Path) -> None:
    """The bundle without times gives the items; dated snapshots have no table and go into the quarantine."""
    files = LegacyFiles(tmp_path)
    topic = files.topic(1, status=None, tags_json='["t"]')
    files.bundle(topic, 1, time_from="2024-01-01T00:00:00Z", time_to="2024-02-01T00:00:00Z")
    files.bundle(topic, 1, 2, 1, updated_at="2024-11-27T10:00:00Z", channels_json=f'["{CHANNEL}"]')
    report = await target.migrate(tmp_path, verify=True)
    card = target.row("SELECT * FROM topics")
    assert (card["id"], card["channel_id"], card["status"], card["tags_json"]) == (topic, CHANNEL, "active", ["t"])
    assert (card["bundle_updated_at"], card["bundle_channels_json"]) == (NINE + timedelta(hours=1), [CHANNEL])
    items = target.rows("SELECT * FROM topic_items ORDER BY position")
    assert [(item["position"], item["message_id"], item["role"], item["score"]) for item in items] == [
        (0, "1", "anchor", 0.9),
        (1, "2", "anchor", 0.9),
    ]
    assert tally(report, "processing.topic_bundles") == (2, 1, 1, 1)
    assert reasons(report, "processing.topic_bundles") == {"a dated snapshot of a bundle: no table in this version": 1}


async def test_the_secret_of_a_webhook_is_copied_nowhere(target: Target, tmp_path: Path) -> None:
    """The plain secret is neither in the jobs nor in the quarantine nor in any list; that it was left out is said."""
    files = full_files(tmp_path / "files")
    files.add("api_jobs", {"job_id": "k", "job_type": "export", "webhook_secret": "plain-secret"})
    report = await target.migrate(tmp_path / "files", report=tmp_path / "report.json")
    assert tally(report, "processing.api_jobs") == (2, 1, 1, 1)
    assert target.value("SELECT webhook_secret_sealed FROM jobs") is None
    tables = [name for name in target.tables() if not name.startswith("alembic")]
    stored = json.dumps([target.rows(f"SELECT to_jsonb(t) AS row FROM {name} AS t") for name in tables])
    original = target.value("SELECT convert_from(original, 'UTF8') FROM migration_quarantine")
    assert "plain-secret" not in stored + original + (tmp_path / "report.json").read_text()
    assert json.loads(original)["webhook_secret"] == "left out"
    assert changes(report, "processing.api_jobs") == {
        "status: a job that is done in this version's words": 1,
        "webhook_secret: left out, a plain secret is not copied: set it anew": 1,
    }


@pytest.mark.parametrize(
    ("cursor", "stored", "expected"),
    [
        (1, (1, 2, 3, 4), 4),
        (1, (1, 2, 3, 5, 6), 3),
        (4, (1, 2, 3, 4), 4),
        (9, (1, 2), 9),
        (None, (1, 2), None),
    ],
)
async def test_a_cursor_is_raised_only_as_far_as_messages_prove(
    target: Target, tmp_path: Path, cursor: int | None, stored: tuple[Any, ...], expected: int | None
) -> None:
    """A cursor left at the oldest post moves to the end of the posts that follow it without a gap, no further."""
    files = LegacyFiles(tmp_path)
    files.source(last_post_id=cursor)
    for number in stored:
        files.message(number)
    await target.migrate(tmp_path)
    assert target.value("SELECT last_post_id FROM ingestion_state") == expected


async def test_one_channel_written_in_two_ways_becomes_one(target: Target, tmp_path: Path) -> None:
    """@name, a bare number and the marked number are one channel_id; a message that comes twice is kept once."""
    files = LegacyFiles(tmp_path)
    files.source("a", "@News_Channel")
    files.source("b", CHANNEL, channel_username="news_channel")
    files.source("c", "1234567890")
    kept = files.message(1, "kept")
    files.message(1, "twice", channel="@News_Channel")
    files.message(2, "by number", channel="1234567890")
    files.message(3, "by name", channel="news_channel")
    files.document(3, channel="news_channel")
    files.failure("tg:1234567890:post:2", "1234567890")
    files.bundle(files.topic(3, channel="@News_Channel"), 3, channel="@News_Channel")
    report = await target.migrate(tmp_path, verify=True)
    assert report.good
    assert report.channels == {"1234567890": CHANNEL, "@News_Channel": CHANNEL, "news_channel": CHANNEL}
    rows = target.rows("SELECT source_ref, channel_id, text FROM raw_messages ORDER BY source_ref")
    assert [tuple(row.values()) for row in rows] == [
        (kept, CHANNEL, "kept"),
        (f"tg:{CHANNEL}:post:2", CHANNEL, "by number"),
        (f"tg:{CHANNEL}:post:3", CHANNEL, "by name"),
    ]
    refused = target.row("SELECT reason, convert_from(original, 'UTF8') AS original FROM migration_quarantine")
    assert refused["reason"].startswith("the same message exists under another form of its channel")
    assert json.loads(refused["original"])["text"] == "twice"
    assert target.value("SELECT id FROM processed_documents") == f"doc:tg:{CHANNEL}:post:3"
    assert target.value("SELECT source_ref FROM processing_failures") == f"tg:{CHANNEL}:post:2"
    assert target.value("SELECT topic_id || ' ' || source_ref FROM topic_items") == (
        f"topic:tg:{CHANNEL}:post:3 tg:{CHANNEL}:post:3"
    )
    assert set(target.value("SELECT array_agg(channel_id) FROM ingestion_state")) == {CHANNEL}
    assert tally(report, "raw.raw_messages") == (4, 3, 2, 1)


async def test_a_name_that_moved_between_channels_merges_nothing(target: Target, tmp_path: Path) -> None:
    """A username that two numbers claim means neither: its messages keep the name as their channel."""
    files = LegacyFiles(tmp_path)
    files.source("a", "-1001", channel_username="name")
    files.source("b", "-1002", channel_username="@Name")
    files.message(1, channel="name")
    await target.migrate(tmp_path)
    assert target.value("SELECT source_ref FROM raw_messages") == "tg:name:post:1"


async def test_unknown_columns_are_not_dropped_silently(empty_target: Target, tmp_path: Path) -> None:
    """A column that no version knows stops the migration before it writes anything."""
    files = full_files(tmp_path)
    files.run("sources", "ALTER TABLE sources ADD COLUMN notes TEXT")
    with pytest.raises(StorageError, match=r"sources in .* has columns that this version does not know: notes"):
        await empty_target.migrate(tmp_path)
    assert empty_target.tables() == set()


async def test_a_table_of_somebody_else_goes_into_the_quarantine(target: Target, tmp_path: Path) -> None:
    """Rows of a table without a place here are kept with their original values."""
    files = full_files(tmp_path)
    files.run("sources", "CREATE TABLE my_notes (note TEXT, picture BLOB)")
    files.run("sources", "INSERT INTO my_notes VALUES ('remember', x'00ff')")
    report = await target.migrate(tmp_path, verify=True)
    assert report.good
    assert tally(report, "ingestion.my_notes") == (1, 0, 0, 1)
    kept = target.row("SELECT reason, original FROM migration_quarantine")
    assert kept["reason"] == "no table in this version"
    assert json.loads(kept["original"]) == {"note": "remember", "picture": {"hex": "00ff"}}
