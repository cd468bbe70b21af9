"""Archives of the agents' history: gzipped NDJSON, one file per table and cleanup.

    writing   NAME.part        may be truncated; the next cleanup removes it
    checked   NAME.pending     complete, read back and found good; its rows may still be in the table
    done      NAME             its rows are deleted

Only a finished file counts as an archive. Whoever finds a pending one deletes exactly the rows it holds before going
on: so a row is in the table or in an archive, never in both, never in neither.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import orjson

from tg_parser.domain.errors import ArchiveError
from tg_parser.domain.utc_time import iso_z
from tg_parser.storage.engine.durable import sync_folder
from tg_parser.storage.tables.columns import json_bytes

PART, PENDING = ".part", ".pending"
_NAME = re.compile(r"(?P<table>[a-z_]+)\.(?P<day>\d{8}T\d{6})\.(?P<rows>\d+)\.(?P<digest>[0-9a-f]{16})\.ndjson\.gz")

ArchiveProgress = Literal["done", "pending"]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive as described by its name: the table, the moment, the number of rows, and the digest of its lines."""

    path: Path
    table: str
    made: str
    rows: int
    digest: str
    state: ArchiveProgress

    @property
    def name(self) -> str:
        """The name of the finished archive."""
        return self.path.name.removesuffix(PENDING)


class Writing:
    """A file on its way to an archive; leaving the block without `finish` deletes it."""

    def __init__(self, folder: Path, table: str, made: str) -> None:
        self._folder, self._stem = folder, f"{table}.{made}"
        self._part = folder / f"{self._stem}{PART}"
        self.rows = 0
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        # Readable by its owner only: the history quotes messages.
        self._raw = os.fdopen(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        # Without name and time in the gzip header, the same rows give the same bytes.
        self._zip = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0)
        return self

    def add(self, rows: Iterable[Row]) -> None:
        """Write rows, one per line."""
        for row in rows:
            line = json_bytes({str(name): _plain(value) for name, value in row.items()}) + b"\n"
            self._zip.write(line)
            self._digest.update(line)
            self.rows += 1

    def finish(self) -> Archive:
        """Flush the file to the disk, read it back, and give it its pending name. Raises ArchiveError."""
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        digest = self._digest.hexdigest()[:16]
        path = self._folder / f"{self._stem}.{self.rows}.{digest}.ndjson.gz{PENDING}"
        written = archive_of(path)
        if written is None or (self.rows, digest) != contents(self._part):
            raise ArchiveError(f"The archive {self._part} could not be read back as written.", "Check the disk.")
        self._part.rename(path)
        sync_folder(self._folder)
        return written

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self._raw.closed:
            # In this order: gzip writes its end into the file, where the disk takes it.
            with suppress(OSError):
                self._zip.close()
            self._raw.close()
        with suppress(FileNotFoundError):
            self._part.unlink()


def finished(archive: Archive) -> Archive:
    """The archive under its final name, now that its rows are deleted."""
    path = archive.path.with_name(archive.name)
    archive.path.rename(path)
    sync_folder(path.parent)
    return Archive(path, archive.table, archive.made, archive.rows, archive.digest, "done")


def archives(folder: Path) -> list[Archive]:
    """The archives in a folder by name, including pending ones."""
    found = (archive_of(path) for path in sorted(folder.iterdir())) if folder.is_dir() else ()
    return [archive for archive in found if archive is not None]


def archive_of(path: Path) -> Archive | None:
    """The archive described by a file name."""
    match = _NAME.fullmatch(path.name.removesuffix(PENDING))
    if match is None:
        return None
    state: ArchiveProgress = "pending" if path.name.endswith(PENDING) else "done"
    return Archive(path, match["table"], match["day"], int(match["rows"]), match["digest"], state)


def remove_parts(folder: Path) -> None:
    """Delete files that a killed process left incomplete."""
    for path in folder.glob(f"*{PART}"):
        path.unlink()


def lines(path: Path) -> Iterator[bytes]:
    """The lines of an archive. Raises ArchiveError if the file is damaged."""
    try:
        with gzip.open(path) as file:
            yield from file
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveError(f"The archive {path} is damaged: {error}.", "Restore it from a backup.") from error


def ids(archive: Archive, size: int) -> Iterator[list[str]]:
    """The ids of the rows of an archive, `size` at a time."""
    found = (orjson.loads(line)["id"] for line in lines(archive.path))
    while some := list(islice(found, size)):
        yield some


def contents(path: Path) -> tuple[int, str]:
    """The real number of rows in a file, and their digest. Raises ArchiveError if it is damaged."""
    digest, rows = hashlib.sha256(), 0
    for line in lines(path):
        digest.update(line)
        rows += 1
    return rows, digest.hexdigest()[:16]


def require_whole(archive: Archive) -> None:
    """Raises ArchiveError if an archive does not match its name."""
    if contents(archive.path) != (archive.rows, archive.digest):
        raise ArchiveError(
            f"The archive {archive.path} does not contain what its name says.", "Restore it from a backup."
        )


def _plain(value: Any) -> Any:
    return iso_z(value) if isinstance(value, datetime) else value
