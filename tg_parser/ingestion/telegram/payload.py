"""Objects of Telegram's scheme as JSON, and back: a stored message can be read like the one that was sent. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

_SCALARS = {str, int, float, bool}


def payload(thing: Any) -> dict[str, Any]:
    """The whole message as JSON can hold it; bytes and flags that are not set are left out."""
    plain: dict[str, Any] = {"_": type(thing).__name__}
    for name, value in vars(thing).items():
        # What begins with an underscore is the library's own, and no part of what Telegram sent.
        if value is None or value is False or name[0] == "_":
            continue
        kind = type(value)
        if kind in _SCALARS:
            plain[name] = value
        elif kind is not bytes:
            plain[name] = _plain(value)
    return plain


def restored(value: Any) -> Any:
    """What `payload` was made of: objects with the names of their classes. Fields that were left out are None."""
    if isinstance(value, list):
        return [restored(each) for each in value]
    if not isinstance(value, dict):
        return value
    thing = _kind(str(value.get("_")))()
    vars(thing).update((name, restored(each)) for name, each in value.items() if name != "_")
    return thing


class _Restored:
    """An object that has not every field of its class."""

    def __getattr__(self, name: str) -> None:
        return None


@cache
def _kind(name: str) -> type[_Restored]:
    return type(name, (_Restored,), {})


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [each if type(each) in _SCALARS else _plain(each) for each in value if not isinstance(each, bytes)]
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else payload(value)
