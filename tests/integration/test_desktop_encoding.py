"""Exports that were saved in another encoding than UTF-8: refused with a guess, or read as somebody says."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from desktop_files import chat, message, read, write
from html_export_files import page, post, write_pages

from tg_parser.domain.errors import ExportFormatError, UsageError
from tg_parser.ingestion.desktop.encoding import require_legible

TEXT = "Мельница снова работает: «мука» — дешевле, ёлки целы"


def saved(encoding: str, *texts: str) -> bytes:
    """The JSON of an export with `texts`, saved in `encoding`."""
    messages = [message(number, text=text) for number, text in enumerate(texts or (TEXT,), 1)]
    return json.dumps(chat(*messages), ensure_ascii=False).encode(encoding)


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"PK\x03\x04", "ZIP"), (b"Rar!\x1a\x07\x01", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b\x08", "gzip")],
)
@pytest.mark.parametrize("encoding", [None, "utf-8", "cp1251"])
async def test_an_archive_is_told_from_a_wrong_encoding(
    tmp_path: Path, start: bytes, kind: str, encoding: str | None
) -> None:
    """No encoding helps there, whatever was named: the hint is to unpack it."""
    packed = tmp_path / "export.zip"
    packed.write_bytes(start + bytes(range(128, 256)) * 100)
    with pytest.raises(ExportFormatError) as refused:
        require_legible([packed], encoding)
    assert refused.value.message == f"{packed} is a {kind} archive."
    assert refused.value.hint == "Unpack it and give the folder that was in it."


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r", "cp866"])
async def test_a_wrong_encoding_is_refused_with_a_guess(tmp_path: Path, encoding: str) -> None:
    """Nothing is given; the error names the encoding and shows words in it, the hint is the option to add."""
    text = TEXT.replace("«", "").replace("»", "").replace("—", "-").replace("ё", "е")
    reading = await read(write(tmp_path, saved(encoding, text)))
    assert (reading.messages, type(reading.error)) == ([], ExportFormatError)
    assert f"It looks like {encoding}, in which it says “Мельница снова" in reading.error.message
    assert reading.error.message.endswith("Nothing was stored.")
    assert f"--encoding {encoding}" in reading.error.hint


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16", "utf-16-le", "UTF-8"])
async def test_the_named_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    """Words arrive as they were written, and nothing is counted as repaired."""
    reading = await read(write(tmp_path, saved(encoding)), encoding=encoding)
    assert ([each.text for each in reading.messages], reading.notes) == ([TEXT], {})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
async def test_unicode_is_recognised_by_its_first_bytes(tmp_path: Path, encoding: str) -> None:
    """With a byte order mark, and in UTF-16 also without."""
    reading = await read(write(tmp_path, saved(encoding)))
    assert ([each.text for each in reading.messages], reading.error) == ([TEXT], None)


async def test_characters_across_blocks_stay_whole(tmp_path: Path) -> None:
    """A file of many blocks in UTF-16 whose characters take four bytes."""
    text = "\N{ROCKET}x" * 60_000
    reading = await read(write(tmp_path, saved("utf-16", text, text)))
    assert ([each.text for each in reading.messages], reading.notes) == ([text, text], {})


async def test_a_few_damaged_bytes_are_no_wrong_encoding(tmp_path: Path) -> None:
    """Three in a file of ASCII, and one in a hundred characters elsewhere, are repaired and counted."""
    plain = saved("utf-8", "cafe", "cafe", "cafe").replace(b"cafe", b"caf\xff")
    assert (await read(write(tmp_path, plain))).notes == {"invalid_utf8": 3}
    cyrillic = saved("utf-8", "слово " * 200 + "#####").replace(b"#####", b"\xff" * 5)
    assert (await read(write(tmp_path, cyrillic))).notes == {"invalid_utf8": 5}
    quoted = saved("utf-8", "\ufffd" * 50, "cafe").replace(b"cafe", b"caf\xff")
    assert (await read(write(tmp_path, quoted))).notes == {"invalid_utf8": 1}


async def test_who_names_utf8_reads_a_damaged_file(tmp_path: Path) -> None:
    """More damage than that is refused, unless somebody insists."""
    damaged = saved("utf-8", "cafe#####").replace(b"#####", b"\xff" * 5)
    assert type((await read(write(tmp_path, damaged))).error) is ExportFormatError
    assert (await read(write(tmp_path, damaged), encoding="utf8")).notes == {"invalid_utf8": 5}


async def test_a_named_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    """ASCII cannot be what a Cyrillic file is written in."""
    error = (await read(write(tmp_path, saved("cp1251")), encoding="ascii")).error
    assert "is not written in ASCII" in error.message


async def test_damage_late_in_a_file_is_found_before_its_beginning_is_given(tmp_path: Path) -> None:
    """The whole file is looked at first, so that nothing of it is stored."""
    content = (
        saved("utf-8", *["plain text"] * 2000)[:-2]
        + b","
        + json.dumps(message(9999, text=TEXT), ensure_ascii=False).encode("cp1251")
        + b"]}"
    )
    reading = await read(write(tmp_path, content))
    assert (reading.messages, "is not written in UTF-8" in reading.error.message) == ([], True)


def test_an_unknown_encoding_is_wrong_use(tmp_path: Path) -> None:
    """Names of no encoding, and of codecs that are none for text."""
    from tg_parser.ingestion.desktop.export import DesktopExport

    for name in ("klingon", "hex"):
        with pytest.raises(UsageError, match=f"no encoding named '{name}'"):
            DesktopExport(write(tmp_path, saved("utf-8")), encoding=name)


async def test_pages_in_a_wrong_encoding_are_refused_or_read(tmp_path: Path) -> None:
    """HTML as JSON, for every page: the second one alone was saved anew."""
    write_pages(
        tmp_path, page(post(1, TEXT), following="messages2.html").encode(), page(post(2, TEXT)).encode("cp1251")
    )
    reading = await read(tmp_path)
    assert (reading.messages, "messages2.html" in reading.error.message) == ([], True)
    assert "--encoding cp1251" in reading.error.hint
    write_pages(tmp_path, *(page(post(number, TEXT)).encode("cp1251") for number in (1, 2)))
    assert [each.text for each in (await read(tmp_path, encoding="cp1251")).messages] == [TEXT, TEXT]
    write_pages(tmp_path, *(page(post(number, TEXT)).encode("utf-16") for number in (1, 2)))
    assert [each.text for each in (await read(tmp_path)).messages] == [TEXT, TEXT]


def test_looking_at_a_large_file_takes_no_memory(tmp_path: Path) -> None:
    """Sound, damaged or wrong, it is read block by block."""
    for encoding in ("utf-8", "cp1251"):
        path = write(tmp_path, saved(encoding, *["слово " * 1000] * 2000))
        tracemalloc.start()
        try:
            require_legible([path])
        except ExportFormatError:
            assert encoding == "cp1251"
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
        tracemalloc.stop()
