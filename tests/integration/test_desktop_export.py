"""Exports as message sources: shapes, batches, windows, several chats from one pass."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ijson
from desktop_files import chat, message, read, write

from tg_parser.domain.messages import Chat
from tg_parser.ingestion.desktop.export import DesktopExport
from tg_parser.ingestion.source import Window


def account() -> dict[str, Any]:
    """A whole account: two channels, a person, saved messages and a group that was left."""
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 5, "first_name": "Ann", "id": 99, "type": "x", "name": "y"},
        "contacts": {"list": [{"first_name": "Bob", "messages": [1, 2]}]},
        "frequent_contacts": {"list": [{"id": 7, "name": "Bob", "type": "user"}]},
        "chats": {
            "about": "This page lists all chats from this export.",
            "list": [
                chat(message(1), message(2)),
                chat(message(1), name="Bob", type="personal_chat", id=70),
                {"type": "saved_messages", "id": 5, "messages": [message(4)]},
                chat(message(9), name="Science", id=2),
            ],
        },
        "left_chats": {"list": [chat(message(3), name="Talk", type="private_supergroup", id=3)]},
    }


def test_the_fast_parser_is_the_one_in_use() -> None:
    """ijson falls back to pure Python silently; here it must be the C library."""
    assert ijson.backend == "yajl2_c"


async def test_one_chat_is_given_by_its_file_and_by_its_folder(tmp_path: Path) -> None:
    """The path may name the file or the folder of the export."""
    path = write(tmp_path, chat(message(1), message(2)))
    for given in (path, tmp_path, str(tmp_path)):
        reading = await read(given)
        assert reading.chats == [Chat(channel_id="-1000000000001", title="News", kind="channel")]
        assert (reading.ids, reading.error) == (["1", "2"], None)


async def test_of_an_account_the_channels_and_groups_are_given(tmp_path: Path) -> None:
    """People and saved messages stay out unless asked for, and are named."""
    reading = await read(write(tmp_path, account()))
    assert [item.title for item in reading.chats] == ["News", "Science", "Talk"]
    assert [item.source_ref for item in reading.messages] == [
        "tg:-1000000000001:post:1", "tg:-1000000000001:post:2", "tg:-1000000000002:post:9", "tg:-1000000000003:post:3",
    ]  # fmt: skip
    assert [(item.channel_id, item.title) for item in reading.left_out] == [("70", "Bob"), ("5", None)]


async def test_the_caller_chooses_among_the_chats(tmp_path: Path) -> None:
    """`wanted` decides alone, so one chat of an account, also a private one, can be had."""
    reading = await read(write(tmp_path, account()), wanted=lambda found: found.title == "Bob")
    assert [item.source_ref for item in reading.messages] == ["tg:70:post:1"]
    assert len(reading.left_out) == 4


async def test_an_export_of_one_private_chat_is_given(tmp_path: Path) -> None:
    """Who hands over a single chat wants that chat."""
    reading = await read(write(tmp_path, chat(message(1), type="personal_chat", id=70)))
    assert reading.ids == ["1"]


async def test_chats_that_were_not_read_to_their_end_do_not_mix(tmp_path: Path) -> None:
    """Taking only the first batch of a chat, or none, leaves the next chat whole."""
    export = DesktopExport(write(tmp_path, account()), batch_size=1)
    seen: list[str] = []
    async for source in export.chats():
        if source.chat.title == "Science":
            continue
        async for batch in source.batches(Window(limit=1)):
            seen.extend(item.source_ref for item in batch.messages)
    assert seen == ["tg:-1000000000001:post:1", "tg:-1000000000003:post:3"]
    assert export.offset == export.size


async def test_a_source_can_be_read_again_and_late(tmp_path: Path) -> None:
    """Reading may be repeated: a source opens the file anew when its turn in the pass is over."""
    sources = [source async for source in DesktopExport(write(tmp_path, account())).chats()]
    for _ in range(2):
        for source, ids in zip(sources, (["1", "2"], ["9"], ["3"]), strict=True):
            batches = [batch async for batch in source.batches(Window())]
            assert [[item.id for item in batch.messages] for batch in batches] == [ids]


async def test_a_source_read_twice_in_its_turn_gives_the_same_twice(tmp_path: Path) -> None:
    """A stage that tries again starts from the first message, and the pass goes on behind the chat."""
    seen: list[str] = []
    async for source in DesktopExport(write(tmp_path, account()), batch_size=1).chats():
        for limit in (1, None):
            async for batch in source.batches(Window(limit=limit)):
                seen.extend(item.source_ref for item in batch.messages)
    assert seen == [
        "tg:-1000000000001:post:1", "tg:-1000000000001:post:1", "tg:-1000000000001:post:2",
        "tg:-1000000000002:post:9", "tg:-1000000000002:post:9", "tg:-1000000000003:post:3", "tg:-1000000000003:post:3",
    ]  # fmt: skip


async def test_a_source_outlives_the_pass_that_gave_it(tmp_path: Path) -> None:
    """Who takes the first chat and forgets the others still gets all of its messages."""
    source = await anext(DesktopExport(write(tmp_path, account()), batch_size=1).chats())
    gc.collect()
    await asyncio.sleep(0)
    assert [item.id async for batch in source.batches(Window()) for item in batch.messages] == ["1", "2"]


async def test_a_chat_described_after_its_messages_is_known_all_the_same(tmp_path: Path) -> None:
    """Tools that sort keys put name and type behind the messages; threads of a group need the type before."""
    group = {
        "id": 3,
        "messages": [message(1), message(2, reply_to_message_id=1)],
        "name": "Talk",
        "type": "private_supergroup",
    }
    reading = await read(write(tmp_path, {"chats": {"list": [group, chat(message(5))]}}))
    assert reading.chats[0] == Chat(channel_id="-1000000000003", title="Talk", kind="group")
    assert [item.source_ref for item in reading.messages] == [
        "tg:-1000000000003:post:1",
        "tg:-1000000000003:comment:2",
        "tg:-1000000000001:post:5",
    ]


async def test_batches_are_bounded_in_messages_and_bytes(tmp_path: Path) -> None:
    """A batch ends at its number of messages, or where it has read its share of the file."""
    path = write(tmp_path, chat(*[message(number) for number in range(1, 26)]))
    assert (await read(path, batch_size=10)).batches == [10, 10, 5]
    large = write(tmp_path, chat(*[message(number, text="x" * 100_000) for number in range(1, 31)]))
    reading = await read(large, batch_bytes=500_000)
    assert len(reading.ids) == 30
    assert max(reading.batches) <= 7


async def test_a_window_of_dates_is_half_open(tmp_path: Path) -> None:
    """The first moment belongs to the window, the last one does not; replies know roots outside of it."""
    group = chat(
        *[message(1), message(2, reply_to_message_id=1), message(3, reply_to_message_id=2), message(4)],
        type="private_supergroup",
    )
    window = Window(date_from=datetime(2024, 9, 12, 0, 3, tzinfo=UTC), date_to=datetime(2024, 9, 12, 0, 4, tzinfo=UTC))
    (only,) = (await read(write(tmp_path, group), window)).messages
    assert (only.id, only.thread_id, only.parent_message_id) == ("3", "1", "2")


async def test_a_window_far_into_a_large_file_is_reached(tmp_path: Path) -> None:
    """More bytes of unwanted messages than a batch may read do not end the chat."""
    path = write(tmp_path, chat(*[message(number, text="x" * 70_000) for number in range(1, 30)]))
    window = Window(date_from=datetime(2024, 9, 12, 0, 28, tzinfo=UTC))
    assert (await read(path, window, batch_bytes=1000)).ids == ["28", "29"]


async def test_a_limit_counts_what_is_given(tmp_path: Path) -> None:
    """At most so many messages of the window come, over all batches."""
    path = write(tmp_path, chat(*[message(number) for number in range(1, 26)]))
    window = Window(limit=12, date_from=datetime(2024, 9, 12, 0, 5, tzinfo=UTC))
    reading = await read(path, window, batch_size=10)
    assert (reading.ids[0], reading.ids[-1], reading.batches) == ("5", "16", [10, 2])
    assert (await read(path, Window(limit=0))).ids == []


async def test_the_cursor_is_no_bound_for_an_export(tmp_path: Path) -> None:
    """A new export may bring older history and edits, so everything in it is looked at again."""
    reading = await read(write(tmp_path, chat(message(1), message(2))), Window(after_id=2))
    assert reading.ids == ["1", "2"]


async def test_a_batch_is_in_the_order_of_the_ids(tmp_path: Path) -> None:
    """Ids out of order, and below zero as of an upgraded group, are sorted by number."""
    reading = await read(
        write(tmp_path, chat(message(10), message(9), message(-999999998, date_unixtime="1600000000"), message(2)))
    )
    assert reading.ids == ["-999999998", "2", "9", "10"]


async def test_a_message_twice_comes_once_and_a_changed_one_in_a_later_batch(tmp_path: Path) -> None:
    """The same message again is counted; another text under the same id is handed on as a later sighting."""
    path = write(tmp_path, chat(message(1), message(1), message(2), message(1, text="edited"), message(3)))
    reading = await read(path)
    assert [(item.id, item.text) for item in reading.messages] == [
        ("1", "text 1"), ("2", "text 2"), ("1", "edited"), ("3", "text 3"),
    ]  # fmt: skip
    assert (reading.batches, reading.skipped) == ([2, 2], {"duplicate_id": 1})


async def test_reading_does_not_hold_up_the_event_loop(tmp_path: Path) -> None:
    """While a chat is read, other tasks get their turns."""
    path = write(tmp_path, chat(*[message(number) for number in range(1, 3001)]))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await read(path, batch_size=3000)
    counting.cancel()
    assert turns > 100


async def test_a_cancelled_reading_stops_cleanly(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a file leaves nothing open and nothing running; the file can be read again."""
    path = write(tmp_path, chat(*[message(number) for number in range(1, 3001)]))
    first = asyncio.Event()

    async def consume() -> None:
        async for source in DesktopExport(path, batch_size=10).chats():
            async for _ in source.batches(Window()):
                first.set()

    task = asyncio.create_task(consume())
    await first.wait()
    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    assert len((await read(path)).ids) == 3000


def numbered(number: int, kind: str, *messages: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Odd", "type": kind, "id": number, "messages": list(messages)}


def of_today(sender: str) -> dict[str, Any]:
    return of_2021(sender) | {"date_unixtime": "1793527200"}


def of_2021(sender: int | str) -> dict[str, Any]:
    return {"id": 1, "type": "message", "date": "2021-01-01T10:00:00", "from_id": sender, "text": "x"}


async def test_numbers_are_read_as_the_time_of_the_export_wrote_them(tmp_path: Path) -> None:
    """Of today a number is a plain id, of 2021 it holds a kind above the 32nd bit; the first message tells which."""
    list_ = [
        numbered(4300000000, "public_channel", of_today("channel4300000000")),
        numbered(5032704, "private_group", of_today("user7")),
        numbered(9999999999, "private_channel", of_today("channel9999999999")),
        numbered(1002147483650, "private_supergroup", of_today("user7000000001")),
        numbered(5076123456, "private_group", of_today("user7000000001")),
        numbered(9999999999, "private_channel", of_2021(9999999999)),
        numbered(8589934592 + 5032704, "private_group", of_2021(4389402929)),
        numbered(9999999999, "private_channel"),
    ]
    path = write(tmp_path, {"chats": {"list": list_}})
    found = []
    async for each in DesktopExport(path).chats():
        batches = [batch async for batch in each.batches(Window())]
        found.append((each.chat.channel_id, [held.author.id for batch in batches for held in batch.messages]))
    assert found == [
        ("-1004300000000", ["-1004300000000"]),
        ("-5032704", ["7"]),
        ("-1009999999999", ["-1009999999999"]),
        ("-2002147483650", ["7000000001"]),
        ("-5076123456", ["7000000001"]),
        ("-1001410065407", ["-1001410065407"]),
        ("-5032704", ["94435633"]),
        ("-1009999999999", []),
    ]
