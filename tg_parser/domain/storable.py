"""Makes text storable: PostgreSQL's text and jsonb accept neither NUL nor lone surrogates."""

from __future__ import annotations

from typing import Any

import orjson

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """Return `text` without NUL and with U+FFFD for lone surrogates; the same object if nothing changes."""
    if _is_storable(text):
        return text
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return paired.replace("\x00", "")


def storable_json(value: Any) -> Any:
    """Return `value` with all its strings and keys made storable; the same object if nothing changes."""
    return value if _is_plain(value) else _made_storable(value)


def _is_plain(value: Any) -> bool:
    """Return whether `value` can be stored as JSON, which the serializer checks faster than a walk over all strings."""
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
    # Encoding is the fastest way to check every character: only lone surrogates cannot be encoded.
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
