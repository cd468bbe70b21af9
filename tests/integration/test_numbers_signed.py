"""Channels of exports whose numbers were folded to 32 bits are known by who signs there, on both backends."""

from __future__ import annotations

from typing import Any

import pytest
from old_numbers import as_before, posts, upgrade, values
from samples import NOW, document, message, topic

from tg_parser.domain.messages import Author, RawMessage
from tg_parser.domain.sources import SourceChange
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage

ORDERS = [("ingestion", "raw", "processing"), ("processing", "raw", "ingestion"), ("raw", "ingestion", "processing")]
# Stored number: its bare id in the export, and the author as that version read it from `from_id`.
SIGNED = {
    "-1001410065407": ("-1009999999999", "-1009999999999"),
    "-1003755744309": ("-1012345678901", "-10012345678901"),
    "-100123456789": ("-1008713391381", "-1008713391381"),
    "-10043": ("-1008589934635", "-1008589934635"),
}
ORDINARY, SILENT, MIXED = "-1001032086354", "-1001410065408", "-1001410065409"


async def fill(databases: Databases, channel: str, messages: list[RawMessage], kind: str = "channel") -> None:
    """A chat with messages, and a source, documents and a topic that refer to it."""
    await RawStorage(databases.raw).store(messages, NOW)
    change = SourceChange(source_id=channel, channel_id=channel, channel_kind=kind, via="export")
    await IngestionStorage(databases.ingestion).save_source(change, NOW)
    await ProcessingStorage(databases.processing).store([document(1, channel=channel), document(2, channel=channel)])
    pair = topic(1, 2, channel=channel)
    await TopicStorage(databases.processing).replace([channel], [pair], [], TopicRun("f", NOW, {}))


async def numbers(databases: Databases) -> dict[str, str]:
    """By source, the number under which each of the three databases has its chat."""
    sources = await IngestionStorage(databases.ingestion).list_sources()
    found = {each.source_id: each.channel_id for each in sources}
    there = set(found.values())
    for database, table in (
        ("raw", "raw_messages"), ("processing", "processed_documents"), ("processing", "topics"),
        ("processing", "topic_items"), ("processing", "topic_runs"),
    ):  # fmt: skip
        column = "channels_key" if table == "topic_runs" else "channel_id"
        rows = await values(getattr(databases, database), f"SELECT DISTINCT {column} FROM {table}")
        assert {row[0] for row in rows} == there, table
    refs = "SELECT source_ref FROM processed_documents UNION SELECT source_ref FROM topic_items"
    named = {ref.split(":")[1] for (ref,) in await values(databases.processing, refs)}
    assert named == there
    return found


@pytest.mark.parametrize("order", ORDERS)
async def test_channels_that_sign_with_the_whole_number_get_it(
    databases: Databases, order: tuple[str, str, str]
) -> None:
    """Posts from `channel9999999999` are of that channel, wherever it is named; ordinary ones keep theirs."""
    for stored, (_, author) in SIGNED.items():
        payload = {"from_id": f"channel{author.removeprefix('-100')}"}
        await fill(databases, stored, posts(stored, author, raw_payload=payload))
    await fill(databases, ORDINARY, posts(ORDINARY, ORDINARY))
    await as_before(databases)
    await upgrade(databases, order)
    right = {stored: number for stored, (number, _) in SIGNED.items()}
    assert await numbers(databases) == {**right, ORDINARY: ORDINARY}
    authors = await values(databases.raw, "SELECT DISTINCT author_id FROM raw_messages")
    assert {author for (author,) in authors} == {*right.values(), ORDINARY}


@pytest.mark.parametrize("order", ORDERS)
async def test_a_supergroup_is_known_by_one_message_in_its_own_name(
    databases: Databases, order: tuple[str, str, str]
) -> None:
    """People write there, but an admin in the name of the group, or a note of the group itself, tells its number."""
    said: dict[str, Any] = {"author": Author(id="-1009999999999")}
    for stored, own in (
        ("-1001410065407", message(3, channel="-1001410065407", kind="comment", thread_id="2", **said)),
        (
            "-1410065408",
            message(3, channel="-1410065408", service_action="pin_message", author=Author(id="-1005705032704")),
        ),
    ):
        people = [message(n, channel=stored, author=Author(id=str(7000000000 + n))) for n in (1, 2)]
        await fill(databases, stored, [*people, own], kind="group")
    await as_before(databases)
    await upgrade(databases, order)
    assert await numbers(databases) == {"-1001410065407": "-1009999999999", "-1410065408": "-1005705032704"}


@pytest.mark.parametrize("order", ORDERS)
async def test_what_nobody_signed_keeps_its_number(databases: Databases, order: tuple[str, str, str]) -> None:
    """Without a message in the chat's own name, or with those of the channel that has the number, nothing is moved."""
    await fill(databases, SILENT, posts(SILENT, "7000000001"), kind="group")
    mixed = [*posts(MIXED, MIXED, 1), *posts(MIXED, "-1010000000001", 2)]
    await fill(databases, MIXED, mixed)
    await fill(databases, ORDINARY, posts(ORDINARY, "-1009622020946", 1) + posts(ORDINARY, ORDINARY, 2))
    await as_before(databases)
    await upgrade(databases, order)
    assert await numbers(databases) == {each: each for each in (SILENT, MIXED, ORDINARY)}
