"""Bad exports: a clear error, and nothing lost of what is good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from desktop_files import chat, message, read, write

from tg_parser.domain.errors import ExportFormatError, ExportTruncatedError, SourceError
from tg_parser.ingestion.desktop.json_reader import JsonExportReader
from tg_parser.ingestion.source import Window


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"\x00" * 5000, "is empty"),
        (b"hello", "is not JSON"),
        (b"\xff\xfe{\x00}\x00", "it has no chat with messages"),
        (b"<!DOCTYPE html><html></html>", "is an HTML page"),
        (b"5", "it has no chat with messages"),
        (b'[{"id": 1}]', "it has no chat with messages"),
        (b"{}", "it has no chat with messages"),
        (b'{"messages": 5, "ok": true}', "has messages, ok, but no chat with messages"),
        (b'{"messages": {"id": 1}}', "but no chat with messages"),
        (b'{"chats": {"list": []}}', "has chats, but no chat with messages"),
        (b'{"name": "x", "events": []}', "has name, events, but no chat with messages"),
    ],
)
async def test_a_file_of_another_kind_is_refused_with_what_it_is(tmp_path: Path, content: bytes, sentence: str) -> None:
    """The error says what the file is instead, and how to make the right one."""
    error = (await read(write(tmp_path, content))).error
    assert type(error) is ExportFormatError
    assert sentence in error.message
    assert "Machine-readable JSON" in error.hint


async def test_folders_without_an_export_are_refused(tmp_path: Path) -> None:
    """An empty folder holds nothing; a missing path is missing."""
    empty = (await read(tmp_path)).error
    assert (type(empty), "contains no result.json" in empty.message) == (ExportFormatError, True)
    endless = (await read(tmp_path / ("x" * 5000))).error
    assert (type(endless), "cannot be read" in endless.message) == (SourceError, True)
    missing = (await read(tmp_path / "nothing.json")).error
    assert (type(missing), "There is no file" in missing.message) == (SourceError, True)


async def test_a_file_cut_in_the_middle_gives_all_before_the_cut(tmp_path: Path) -> None:
    """The complete messages come first, then the error with the last id and the byte of the cut."""
    whole = json.dumps(chat(*[message(number) for number in range(1, 8)])).encode()
    cut = whole.index(b'"text 6"')
    reading = await read(write(tmp_path, whole[:cut]), batch_size=2)
    assert reading.ids == ["1", "2", "3", "4", "5"]
    assert type(reading.error) is ExportTruncatedError
    assert f"at byte {cut:,}; message 5 is the last complete one" in reading.error.message


async def test_a_file_cut_in_an_account_is_told_even_when_the_chat_was_left_out(tmp_path: Path) -> None:
    """A cut in a chat that nobody wanted is a cut all the same."""
    account = {"chats": {"list": [chat(message(1)), chat(message(2), type="personal_chat")]}}
    content = json.dumps(account).encode()
    reading = await read(write(tmp_path, content[: content.index(b'"text 2"')]))
    assert (reading.ids, type(reading.error)) == (["1"], ExportTruncatedError)


def test_wherever_a_file_is_cut_the_complete_messages_are_given(tmp_path: Path) -> None:
    """For each byte of a small export: exactly the messages that end before it, then the error."""
    head, tail = b'{"name": "N\xd1\x8f", "type": "public_channel", "id": 1, "messages": [', b"]}"
    parts = [
        json.dumps(message(number, text="\U0001f600 \\ \n ж"), ensure_ascii=number % 2 == 0).encode()
        for number in (1, 2, 3)
    ]
    content = head + b", ".join(parts) + tail
    ends = [content.index(part) + len(part) for part in parts]
    path = tmp_path / "result.json"
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        ids, error = _walked(path)
        assert ids == [str(number) for number, end in enumerate(ends, 1) if end <= cut]
        assert error is (ExportTruncatedError if cut else ExportFormatError)
    path.write_bytes(content)
    assert _walked(path) == (["1", "2", "3"], None)


def _walked(path: Path) -> tuple[Any, ...]:
    reader = JsonExportReader(path, batch_size=1000, batch_bytes=1 << 20)
    ids: list[str] = []
    try:
        while reader.next_chat():
            while batch := reader.next_batch(Window()):
                ids.extend(item.id for item in batch.messages)
    except SourceError as error:
        return ids, type(error)
    return ids, None


async def test_a_file_damaged_in_the_middle_gives_all_before_the_damage(tmp_path: Path) -> None:
    """Bytes that are no JSON end the reading with the reason; what was complete is kept."""
    content = json.dumps(chat(message(1), message(2), message(3))).encode().replace(b'"id": 3', b'"id": ?3')
    reading = await read(write(tmp_path, content))
    assert (reading.ids, type(reading.error)) == (["1", "2"], ExportFormatError)
    assert "is damaged" in reading.error.message
    assert "message 2 is the last complete one" in reading.error.message


async def test_a_tail_of_zero_bytes_is_a_cut(tmp_path: Path) -> None:
    """A crash of the exporting computer leaves NULs at the end of the file."""
    content = json.dumps(chat(message(1), message(2))).encode()
    reading = await read(write(tmp_path, content[:-20] + b"\x00" * 4096))
    assert (reading.ids, type(reading.error)) == (["1"], ExportTruncatedError)


async def test_elements_that_are_no_messages_are_counted_by_reason(tmp_path: Path) -> None:
    """Each unreadable element is skipped and counted; all messages around it arrive."""
    odd = [
        None,
        5,
        "text",
        [],
        {"text": "no id", "date_unixtime": "1726099200"},
        {"id": 7},
        message(8, type="x", text=""),
    ]
    reading = await read(write(tmp_path, chat(message(1), *odd, message(9, type="hologram"), message(10))))
    assert reading.ids == ["1", "9", "10"]
    assert reading.skipped == {"not_an_object": 4, "no_id": 1, "no_date": 1, "unknown_type": 1}
    assert reading.notes == {"unknown_type": 1}


async def test_dates_without_zone_are_counted(tmp_path: Path) -> None:
    """Exports before 2022 have no unix time: the date is taken as UTC and the run can say so."""
    old = {"id": 1, "type": "message", "date": "2020-11-12T12:53:52", "text": "old"}
    reading = await read(write(tmp_path, chat(old, message(2))))
    assert reading.messages[0].date.isoformat() == "2020-11-12T12:53:52+00:00"
    assert reading.notes == {"date_without_zone": 1}


async def test_what_desktop_writes_wrong_is_repaired_and_counted(tmp_path: Path) -> None:
    """Illegal escapes and the unquoted ids of custom emoji cost no message; the batch says how many there were."""
    content = (
        b'{"name": "N", "type": "public_channel", "id": 1, "messages": [\n'
        b'{"id": 1, "type": "message", "date_unixtime": "1726099200", "text": [\n'
        b'{\n"type": "custom_emoji",\n"text": "!",\n"document_id": video_files/sticker (2).webm\n}, " a\\x1Fb"]},\n'
        b'{"id": 2, "type": "message", "date_unixtime": "1726099201", "text": "lone \\ud83d"},\n'
        b'{"id": 3, "type": "message", "date_unixtime": "1726099202", "text": "byte \xff"},\n'
        b'{"id": 4, "type": "message", "date_unixtime": "1726099203", "text": "nul \\u0000 \x00"}]}'
    )
    reading = await read(write(tmp_path, content))
    assert [item.text for item in reading.messages] == ["! a\x1fb", "lone \ufffd", "byte \ufffd", "nul \x00  "]
    assert reading.notes == {
        "illegal_escape": 1, "unquoted_document_id": 1, "lone_surrogate": 1, "invalid_utf8": 1, "control_character": 1,
    }  # fmt: skip
    assert reading.messages[0].raw_payload["text"][0]["document_id"] == "video_files/sticker (2).webm"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "слово " * 170_000,
        "\u2028 \u2029 \u200f مرحبا \u202e abc",
        "🔥🔥🔥",
        "👨‍👩‍👧‍👦",
        "\\x41 \\u0041",
        "\t\r\n",
        "",
    ],
    ids=["1MB", "1MB of words", "separators and rtl", "emoji", "joined emoji", "backslashes", "blanks", "empty"],
)
async def test_unusual_texts_arrive_as_they_are(tmp_path: Path, text: str) -> None:
    """Length, direction, separators and emoji change nothing, in escaped and in plain JSON."""
    for ascii_only in (True, False):
        content = json.dumps(chat(message(1, text=text), message(2)), ensure_ascii=ascii_only).encode()
        reading = await read(write(tmp_path, b"\xef\xbb\xbf" + content))
        assert [item.text for item in reading.messages] == [text, "text 2"]
        assert reading.notes == {}


async def test_an_empty_chat_is_a_chat_without_batches(tmp_path: Path) -> None:
    """A channel without messages is found, and gives nothing."""
    reading = await read(write(tmp_path, chat()))
    assert (len(reading.chats), reading.batches, reading.error) == (1, [], None)


async def test_numbers_no_store_can_hold_become_text(tmp_path: Path) -> None:
    """Whole numbers beyond 64 bits and infinite ones stay in the payload as text; fractions as numbers."""
    content = json.dumps(chat(message(1, lat=59.9, big=10**30))).replace("59.9", '59.9, "inf": 1e999')
    payload = (await read(write(tmp_path, content.encode()))).messages[0].raw_payload
    assert (payload["lat"], payload["big"], payload["inf"]) == (59.9, "1" + "0" * 30, "1E+999")


async def test_absurdly_deep_json_is_cut_and_the_message_kept(tmp_path: Path) -> None:
    """Nesting that would break whoever stores the payload is left out below 64 levels."""
    deep = "[" * 5000 + "]" * 5000
    content = json.dumps(chat(message(1, deep=0), message(2))).replace('"deep": 0', f'"deep": {deep}')
    reading = await read(write(tmp_path, content.encode()))
    assert [item.text for item in reading.messages] == ["text 1", "text 2"]
    assert json.dumps(reading.messages[0].raw_payload).count("[") < 70
