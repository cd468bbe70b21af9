"""Exports in HTML as message sources: pages in their order, whole accounts, threads, windows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from desktop_files import chat, message, read, write
from html_export_files import day, forwarded, page, post, reply_to, service, time_of, write_account, write_pages

from tg_parser.domain.errors import TgParserError
from tg_parser.domain.messages import Author, Chat, Forward
from tg_parser.domain.peers import nameless_channel_id
from tg_parser.ingestion.desktop.export import DesktopExport
from tg_parser.ingestion.source import Window

NEWS = Chat(channel_id=nameless_channel_id("News", "channel"), title="News", kind="channel")


async def test_a_chat_is_given_by_any_of_its_pages_and_by_its_folder(tmp_path: Path) -> None:
    """Whatever path of the export is given, all of its pages are read, each message once."""
    write_pages(tmp_path, page(day(), post(1), post(2), following="messages2.html"), page(day(2), post(3)))
    for given in (tmp_path, tmp_path / "messages.html", tmp_path / "messages2.html", str(tmp_path)):
        reading = await read(given)
        assert (reading.chats, reading.ids, reading.error) == ([NEWS], ["1", "2", "3"], None)
        assert (reading.skipped, reading.notes) == ({}, {})


async def test_pages_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """The tenth page comes after the ninth, not after the first, and other files of the folder are no pages."""
    write_pages(tmp_path, *[page(post(number)) for number in range(1, 12)])
    (tmp_path / "messages_old.html").write_text("x")
    assert (await read(tmp_path, batch_size=1)).ids == [str(number) for number in range(1, 12)]


async def test_a_page_of_another_name_is_an_export_of_its_own(tmp_path: Path) -> None:
    """A page that was renamed is read alone."""
    path = write(tmp_path, page(post(5)).encode(), "saved-copy.html")
    write_pages(tmp_path, page(post(1)))
    assert (await read(path)).ids == ["5"]


async def test_where_json_is_too_it_is_taken(tmp_path: Path) -> None:
    """JSON tells more; who names a page gets the pages all the same."""
    write(tmp_path, chat(message(7)))
    page_path = write_pages(tmp_path, page(post(1)))
    assert (await read(tmp_path)).ids == ["7"]
    assert (await read(page_path)).ids == ["1"]


async def test_a_message_has_what_its_page_shows(tmp_path: Path) -> None:
    """Id, moment in UTC, text, author and adapter; ids of people, edits and views are not on a page."""
    write_pages(tmp_path, page(day(), post(4, 'Read <a href="https://example.com/">more</a><br>today &amp; now')))
    (only,) = (await read(tmp_path)).messages
    assert (only.id, only.message_type, only.channel_id) == ("4", "post", NEWS.channel_id)
    assert only.date == datetime(2024, 9, 12, 7, 4, tzinfo=UTC)
    assert only.text == "Read more\ntoday & now"
    assert [(link.text, link.url) for link in only.links] == [("more", "https://example.com/")]
    assert (only.author, only.edited_at, only.views, only.via) == (Author(name="News"), None, None, "export")


async def test_joined_messages_have_the_author_and_origin_above_them(tmp_path: Path) -> None:
    """A page names the author, and the origin of forwards, once for several messages; the next name ends it."""
    write_pages(
        tmp_path,
        page(
            post(1, name="Ann via @gif"),
            post(2, joined=True),
            post(3, name="Bob", extra=forwarded("", "Zoe")),
            post(4, joined=True, extra=forwarded("", None)),
            post(5, name="Deleted Account"),
        ),
    )
    reading = await read(tmp_path)
    assert [item.author and item.author.name for item in reading.messages] == ["Ann", "Ann", "Bob", "Bob", None]
    origin = Forward(name="Zoe", date=datetime(2024, 9, 11, 6, tzinfo=UTC))
    assert [item.forward for item in reading.messages] == [None, None, origin, origin, None]
    assert [item.raw_payload.get("via_bot") for item in reading.messages] == ["@gif", "@gif", None, None, None]


async def test_replies_of_a_group_make_threads_across_pages(tmp_path: Path) -> None:
    """A reply is a comment in the thread of what it answers, also where that stands on another page."""
    write_pages(
        tmp_path,
        page(post(1, name="Ann"), post(2, name="Bob", extra=reply_to(1)), title="Talk", following="messages2.html"),
        page(post(3, name="Ann", extra=reply_to(2, "messages.html")), post(4, name="Ann"), title="Talk"),
    )
    reading = await read(tmp_path)
    assert reading.chats[0].kind == "group"
    assert [(item.message_type, item.thread_id, item.parent_message_id) for item in reading.messages] == [
        ("post", "1", None), ("comment", "1", "1"), ("comment", "1", "2"), ("post", "4", None),
    ]  # fmt: skip


async def test_replies_of_a_channel_stay_posts(tmp_path: Path) -> None:
    """Between posts of a channel an answer is only noted."""
    write_pages(tmp_path, page(post(1), post(2, extra=reply_to(1))))
    last = (await read(tmp_path)).messages[-1]
    assert (last.message_type, last.thread_id, last.reply_to_message_id) == ("post", "2", "1")


async def test_topics_of_a_forum_are_kept(tmp_path: Path) -> None:
    """What answers the message that opened a topic belongs to the topic, and so does what answers it."""
    opened = service(2, "Ann created topic &laquo;Rules&raquo;")
    write_pages(
        tmp_path,
        page(day(), opened, post(3, name="Bob", extra=reply_to(2)), post(4, name="Ann", extra=reply_to(3))),
    )
    reading = await read(tmp_path)
    assert [(item.service_action, item.forum_topic, item.parent_message_id) for item in reading.messages] == [
        ("topic_created", None, None), (None, "Rules", None), (None, "Rules", "3"),
    ]  # fmt: skip


async def test_service_messages_take_their_time_from_what_stands_around(tmp_path: Path) -> None:
    """A page gives a service message no time: it gets that of the message before, else the begin of its day."""
    write_pages(
        tmp_path,
        page(
            day(1, "11 September 2024"), service(1, "Channel &laquo;News&raquo; created"),
            day(2), post(2), service(3, "News pinned this message"), service(4, "Something new happened"),
        ),
    )  # fmt: skip
    reading = await read(tmp_path)
    assert [(item.id, item.date, item.service_action, item.text) for item in reading.messages] == [
        ("1", datetime(2024, 9, 10, 21, tzinfo=UTC), "create_channel", ""),
        ("2", datetime(2024, 9, 12, 7, 2, tzinfo=UTC), None, "text 2"),
        ("3", datetime(2024, 9, 12, 7, 2, tzinfo=UTC), "pin_message", ""),
        ("4", datetime(2024, 9, 12, 7, 2, tzinfo=UTC), "unknown", ""),
    ]
    assert [item.author and item.author.name for item in reading.messages] == ["News"] * 4
    assert reading.notes == {"service_time_unknown": 3}


async def test_who_writes_and_what_happened_tell_a_channel_from_a_group(tmp_path: Path) -> None:
    """Nobody but the channel writes in a channel; a service message that only one kind has decides before that."""
    cases = {
        "channel": [
            [post(1), post(2, joined=True)],
            [service(1, "Channel photo changed"), post(2, name="Ann"), post(3, name="Bob")],
        ],
        "group": [
            [post(1), post(2, name="Ann")],
            [service(1, "News invited Bob"), post(2)],
            [service(-1, "No exported messages")],
        ],
    }
    kinds = {
        kind: [(await read(write_pages(tmp_path / f"{kind}{at}", page(*elements)))).chats[0].kind]
        for kind, pages in cases.items()
        for at, elements in enumerate(pages)
    }
    assert kinds == {"channel": ["channel"], "group": ["group"]}


async def test_a_migrated_group_keeps_its_early_messages(tmp_path: Path) -> None:
    """Messages from before the upgrade have ids below zero, as in JSON; only date lines are no messages."""
    write_pages(
        tmp_path,
        page(day(), post(-999999998, name="Ann", title=time_of(0)), post(1, name="Bob", extra=reply_to(-999999998))),
    )
    reading = await read(tmp_path)
    assert [(item.id, item.thread_id) for item in reading.messages] == [
        ("-999999998", "-999999998"),
        ("1", "-999999998"),
    ]


async def test_of_an_account_the_channels_and_groups_are_given(tmp_path: Path) -> None:
    """The list of chats names and sorts them; people stay out unless asked for, chats without messages always."""
    write_account(
        tmp_path,
        ("News", "channel", [page(post(1)), page(post(2))]),
        ("Bob", "private", [page(post(1))]),
        ("Quiet", "channel", []),
        ("Talk", "group", [page(post(3, name="Ann"), post(4, name="Ann", extra=reply_to(3)))]),
    )
    for given in (tmp_path, tmp_path / "export_results.html", tmp_path / "lists" / "chats.html"):
        reading = await read(given)
        assert [(item.title, item.kind) for item in reading.chats] == [("News", "channel"), ("Talk", "group")]
        assert (reading.ids, reading.error) == (["1", "2", "3", "4"], None)
        assert reading.messages[-1].parent_message_id == "3"
        assert [item.title for item in reading.left_out] == ["Bob"]
    asked = await read(tmp_path, wanted=lambda found: found.title == "Bob")
    assert [item.kind for item in asked.chats] == ["private"]


async def test_an_account_without_its_list_is_read_by_its_folders(tmp_path: Path) -> None:
    """The pages themselves then tell title and kind."""
    write_account(
        tmp_path, ("a", "channel", [page(post(1))]), ("b", "group", [page(post(2, name="Ann"), title="Talk")])
    )
    (tmp_path / "lists" / "chats.html").unlink()
    reading = await read(tmp_path)
    assert [(item.title, item.kind) for item in reading.chats] == [("News", "channel"), ("Talk", "group")]
    assert reading.ids == ["1", "2"]


async def test_one_chat_of_an_account_is_given_by_its_folder(tmp_path: Path) -> None:
    """It is then an export of one chat, under the same id as in the account."""
    write_account(tmp_path, ("News", "channel", [page(post(1))]), ("Talk", "group", [page(post(2))]))
    assert (await read(tmp_path / "chats" / "chat_001")).chats == (await read(tmp_path)).chats[:1]


async def test_chats_of_one_name_are_not_mixed(tmp_path: Path) -> None:
    """Nothing but the title tells chats apart, so two of one title are refused, and the others still come."""
    write_account(
        tmp_path,
        ("Twin", "group", [page(post(1))]), ("News", "channel", [page(post(2))]), ("Twin", "group", [page(post(3))]),
    )  # fmt: skip
    read_ids, refused = [], []
    async for source in DesktopExport(tmp_path).chats():
        try:
            read_ids += [item.id async for batch in source.batches(Window()) for item in batch.messages]
        except TgParserError as error:
            refused.append(error.message)
    assert (read_ids, len(refused)) == (["2"], 2)
    assert "several chats named Twin" in refused[0]


async def test_an_earlier_chat_can_be_read_again_after_a_later_one(tmp_path: Path) -> None:
    """A source is good for as long as its files are, in whichever order sources are read."""
    write_account(tmp_path, ("News", "channel", [page(post(1))]), ("Talk", "group", [page(post(2))]))
    sources = [source async for source in DesktopExport(tmp_path).chats()]
    ids = [[item.id async for batch in each.batches(Window()) for item in batch.messages] for each in sources]
    assert ids == [["1"], ["2"]]


async def test_batches_windows_and_limits_are_those_of_every_export(tmp_path: Path) -> None:
    """Batches are bounded; a window of dates is half-open and knows roots outside; a limit counts what is given."""
    write_pages(tmp_path, page(*[post(number, name="Ann", extra=reply_to(1)) for number in range(1, 26)]))
    assert (await read(tmp_path, batch_size=10)).batches == [10, 10, 5]
    assert (await read(tmp_path, batch_bytes=1)).batches == [1] * 25
    window = Window(
        limit=3,
        date_from=datetime(2024, 9, 12, 7, 4, tzinfo=UTC),
        date_to=datetime(2024, 9, 12, 7, 20, tzinfo=UTC),
    )
    reading = await read(tmp_path, window, batch_size=2, batch_bytes=1000)
    assert [(item.id, item.thread_id) for item in reading.messages] == [("4", "1"), ("5", "1"), ("6", "1")]
    assert (await read(tmp_path, Window(limit=0))).ids == []


async def test_a_message_twice_comes_once_and_a_changed_one_in_a_later_batch(tmp_path: Path) -> None:
    """Two exports in one folder may overlap: the same message is counted, another text handed on."""
    write_pages(tmp_path, page(post(1), post(2)), page(post(2), post(1, "edited"), post(3)))
    reading = await read(tmp_path)
    assert [(item.id, item.text) for item in reading.messages] == [
        ("1", "text 1"), ("2", "text 2"), ("1", "edited"), ("3", "text 3"),
    ]  # fmt: skip
    assert reading.skipped == {"duplicate_id": 1}


async def test_the_offset_reaches_the_size(tmp_path: Path) -> None:
    """Progress is told in bytes of all pages."""
    write_account(tmp_path, ("News", "channel", [page(post(1)), page(post(2))]), ("Talk", "group", [page(post(3))]))
    export = DesktopExport(tmp_path)
    async for source in export.chats():
        async for _ in source.batches(Window()):
            assert export.offset <= export.size
    assert (export.offset, export.size > 1000) == (export.size, True)
