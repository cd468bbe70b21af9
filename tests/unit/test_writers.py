"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tg_parser.domain.errors import OutputError
from tg_parser.domain.paths import why_not_written
from tg_parser.export.writers import JsonArray, prepare_folder, to_json, whole_file


def test_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    """Until the end only the old content can be read."""
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_error_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    """An error in the middle changes nothing in the folder."""
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), whole_file(path) as file:
        file.write(b"half")
        file.write(None)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.json", b"old")]


def test_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    """A file where the folder should be is named, with what to do."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match=r"Cannot write .*out") as caught:
        prepare_folder(tmp_path / "out")
    assert "--out" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "no space left on the disk"),
        (errno.EDQUOT, "no space left on the disk"),
        (errno.EEXIST, "a file exists where a folder is needed"),
        (errno.ENOTDIR, "a file exists where a folder is needed"),
        (errno.EISDIR, "a folder exists where a file is needed"),
        (errno.EACCES, "this user may not write there"),
        (errno.EROFS, "the disk is read-only"),
        (errno.ENAMETOOLONG, "the name is too long"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_the_reason_is_the_one_that_the_system_gave(number: int, reason: str) -> None:
    """Space is only spoken of where it is missing."""
    assert why_not_written(OSError(number, os.strerror(number))) == reason


def test_json_has_sorted_keys() -> None:
    """The same value gives the same bytes, whatever order its keys came in."""
    assert to_json({"b": 1, "a": {"d": 1, "c": 2}}) == b'{"a":{"c":2,"d":1},"b":1}'


@pytest.mark.parametrize(("items", "expected"), [([], b"[]\n"), ([1], b"[\n1\n]\n"), ([1, 2], b"[\n1,\n2\n]\n")])
def test_array_is_written_item_by_item(tmp_path: Path, items: list[int], expected: bytes) -> None:
    """An array of any length is valid JSON."""
    path = tmp_path / "a.json"
    with whole_file(path) as file:
        array = JsonArray(file)
        for item in items:
            array.add(item)
        array.close()
    assert path.read_bytes() == expected
