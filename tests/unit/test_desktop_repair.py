"""The repairing reader: what it changes, what it counts, and that it leaves good bytes alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.errors import SourceError
from tg_parser.ingestion.desktop.repair import RepairingReader


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Any]:
    def read_bytes(content: bytes) -> tuple[bytes, dict[str, int]]:
        path = tmp_path / "result.json"
        path.write_bytes(content)
        reader = RepairingReader(path)
        return b"".join(reader.pieces()), dict(reader.repairs)

    return read_bytes


@pytest.mark.parametrize(
    ("written", "repaired", "counted"),
    [
        (rb'{"data": "1=412\x012=97180"}', rb'{"data": "1=412\u00012=97180"}', {"illegal_escape": 1}),
        (rb'"\q \x4 \u12"', rb'"\\q \\x4 \\u12"', {"illegal_escape": 3}),
        (rb'"\\x01 \\ud83d"', rb'"\\x01 \\ud83d"', {}),
        (rb'"\\\x1F"', rb'"\\\u001F"', {"illegal_escape": 1}),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"', {}),
        (rb'"a\ud83d b\ude00"', rb'"a\ufffd b\ufffd"', {"lone_surrogate": 2}),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"', {"lone_surrogate": 1}),
        (b'"caf\xe9 \xf0\x9f\x98"', '"caf\ufffd \ufffd"'.encode(), {"invalid_utf8": 2}),
        ("\ufeff{}".encode(), b"{}", {}),
        (b'"a\x00b\x1fc"\t\r\n', b'"a b c"\t\r\n', {"control_character": 2}),
        (
            b'"document_id": video_files/sticker (2).webm\n},\n"document_id": (File not included. Change it.),\n',
            b'"document_id": "video_files/sticker (2).webm"\n},\n"document_id": "(File not included. Change it.)",\n',
            {"unquoted_document_id": 2},
        ),
        (b'"document_id": "a.webp", "document_id": 5, "document_id": null', None, {}),
        (rb'"text": "\"document_id\": x"', None, {}),
        ('"Привет, мир \\u043f \u2028 \u200f \U0001f600"'.encode(), None, {}),
    ],
)
def test_each_known_damage_is_repaired_and_counted(
    read: Callable[..., Any], written: bytes, repaired: bytes | None, counted: dict[str, int]
) -> None:
    """What Telegram Desktop and other tools write wrong becomes legal JSON; what only looks wrong stays."""
    assert read(written) == (written if repaired is None else repaired, counted)


def test_escapes_and_characters_across_blocks_stay_whole(read: Callable[..., Any]) -> None:
    """Pieces end where neither an escape nor a character is split, however the blocks of the file fall."""
    text = "\\ud83d\\ude00Ж" * 30_000
    for pad in range(14):
        content = f'{{"text": "{"x" * pad}{text}"}}'.encode()
        repaired, counted = read(content)
        assert (repaired == content, counted) == (True, {})


@given(st.text(), st.booleans())
def test_every_legal_text_passes_unchanged(
    tmp_path_factory: pytest.TempPathFactory, text: str, ascii_only: bool
) -> None:
    """Whatever a JSON writer writes is left exactly as it is."""
    content = json.dumps({"text": text.encode("utf-8", "replace").decode()}, ensure_ascii=ascii_only).encode()
    path = tmp_path_factory.mktemp("legal") / "result.json"
    path.write_bytes(content)
    reader = RepairingReader(path)
    assert (b"".join(reader.pieces()), reader.repairs) == (content, {})


@given(st.binary(max_size=300))
def test_any_bytes_become_utf8_without_control_characters(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """The reader never fails on bytes, and what it gives is decodable."""
    path = tmp_path_factory.mktemp("any") / "result.json"
    path.write_bytes(content)
    text = b"".join(RepairingReader(path).pieces()).decode()
    assert not {character for character in text if character < " "} - {"\t", "\n", "\r"}


def test_the_offset_tells_how_far_it_got(tmp_path: Path) -> None:
    """After the last piece the offset is the size of the file."""
    path = tmp_path / "result.json"
    path.write_bytes(b"x, " * 50_000)
    reader = RepairingReader(path)
    assert [reader.offset for _ in reader.pieces()] == [65_536, 131_072, 150_000]


def test_a_folder_cannot_be_read_as_a_file(tmp_path: Path) -> None:
    """The operating system's refusal becomes a sentence with the path."""
    with pytest.raises(SourceError, match="cannot be read"):
        list(RepairingReader(tmp_path).pieces())
