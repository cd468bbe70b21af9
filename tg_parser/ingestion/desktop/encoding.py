"""Detects the encoding of an export. Telegram Desktop writes UTF-8; other programs may save the files differently."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from tg_parser.domain.errors import ExportFormatError, SourceError, UsageError

REPLACED = "\N{REPLACEMENT CHARACTER}"
FEW = 3
"""Characters that may be damaged in a file that still counts as being in its encoding."""
DAMAGED_SHARE = 0.01
"""Share of the readable non-ASCII characters that may be damaged instead, if that is more."""
_UTF8 = "utf-8"
_BLOCK = 1 << 16
_SAMPLE_BYTES = 1 << 14
_SHOWN_CHARS = 60
_LIKELY = ["cp1251", "cp1252", "cp866", "koi8_r"]
"""What Windows and old tools write. If every encoding were allowed, short Russian words might be taken for Chinese."""
_ARCHIVES = {b"PK\x03\x04": "ZIP", b"Rar!\x1a\x07": "RAR", b"7z\xbc\xaf\x27\x1c": "7z", b"\x1f\x8b": "gzip"}
"""The first bytes of archives."""
_WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")


def known_encoding(name: str) -> str:
    """The encoding that a user named. Raises UsageError if it does not exist."""
    try:
        "".encode(name)
    except LookupError:
        raise UsageError(
            f"There is no encoding named {name!r}.", "Examples of names: cp1251, koi8-r, cp866, cp1252, utf-16."
        ) from None
    return codecs.lookup(name).name


def encoding_of(path: Path, named: str | None = None) -> str:
    """The encoding `named`, else UTF-16 or UTF-32 if the first bytes show it, else UTF-8. Raises SourceError."""
    if named is not None:
        return named
    try:
        with path.open("rb") as file:
            # The standard's rule for JSON works for every text that begins with two ASCII characters, including HTML.
            found = json.detect_encoding(file.read(4))
    except OSError as error:
        raise cannot_be_read(path, error) from error
    return _UTF8 if found.startswith(_UTF8) else found


def blocks_of(path: Path) -> Iterator[tuple[bytes, int]]:
    """The file in pieces, each with the position of its end. Raises SourceError."""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block, file.tell()
    except OSError as error:
        raise cannot_be_read(path, error) from error


def require_legible(paths: Iterable[Path], named: str | None = None) -> None:
    """Reject archives and files that are clearly in another encoding. Raises ExportFormatError, SourceError.

    If the user names UTF-8 explicitly, a damaged file is read as far as possible.
    """
    for path in paths:
        _refuse_archive(path)
        if named == _UTF8:
            continue
        encoding = encoding_of(path, named)
        if not _is_sound(path, encoding):
            found = _reading(path, encoding)
            if found.replaced > max(FEW, found.read * DAMAGED_SHARE):
                raise _refusal(path, encoding, found)


def _refuse_archive(path: Path) -> None:
    for start, kind in _ARCHIVES.items():
        if next(blocks_of(path), (b"", 0))[0].startswith(start):
            raise ExportFormatError(f"{path} is a {kind} archive.", "Unpack it and give the folder that was in it.")


def cannot_be_read(path: Path, error: OSError) -> SourceError:
    """Turns an error of the operating system into one for the user."""
    return SourceError(f"{path} cannot be read: {error.strerror or error}.", "Check the path and its permissions.")


@dataclass(slots=True)
class _DecodedSample:
    """How many characters outside ASCII could be `read` and how many were `replaced`, with some words of the file."""

    read: int = 0
    replaced: int = 0
    words: bytes = b""


def _is_sound(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block, _ in blocks_of(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _reading(path: Path, encoding: str) -> _DecodedSample:
    found = _DecodedSample()
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block, _ in blocks_of(path):
        text = decoder.decode(block)
        replaced = text.count(REPLACED)
        found.replaced += replaced - (block.count(REPLACED.encode()) if encoding == _UTF8 else 0)
        found.read += len(text) - len(text.encode("ascii", "ignore")) - replaced
        if len(found.words) < _SAMPLE_BYTES:
            found.words += b" ".join(_WORD.findall(block)) + b" "
    return found


def _refusal(path: Path, encoding: str, found: _DecodedSample) -> ExportFormatError:
    problem = f"{path} is not written in {encoding.upper()}: {found.replaced:,} places in it cannot be read."
    stored = "Nothing was stored."
    guess = _guess(found.words[:_SAMPLE_BYTES])
    if guess is None:
        hint = "Say what it is written in, for example --encoding cp1251, or export the chat again."
        return ExportFormatError(f"{problem} {stored}", hint)
    shown = " ".join(found.words.decode(guess, "replace").split())[:_SHOWN_CHARS]
    return ExportFormatError(
        f"{problem} It looks like {guess}, in which it says “{shown}”. {stored}",
        f"Add --encoding {guess} (or another, if those words are wrong), or export the chat again.",
    )


def _guess(words: bytes) -> str | None:
    best = from_bytes(words, cp_isolation=_LIKELY).best()
    return None if best is None else best.encoding
