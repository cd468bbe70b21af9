"""Databases of earlier versions with wrongly stored numbers of chats are put right, whole, on both backends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

import pytest
from cli_process import begin, tg_parser
from old_numbers import FOLDED, FOLDED_RIGHT, as_before, posts, upgrade, values
from samples import NOW, document, message, topic
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.config.settings import Settings
from tg_parser.domain.backlog import Backlog, OpenRange
from tg_parser.domain.messages import Author, Forward, RawMessage
from tg_parser.domain.sources import SourceChange
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.accounts import AccountStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.storage.tables import METADATA
from tg_parser.storage.tables.agents import handoff_history, task_history
from tg_parser.storage.tables.ingestion import source_attempts
from tg_parser.storage.tables.jobs import jobs
from tg_parser.storage.tables.llm import llm_answers, llm_spending
from tg_parser.storage.tables.processing import processing_claims, processing_failures

TINY, TINY_RIGHT = "-1005", "-1000000000005"
LONG, LONG_RIGHT = "-10012345678901", "-1012345678901"
VILLAGE, OLD_GROUP, RIGHT = "-10043", "-5032705", "-1001032086354"
WRONG = (TINY, LONG, FOLDED)
COUNTERS = ("calls", "input_tokens", "output_tokens", "cost_nanousd", "unknown_usage_calls", "unknown_price_calls")


def people(channel: str) -> list[RawMessage]:
    return [message(n, channel=channel, author=Author(id=str(7000000000 + n))) for n in (1, 2)]


async def fill(databases: Databases) -> None:
    """What versions before stored of a tiny, a long and a fresh channel, and of two groups and a channel rightly."""
    await fill_messages(databases)
    await fill_sources(databases)
    await fill_documents(databases, (*WRONG, VILLAGE, OLD_GROUP, RIGHT))


async def fill_messages(databases: Databases) -> None:
    raw = RawStorage(databases.raw)
    payload = {"peer_id": {"_": "PeerChannel", "channel_id": 5}}
    await raw.store(posts(TINY, TINY, via="api", raw_payload=payload), NOW)
    forward = Forward(name="Five", peer_id=TINY, message_id="1")
    await raw.store(posts(LONG, LONG, via="web", forward=forward), NOW)
    await raw.store(posts(FOLDED, FOLDED_RIGHT), NOW)
    await raw.store([message(2, "edited", channel=FOLDED, author=Author(id=FOLDED_RIGHT))], NOW)
    await raw.store([*people(VILLAGE), *people(OLD_GROUP), *posts(RIGHT, RIGHT)], NOW)


async def fill_sources(databases: Databases) -> None:
    sources = IngestionStorage(databases.ingestion)
    for name, channel, kind, via in (
        ("tiny", TINY, "channel", "api"), ("long", LONG, "group", "web"), ("fresh", FOLDED, "channel", "export"),
        ("village", VILLAGE, "group", "export"), ("old", OLD_GROUP, "group", "export"),
        ("right", RIGHT, "channel", "export"),
    ):  # fmt: skip
        change = SourceChange(source_id=name, channel_id=channel, channel_kind=kind, via=via)
        await sources.save_source(change, NOW)
        await sources.save_backlog(name, Backlog(2), NOW)
    await sources.save_source(SourceChange(source_id="named", channel_id="somename", peer_id=LONG), NOW)
    await AccountStorage(databases.ingestion).remember_access("session", TINY, 11)


async def fill_documents(databases: Databases, channels: tuple[str, ...]) -> None:
    documents, topics = ProcessingStorage(databases.processing), TopicStorage(databases.processing)
    for channel in channels:
        await documents.store([document(1, channel=channel), document(2, channel=channel)])
        card, bundle = topic(1, 2, channel=channel)
        card = card.model_copy(update={"related_topics": (f"topic:tg:{RIGHT}:post:1", f"topic:tg:{FOLDED}:post:1")})
        await topics.replace([channel], [(card, bundle)], [], TopicRun("f", NOW, {"channel": channel}))
        await write(databases, *rows_beside(channel))
    await topics.replace([RIGHT, TINY], [], [], TopicRun("both", NOW, {}))


def rows_beside(channel: str) -> Iterator[tuple[Any, ...]]:
    ref, moment = f"tg:{channel}:post:1", {"created_at": NOW}
    yield (
        processing_failures,
        {
            "source_ref": f"tg:{channel}:post:9",
            "channel_id": channel,
            "revision": 0,
            "attempts": 1,
            "last_attempt_at": NOW,
        },
    )
    yield processing_claims, {"source_ref": f"tg:{channel}:post:8", "holder": "somebody", "claimed_at": NOW}
    yield (
        llm_answers,
        {"key": channel, "channel_id": channel, "provider": "p", "model": "m", "response_json": {}} | moment,
    )
    yield (
        llm_spending,
        {
            "day": "2026-01-01",
            "run_id": "r",
            "stage": "process",
            "channel_id": channel,
            "provider": "p",
            "model": "m",
            "cached_answers": 1,
        }
        | dict.fromkeys(COUNTERS, 5),
    )
    yield (
        task_history,
        {
            "id": channel,
            "agent_name": "a",
            "task_type": "t",
            "source_ref": ref,
            "channel_id": channel,
            "input_json": {"refs": [ref]},
            "output_json": {"topic": f"topic:{ref}"},
            "success": True,
        }
        | moment,
    )
    yield (
        handoff_history,
        {
            "id": channel,
            "source_agent": "a",
            "target_agent": "b",
            "task_type": "t",
            "priority": 1,
            "status": "s",
            "payload_json": {"source_ref": ref},
        }
        | moment,
    )
    yield (
        jobs,
        {
            "job_id": channel,
            "job_type": "run",
            "status": "done",
            "channel_id": channel,
            "result_json": {"channels": [channel]},
        }
        | moment,
    )


async def write(databases: Databases, *rows: tuple[Any, ...]) -> None:
    async def write_all(conn: AsyncConnection) -> None:
        for table, row in rows:
            await conn.execute(insert(table).values(**row))

    await databases.processing.write(write_all)


async def contents(databases: Databases) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    found = {}
    for database in databases.all:
        for table in METADATA[database.name].sorted_tables:
            rows = await database.rows(select(table))
            found[table.name] = sorted(repr(sorted(dict(row).items())) for row in rows)
    return found


async def test_everything_refers_to_the_right_chats(databases: Databases) -> None:
    """No table names a wrong number any more, every reference leads to its row, and what was right is untouched."""
    await fill(databases)
    await as_before(databases)
    await upgrade(databases)
    left = await contents(databases)
    own_keys = {"llm_answers", "task_history", "handoff_history", "jobs"}
    for name, rows in left.items():
        for row, wrong in itertools.product(rows, WRONG):
            assert f"tg:{wrong}:" not in row, (name, row)
            assert name in own_keys or f"'{wrong}'" not in row, (name, row)
    right = {TINY_RIGHT, LONG_RIGHT, FOLDED_RIGHT, VILLAGE, OLD_GROUP, RIGHT}
    for name in (
        "processed_documents",
        "topics",
        "topic_items",
        "processing_failures",
        "llm_answers",
        "task_history",
        "jobs",
        "llm_spending",
    ):
        assert {row[0] for row in await values(databases.processing, f"SELECT channel_id FROM {name}")} == right, name
    assert {row[0] for row in await values(databases.raw, "SELECT channel_id FROM raw_messages")} == right
    assert (
        await values(databases.processing, "SELECT id FROM processed_documents WHERE id <> 'doc:' || source_ref") == []
    )
    assert await values(databases.processing, "SELECT channels_key FROM topic_runs ORDER BY 1") == sorted(
        [(key,) for key in right] + [(" ".join(sorted([TINY_RIGHT, RIGHT])),)]
    )


async def test_topics_and_their_bundles_stay_whole(databases: Databases) -> None:
    """Id, anchors, sources, related topics and items of a topic name the right chat; its run is still known."""
    await fill(databases)
    await as_before(databases)
    await upgrade(databases)
    ((card, bundle),) = await TopicStorage(databases.processing).known([FOLDED_RIGHT])
    assert card.id == bundle.topic_id == f"topic:tg:{FOLDED_RIGHT}:post:1"
    assert [(each.channel_id, each.anchor_ref) for each in card.anchors] == [
        (FOLDED_RIGHT, f"tg:{FOLDED_RIGHT}:post:1")
    ]
    assert (card.sources, bundle.channels) == ((FOLDED_RIGHT,), (FOLDED_RIGHT,))
    assert card.related_topics == (f"topic:tg:{RIGHT}:post:1", f"topic:tg:{FOLDED_RIGHT}:post:1")
    assert [(item.source_ref, item.channel_id) for item in bundle.items] == [
        (f"tg:{FOLDED_RIGHT}:post:{number}", FOLDED_RIGHT) for number in (1, 2)
    ]
    run = await TopicStorage(databases.processing).last_run([FOLDED_RIGHT])
    assert (run.fingerprint, run.report) == ("f", {"channel": FOLDED_RIGHT})


async def test_authors_forwards_logs_sources_and_keys_are_put_right(databases: Databases) -> None:
    """Who wrote, where it came from, what was edited, which source, and with which key the account may ask."""
    await fill(databases)
    old = message(5, channel=OLD_GROUP, author=Author(id="-94435633"), raw_payload={"from_id": 4389402929})
    await RawStorage(databases.raw).store([old], NOW)
    await as_before(databases)
    await upgrade(databases)
    authors = "SELECT DISTINCT channel_id, author_id FROM raw_messages WHERE author_id LIKE '-%' ORDER BY 1"
    assert set(await values(databases.raw, authors)) == {
        (each, each) for each in (TINY_RIGHT, LONG_RIGHT, FOLDED_RIGHT, RIGHT)
    }
    person = f"SELECT author_id FROM raw_messages WHERE source_ref = 'tg:{OLD_GROUP}:post:5'"
    assert await values(databases.raw, person) == [("94435633",)]
    forwards = await databases.raw.rows(select(METADATA["raw"].tables["raw_messages"].c.forward_json))
    assert [row["forward_json"]["peer_id"] for row in forwards if row["forward_json"]] == [TINY_RIGHT, TINY_RIGHT]
    assert await values(databases.raw, "SELECT source_ref, text FROM raw_revisions") == [
        (f"tg:{FOLDED_RIGHT}:post:2", "edited")
    ]
    sources = await IngestionStorage(databases.ingestion).list_sources()
    assert {each.source_id: (each.channel_id, each.peer_id, each.last_post_id) for each in sources} == {
        "tiny": (TINY_RIGHT, None, 2), "long": (LONG_RIGHT, None, 2), "fresh": (FOLDED_RIGHT, None, 2),
        "village": (VILLAGE, None, 2), "old": (OLD_GROUP, None, 2), "right": (RIGHT, None, 2),
        "named": ("somename", LONG_RIGHT, None),
    }  # fmt: skip
    assert await AccountStorage(databases.ingestion).access_hash("session", TINY_RIGHT) == 11


async def test_claims_on_a_chat_that_moves_are_dropped(databases: Databases) -> None:
    """They are leases of workers that are gone; its messages are waiting, and claims on other chats stay."""
    await fill(databases)
    await as_before(databases)
    await upgrade(databases)
    assert await values(databases.processing, "SELECT source_ref FROM processing_claims ORDER BY 1") == sorted(
        (f"tg:{channel}:post:8",) for channel in (VILLAGE, OLD_GROUP, RIGHT)
    )


ORDERS = [("processing", "raw", "ingestion"), ("raw", "processing", "ingestion"), ("ingestion", "processing", "raw")]


@pytest.fixture(scope="module")
def expected(shared_settings: Settings) -> dict[str, list[str]]:
    """The contents of databases that were upgraded at once, in the usual order."""

    async def upgraded() -> dict[str, list[str]]:
        async with open_databases(shared_settings) as databases:
            await fill(databases)
            await as_before(databases)
            await upgrade(databases)
            return await contents(databases)

    return asyncio.run(upgraded())


@pytest.mark.parametrize("order", ORDERS)
async def test_any_order_and_any_number_of_times_end_the_same(
    databases: Databases, order: tuple[str, str, str], expected: dict[str, list[str]]
) -> None:
    """Each database alone, in whatever order, down and up again: always the same rows."""
    await fill(databases)
    await as_before(databases)
    await upgrade(databases, order)
    assert await contents(databases) == expected
    await as_before(databases)
    await upgrade(databases, order)
    assert await contents(databases) == expected


async def test_killed_at_any_moment_and_run_again_it_ends_the_same(
    databases: Databases, process_env: dict[str, str], tmp_path: Path, expected: dict[str, list[str]]
) -> None:
    """Upgrades that are killed with SIGKILL leave each database before or after, and the last one ends all."""
    await fill(databases)
    await as_before(databases)
    for seconds in (0.05, 0.15, 0.25, 0.35, 0.5):
        process = begin(process_env, "db", "upgrade", cwd=tmp_path)
        with contextlib.suppress(TimeoutExpired):
            await asyncio.to_thread(process.wait, seconds)
        process.kill()
        process.wait()
    await asyncio.to_thread(tg_parser, process_env, "db", "upgrade", cwd=tmp_path)
    assert await contents(databases) == expected


async def test_a_chat_stored_under_two_numbers_becomes_one(databases: Databases) -> None:
    """Messages are united, of doubles the one seen first stays with what was seen later, and no key is met twice."""
    await fill(databases)
    raw, documents = RawStorage(databases.raw), ProcessingStorage(databases.processing)
    payload = {"peer_id": {"_": "PeerChannel", "channel_id": 4300000000}}
    await raw.store(posts(FOLDED_RIGHT, FOLDED_RIGHT, 2, 3, via="api", raw_payload=payload), NOW + timedelta(hours=1))
    await documents.store([document(2, channel=FOLDED_RIGHT, revision=1), document(3, channel=FOLDED_RIGHT)])
    await TopicStorage(databases.processing).replace(
        [FOLDED_RIGHT], [topic(3, 2, channel=FOLDED_RIGHT)], [], TopicRun("g", NOW, {})
    )
    await write(
        databases, *(each for each in rows_beside(FOLDED_RIGHT) if each[0] in {llm_spending, processing_failures})
    )
    await as_before(databases)
    await upgrade(databases)
    of_chat = f"WHERE source_ref LIKE 'tg:{FOLDED_RIGHT}:%' ORDER BY 1"
    assert await values(databases.raw, f"SELECT id, via, text, revision FROM raw_messages {of_chat}") == [
        ("1", "export", "text", 0), ("2", "api", "text", 2), ("3", "api", "text", 0),
    ]  # fmt: skip
    assert await values(databases.raw, f"SELECT source_ref, text FROM raw_revisions {of_chat}") == [
        (f"tg:{FOLDED_RIGHT}:post:2", "edited"), (f"tg:{FOLDED_RIGHT}:post:2", "text"),
    ]  # fmt: skip
    made = f"SELECT source_message_id, revision FROM processed_documents {of_chat}"
    assert await values(databases.processing, made) == [
        ("1", 0), ("2", 0), ("3", 0),
    ]  # fmt: skip
    spent = f"SELECT calls, cost_nanousd, cached_answers FROM llm_spending WHERE channel_id = '{FOLDED_RIGHT}'"
    assert await values(databases.processing, spent) == [(10, 10, 2)]
    assert {card.id for card, _ in await TopicStorage(databases.processing).known([FOLDED_RIGHT])} == {
        f"topic:tg:{FOLDED_RIGHT}:post:{number}" for number in (1, 3)
    }


async def test_two_sources_of_one_chat_become_one_that_rather_reads_again(databases: Databases) -> None:
    """The wishes of both count, and of two cursors the lower one with its open ranges; attempts are kept."""
    await fill_sources(databases)
    sources = IngestionStorage(databases.ingestion)
    wide = SourceChange(
        source_id="api", channel_id=FOLDED_RIGHT, channel_username="fresh", include_comments=True, history_from=NOW
    )
    await sources.save_source(wide, NOW)
    await sources.save_backlog("api", Backlog(900, (OpenRange(1, 400),)), NOW)
    attempt = {"started_at": NOW, "finished_at": NOW, "success": True, "counts_json": {"seen": 2}}
    both = [{"source_id": name, **attempt} for name in ("fresh", "api")]
    await databases.ingestion.write(lambda conn: conn.execute(insert(source_attempts), both))
    await as_before(databases)
    await upgrade(databases)
    (source,) = await sources.find_by_channel(FOLDED_RIGHT)
    assert (source.source_id, source.channel_username, source.include_comments, source.history_from) == (
        "api", "fresh", True, None,
    )  # fmt: skip
    assert await values(databases.ingestion, "SELECT source_id FROM source_attempts") == [("api",), ("api",)]
    assert (source.last_post_id, source.newest_post_id, source.open_ranges) == (1, 900, (OpenRange(1, 400),))


async def test_of_two_keys_of_an_account_the_one_of_the_right_number_stays(databases: Databases) -> None:
    """An account that has asked for a chat under both numbers may go on asking."""
    accounts = AccountStorage(databases.ingestion)
    for channel, key in ((TINY, 11), (TINY_RIGHT, 12)):
        await accounts.remember_access("session", channel, key)
    await accounts.remember_access("another", TINY, 13)
    await as_before(databases)
    await upgrade(databases)
    assert await accounts.access_hash("session", TINY_RIGHT) == 12
    assert await accounts.access_hash("another", TINY_RIGHT) == 13
    assert await accounts.access_hash("session", TINY) is None


async def test_a_group_whose_number_begins_with_100_stays_a_group(databases: Databases) -> None:
    """People write there, or the API says so; a short number without any witness stays what it says."""
    raw, chat = RawStorage(databases.raw), {"peer_id": {"_": "PeerChat", "chat_id": 1009}}
    group, lonely, supergroup = "-1009", "-1008", "-1007"
    await raw.store(posts(group, group, via="api", raw_payload=chat), NOW)
    await raw.store([message(1, channel=lonely)], NOW)
    payload = {"peer_id": {"_": "PeerChannel", "channel_id": 7}}
    await raw.store(posts(supergroup, "7000000001", via="api", raw_payload=payload), NOW)
    await ProcessingStorage(databases.processing).store(
        [document(1, channel=each) for each in (group, lonely, supergroup)]
    )
    await as_before(databases)
    await upgrade(databases)
    kept = {"-1009", "-1008", "-1000000000007"}
    assert {row[0] for row in await values(databases.raw, "SELECT channel_id FROM raw_messages")} == kept
    assert {row[0] for row in await values(databases.processing, "SELECT channel_id FROM processed_documents")} == kept
