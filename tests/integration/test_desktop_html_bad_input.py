"""Damaged and foreign pages: what is whole comes first, then one clear error; nothing else ever escapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desktop_files import read, write
from html_export_files import day, page, post, service, write_account, write_pages
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tg_parser.domain.errors import ExportFormatError, ExportTruncatedError, SourceError, TgParserError

WHOLE = page(day(), post(1), post(2), service(3, "News pinned this message"), post(4))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\x00" * 5000, "is empty"),
        (b"hello", "no message is found on it"),
        (b"<!DOCTYPE html><html><body><div class='message'>Hi</div></body></html>", "no message is found on it"),
        ("<html><p>Привет</p></html>".encode("utf-16"), "no message is found on it"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "no message is found on it"),
    ],
)
async def test_a_file_that_is_no_page_of_an_export_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    """The error says what was found and the hint what to give instead."""
    error = (await read(write(tmp_path, content, "messages.html"))).error
    assert (type(error), sentence in error.message) == (ExportFormatError, True)
    assert "messages.html" in error.hint


async def test_an_account_without_chats_is_refused(tmp_path: Path) -> None:
    """An export of contacts alone holds nothing to collect."""
    error = (await read(write_account(tmp_path, ("Quiet", "channel", [])))).error
    assert (type(error), "contains no chat with messages" in error.message) == (ExportFormatError, True)


async def test_a_chat_without_messages_gives_none(tmp_path: Path) -> None:
    """Telegram Desktop writes a page also for an empty period."""
    write_pages(tmp_path, page(service(-1, "No exported messages")))
    reading = await read(tmp_path)
    assert (len(reading.chats), reading.ids, reading.error) == (1, [], None)


async def test_a_page_cut_in_the_middle_of_a_message_gives_all_before_it(tmp_path: Path) -> None:
    """The unfinished message is no message: its text may go on. The error names the page and the last whole one."""
    write_pages(tmp_path, WHOLE[: WHOLE.index("text 4") + 3])
    reading = await read(tmp_path)
    assert reading.ids == ["1", "2", "3"]
    assert (type(reading.error), reading.error.message) == (
        ExportTruncatedError,
        f"{tmp_path / 'messages.html'} is truncated; message 3 is the last complete one.",
    )
    assert "Export the chat again" in reading.error.hint


async def test_a_page_cut_behind_its_last_message_keeps_it(tmp_path: Path) -> None:
    """A message that was closed is whole."""
    closed = "\n     </div>\n"
    write_pages(tmp_path, WHOLE[: WHOLE.rindex(closed) + len(closed)])
    reading = await read(tmp_path)
    assert (reading.ids, type(reading.error)) == (["1", "2", "3", "4"], ExportTruncatedError)


async def test_a_cut_page_does_not_end_the_pages_behind_it(tmp_path: Path) -> None:
    """All that can be read is read before the error is told."""
    write_pages(tmp_path, WHOLE[: WHOLE.index("text 2")], page(post(5)))
    reading = await read(tmp_path, batch_size=1)
    assert (reading.ids, type(reading.error)) == (["1", "5"], ExportTruncatedError)


@pytest.mark.parametrize(
    ("pages", "numbers", "ids", "lacking"),
    [
        ([page(post(1)), page(post(3))], (1, 3), ["1", "3"], "messages2.html"),
        ([page(post(1)), page(post(9))], (1, 9), ["1", "9"], "messages2.html to messages8.html"),
        ([page(post(2))], (2,), ["2"], "messages.html"),
        ([page(post(1), following="messages2.html")], (1,), ["1"], "messages2.html"),
        ([page(post(1)), page(post(2), following="messages3.html")], (1, 2), ["1", "2"], "messages3.html"),
    ],
)
async def test_a_missing_page_is_named_after_what_is_there(
    tmp_path: Path, pages: list[str], numbers: tuple[Any, ...], ids: list[str], lacking: str
) -> None:
    """Pages stand in a row and each links to the next, so a lost one is noticed, at the begin and the end too."""
    write_pages(tmp_path, *pages, numbers=numbers)
    reading = await read(tmp_path)
    assert reading.ids == ids
    assert (type(reading.error), reading.error.message) == (
        ExportTruncatedError,
        f"{tmp_path} lacks {lacking} with their messages.",
    )


async def test_several_troubles_are_told_in_one_error(tmp_path: Path) -> None:
    """An empty page and a lost one: both are named, and what stands on the others is there."""
    write_pages(tmp_path, page(post(1)), b"", page(post(5)), numbers=(1, 2, 4))
    reading = await read(tmp_path)
    assert reading.ids == ["1", "5"]
    assert type(reading.error) is ExportTruncatedError
    assert "messages2.html is empty." in reading.error.message
    assert "lacks messages3.html" in reading.error.message


async def test_a_folder_in_place_of_a_page_cannot_be_read(tmp_path: Path) -> None:
    """What the operating system refuses is said in words."""
    (tmp_path / "messages.html").mkdir()
    error = (await read(tmp_path)).error
    assert (type(error), "messages.html cannot be read" in error.message) == (SourceError, True)


async def test_one_broken_chat_of_an_account_leaves_the_others_alone(tmp_path: Path) -> None:
    """Each chat has files of its own, so the pass goes on behind a broken one."""
    write_account(tmp_path, ("News", "channel", [b"x"]), ("Talk", "group", [page(post(2))]))
    first = await read(tmp_path)
    assert (type(first.error), "chat_001" in first.error.message) == (ExportFormatError, True)
    assert (await read(tmp_path, wanted=lambda found: found.title == "Talk")).ids == ["2"]


async def test_invalid_utf8_is_replaced_and_counted(tmp_path: Path) -> None:
    """One broken byte costs one character, not the message."""
    write_pages(tmp_path, page(post(1, "caf\udce9, \N{REPLACEMENT CHARACTER}")).encode("utf-8", "surrogateescape"))
    reading = await read(tmp_path)
    assert reading.messages[0].text == "caf\N{REPLACEMENT CHARACTER}, \N{REPLACEMENT CHARACTER}"
    assert reading.notes == {"invalid_utf8": 1}


async def test_open_tags_spoil_their_own_message_alone(tmp_path: Path) -> None:
    """What one message leaves open does not swallow the next one."""
    write_pages(tmp_path, page(post(1, "<b><i>bold <a href='https://e.com'>x"), post(2), post(3, "</div></div></p>y")))
    reading = await read(tmp_path)
    assert [item.id for item in reading.messages] == ["1", "2", "3"]
    assert reading.messages[1].text == "text 2"


async def test_a_message_without_a_date_is_counted(tmp_path: Path) -> None:
    """A date that cannot be read leaves nothing to put the message in order by."""
    write_pages(tmp_path, page(post(1), post(2, title="yesterday"), post(3, title="99.99.2024 10:00:00")))
    reading = await read(tmp_path)
    assert (reading.ids, reading.skipped) == (["1"], {"no_date": 2})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_no_damage_makes_another_error_than_ours(tmp_path: Path, data: Any) -> None:
    """Whatever is cut out, doubled or put into a page: messages come, or an error that says what is wrong."""
    text = WHOLE.encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 400)))
        filler = st.binary(max_size=12) | st.sampled_from(
            [b"<div ", b"</div>", b"&#0;", b'id="message', b"\x00", b"<!--"]
        )
        text = text[:start] + data.draw(filler) + text[data.draw(st.sampled_from([start, end])) :]
    reading = await read(write(tmp_path, text, "messages.html"))
    assert reading.error is None or isinstance(reading.error, TgParserError)
    assert all(item.raw_payload["exported_as"] == "html" for item in reading.messages)


@given(cut=st.integers(0, len(WHOLE) - len("</html>") - 1))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_wherever_a_page_is_cut_no_half_message_comes(tmp_path: Path, cut: int) -> None:
    """Every message that comes is as it is in the whole page, and the cut is always told."""
    whole = await read(write(tmp_path, WHOLE.encode(), "messages.html"))
    texts = {item.id: (item.text, item.date, item.service_action) for item in whole.messages}
    reading = await read(write(tmp_path, WHOLE[:cut].encode(), "messages.html"))
    assert isinstance(reading.error, ExportFormatError | ExportTruncatedError)
    assert all(texts[item.id] == (item.text, item.date, item.service_action) for item in reading.messages)
