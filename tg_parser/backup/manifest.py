"""The manifest of a backup: when and from what it was made, its files, and the contents of every table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tg_parser.domain.errors import BackupError
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.utc_field import UtcTime

FORMAT = 1
MANIFEST = "manifest.json"
_READ_TOGETHER = 8 << 20

Backend = Literal["sqlite", "postgresql"]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True)


class FileFacts(_Facts):
    """A file; `size` in bytes."""

    size: int
    sha256: str


class TableFacts(_Facts):
    """A table; the digest covers all its rows in order."""

    rows: int
    digest: str


class Contents(_Facts):
    """The contents of the databases: the revision of each schema, and every table by its full name."""

    schemas: dict[str, str]
    tables: dict[str, TableFacts]


class Manifest(_Facts):
    """`origin` is the place of the databases in words; `dump_version` is that of pg_dump, 0 for SQLite."""

    format: int = FORMAT
    name: str
    created_at: UtcTime
    product_version: str
    backend: Backend
    origin: str
    dump_version: int = 0
    contents: Contents
    files: dict[str, FileFacts]


def read_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`. Raises BackupError if it is missing or invalid."""
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise BackupError(f"{MANIFEST} is missing.") from None
    except OSError as error:
        raise BackupError(f"{MANIFEST} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise BackupError(f"{MANIFEST} is damaged.") from error


def file_facts(path: Path, tell: ReportProgress = silent) -> FileFacts:
    """Size and digest of a file on disk."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(_READ_TOGETHER):
            digest.update(data)
            size += len(data)
            tell(Progress(f"MiB of {path.name} read", size >> 20))
    return FileFacts(size=size, sha256=digest.hexdigest())


def missing_or_cut(folder: Path, files: Mapping[str, FileFacts]) -> Iterator[str]:
    """The problems that show without reading the files."""
    for name, facts in files.items():
        path = folder / name
        if not path.is_file():
            yield f"{name} is missing"
        elif (size := path.stat().st_size) != facts.size:
            yield f"{name} has {size} bytes instead of {facts.size}"


def damaged(folder: Path, files: Mapping[str, FileFacts], tell: ReportProgress = silent) -> list[str]:
    """The problems that show when every file is read in full."""
    found = list(missing_or_cut(folder, files))
    return found or [
        f"{name} is damaged: its digest is another one"
        for name, facts in files.items()
        if file_facts(folder / name, tell).sha256 != facts.sha256
    ]


def differences(expected: Contents, found: Contents) -> list[str]:
    """Where `found` differs from the manifest, in words, table by table."""
    differences = [
        f"{name}: schema {found.schemas.get(name)} instead of {revision}"
        for name, revision in expected.schemas.items()
        if found.schemas.get(name) != revision
    ]
    for name in sorted(expected.tables | found.tables):
        differences += _table_difference(name, expected.tables.get(name), found.tables.get(name))
    return differences


def _table_difference(name: str, expected: TableFacts | None, found: TableFacts | None) -> list[str]:
    if expected is None or found is None:
        return [f"{name}: the table is {'missing' if found is None else 'not in the manifest'}"]
    if expected.rows != found.rows:
        return [f"{name}: {found.rows} rows instead of {expected.rows}"]
    return [f"{name}: its rows differ"] if expected.digest != found.digest else []
