"""Repairs the bytes of an export to valid JSON before they are parsed, and counts every change.

Telegram Desktop writes control characters as `\\x01`, and some versions omitted the quotes of a custom emoji's
`document_id`; other tools write lone surrogates, NUL and invalid UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tg_parser.ingestion.desktop.encoding import REPLACED, blocks_of, encoding_of

_BOM = b"\xef\xbb\xbf"
_REPLACED = b"\xef\xbf\xbd"
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r"))
_SUSPECT_ESCAPE = re.compile(rb'\\(?:[^"\\/bfnrtu]|u(?:[dD][89a-fA-F]|(?![0-9a-fA-F]{4})))')
_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb'|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|(?P<legal>u[0-9a-fA-F]{4}|["\\/bfnrt])|x(?P<hex>[0-9a-fA-F]{2})|.)',
    re.DOTALL,
)
_BARE_DOCUMENT_ID = re.compile(rb'("document_id": ?)([^\s"\d\[{,n-][^"\r\n]*?)(?=\s*[,}\r\n])')


class RepairingReader:
    """Reads a file in pieces that never split a character or an escape. `offset` counts the bytes read."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.path = path
        self._encoding = encoding
        self.offset = 0
        self.repairs: Counter[str] = Counter()

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes in order, repaired. Raises SourceError if the file cannot be read."""
        held = bytearray()
        for block in self._blocks():
            cut = _safe_cut(block)
            held += block[:cut]
            if cut:
                yield self._repaired(bytes(held))
                held.clear()
            held += block[cut:]
        if held:
            yield self._repaired(bytes(held))

    def _blocks(self) -> Iterator[bytes]:
        encoding = encoding_of(self.path, self._encoding)
        decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
        for block, end in blocks_of(self.path):
            written = block.removeprefix(_BOM) if self.offset == 0 else block
            self.offset = end
            yield written if decoder is None else self._as_utf8(decoder.decode(block))
        if decoder is not None:
            yield self._as_utf8(decoder.decode(b"", final=True))

    def _as_utf8(self, text: str) -> bytes:
        self._count("invalid_utf8", text.count(REPLACED))
        return text.removeprefix("\ufeff").encode("utf-8", "replace")

    def _repaired(self, piece: bytes) -> bytes:
        piece = self._legal_utf8(piece)
        if len(piece.translate(None, _CONTROL)) != len(piece):
            piece = self._without_control(piece)
        if _SUSPECT_ESCAPE.search(piece):
            piece = _ESCAPE.sub(self._legal_escape, piece)
        if b'"document_id":' in piece:
            piece, quoted = _BARE_DOCUMENT_ID.subn(rb'\1"\2"', piece)
            self._count("unquoted_document_id", quoted)
        return piece

    def _legal_utf8(self, piece: bytes) -> bytes:
        if piece.isascii():
            return piece
        try:
            piece.decode()
        except UnicodeDecodeError:
            legal = piece.decode("utf-8", "replace").encode()
            self._count("invalid_utf8", legal.count(_REPLACED) - piece.count(_REPLACED))
            return legal
        return piece

    def _without_control(self, piece: bytes) -> bytes:
        # A space is valid both in text and between values: NULs also pad the end of a file after a crash.
        spaced = piece.translate(bytes(32 if byte in _CONTROL else byte for byte in range(256)))
        self._count("control_character", sum(piece.count(byte) for byte in _CONTROL))
        return spaced

    def _legal_escape(self, found: re.Match[bytes]) -> bytes:
        if found["pair"] or found["legal"]:
            return found[0]
        if found["lone"]:
            self._count("lone_surrogate", 1)
            return b"\\ufffd"
        self._count("illegal_escape", 1)
        return b"\\u00" + found["hex"] if found["hex"] else b"\\" + found[0]

    def _count(self, repair: str, times: int) -> None:
        if times:
            self.repairs[repair] += times


def _safe_cut(block: bytes) -> int:
    """Where `block` may be cut: after a line, or else after a space or comma; 0 if nowhere."""
    return block.rfind(b"\n") + 1 or max(block.rfind(b" "), block.rfind(b",")) + 1
