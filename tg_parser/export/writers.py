"""Files that appear complete or not at all: written beside their place, then renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from tg_parser.domain.errors import OutputError
from tg_parser.domain.paths import why_not_written

_PART = ".tg-parser-part"
_COMPACT = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
_LINE = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_PRETTY = _COMPACT | orjson.OPT_INDENT_2


def to_json(value: Any, *, pretty: bool = False) -> bytes:
    """`value` as JSON with sorted keys: equal values give equal bytes."""
    return orjson.dumps(value, option=_PRETTY if pretty else _COMPACT)


def to_json_line(value: Any) -> bytes:
    """The same of an object all of whose keys are strings, on a line of its own; made without a copy."""
    return orjson.dumps(value, option=_LINE)


def prepare_folder(folder: Path) -> None:
    """Create `folder`, remove partial files of a killed export, and check that it is writable. Raises OutputError."""
    with _output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(f".*{_PART}"):
            part.unlink()
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write `path` through a temporary file; on any error the old file stays as it was. Raises OutputError."""
    with _output_errors(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb", buffering=1 << 20) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.chmod(0o666 & ~_umask())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


class JsonArray:
    """A JSON array written item by item, one per line."""

    def __init__(self, file: BinaryIO, *, pretty: bool = False) -> None:
        self._file = file
        self._pretty = pretty
        self._empty = True
        file.write(b"[")

    def add(self, item: Any) -> None:
        """Append one item."""
        self._file.write(b"\n" if self._empty else b",\n")
        self._file.write(to_json(item, pretty=self._pretty))
        self._empty = False

    def close(self) -> None:
        """End the array."""
        self._file.write(b"]\n" if self._empty else b"\n]\n")


@contextlib.contextmanager
def _output_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {why_not_written(error)}.",
            "Choose another place (--out, or EXPORTS_DIR for jobs), or fix that and run again; old files are intact.",
            path=str(path),
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
