"""What a manifest tells, and what it finds wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from backup_samples import manifest

from tg_parser.backup.manifest import Contents, TableFacts, damaged, differences, read_manifest
from tg_parser.domain.errors import BackupError


def contents(schemas: dict[str, str] | None = None, **tables: Any) -> Contents:
    facts = {name: TableFacts(rows=rows, digest=digest) for name, (rows, digest) in tables.items()}
    return Contents(schemas=schemas or {"raw": "raw_0001"}, tables=facts)


def test_every_kind_of_difference_is_told() -> None:
    """A schema, a row too few, other rows, a table too few and one too many, each by its name."""
    expected = contents(a=(1, "x"), b=(2, "x"), c=(3, "x"), same=(4, "x"))
    found = contents({"raw": "raw_0002"}, a=(0, "y"), b=(2, "y"), d=(1, "x"), same=(4, "x"))
    assert differences(expected, found) == [
        "raw: schema raw_0002 instead of raw_0001",
        "a: 0 rows instead of 1",
        "b: its rows differ",
        "c: the table is missing",
        "d: the table is not in the manifest",
    ]
    assert differences(expected, expected) == []


def test_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Times, digests and files survive the file."""
    (tmp_path / "manifest.json").write_text(manifest().model_dump_json())
    assert read_manifest(tmp_path) == manifest()


@pytest.mark.parametrize(
    ("text", "problem"),
    [(None, "is missing"), ("", "is damaged"), ('{"format": 1, "name": "x"', "is damaged"), ("[]", "is damaged")],
)
def test_manifest_that_is_none(tmp_path: Path, text: str | None, problem: str) -> None:
    """Missing, empty, cut or of another form: one sentence."""
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BackupError, match=problem):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (b"hello", []),
        (b"hell", ["raw_storage.sqlite has 4 bytes instead of 5"]),
        (b"hellO", ["raw_storage.sqlite is damaged: its digest is another one"]),
        (None, ["raw_storage.sqlite is missing"]),
    ],
)
def test_files_are_held_to_their_digests(tmp_path: Path, data: bytes | None, problems: list[str]) -> None:
    """A file that is whole, cut, changed, gone."""
    if data is not None:
        (tmp_path / "raw_storage.sqlite").write_bytes(data)
    assert damaged(tmp_path, manifest().files) == problems
