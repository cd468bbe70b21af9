"""Text that every database can hold: PostgreSQL's text and jsonb take neither NUL nor lone surrogates."""

from __future__ import annotations

from typing import Any

import orjson

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """`text` without NUL and with U+FFFD for lone surrogates; the same object when nothing changes."""
    if _is_storable(text):
        return text
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return paired.replace("\x00", "")


def storable_json(value: Any) -> Any:
    """`value` with every string in it made storable, keys included; the same object when nothing changes."""
    return value if _is_plain(value) else _made_storable(value)


def _is_plain(value: Any) -> bool:
    """Whether `value` is JSON that can be stored, which the serializer tells faster than a look at each string."""
    if value is None or isinstance(value, int | float):
        return True
    try:
        return b"\\u0000" not in orjson.dumps(value)
    except TypeError:  # lone surrogates, keys that are not strings, values that are not JSON
        return False


def _made_storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): _made_storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_made_storable(item) for item in value]
    return value


def _is_storable(text: str) -> bool:
    # Encoding is the fastest way to check every character of a text: what cannot be encoded is a lone surrogate.
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
