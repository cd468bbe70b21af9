"""A refused row as stored in quarantine: JSON with its text as strings and its bytes in hexadecimal (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from tg_parser.transfer.legacy.tables import SECRETS
from tg_parser.transfer.source.snapshot import TextBytes


def original_json(table: str, row: Mapping[str, Any]) -> bytes:
    """A row byte for byte: text that is not UTF-8 as {"text_hex": …}, bytes as {"hex": …}; no plain secrets."""
    secret = SECRETS.get(table, frozenset())
    return orjson.dumps({name: "left out" if name in secret and value else _kept(value) for name, value in row.items()})


def _kept(value: Any) -> Any:
    if isinstance(value, TextBytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"text_hex": value.hex()}
    return {"hex": value.hex()} if isinstance(value, bytes) else value
