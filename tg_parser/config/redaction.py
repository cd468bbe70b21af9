"""Masks secrets in the log: by value, by the name of their key, and in URLs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel
from structlog.typing import EventDict, WrappedLogger

MASK = "***"
DEEPEST = 12
"""Anything nested deeper is omitted: it may be recursive."""
_NAMES = r"password|passwd|secret|token|api[-_]?key|api[-_]?hash|session|authorization"
_SECRET_NAME = re.compile(_NAMES, re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\w[\w+.-]*://[^\s:/@]*):[^\s\"']+@")
_URL_PARAMETER = re.compile(rf"([?&;][\w.-]*(?:{_NAMES})[\w.-]*=)[^\s&;#\"']+", re.IGNORECASE)
_OWN_KEY = re.compile(r"\b(tgp_[0-9a-f]+_)[\w-]{16,}", re.ASCII)
"""Pattern of an API key of this installation; its id may be shown."""
_SIGNING_SECRET = re.compile(r"\bwhsec_[\w+/=-]{8,}", re.ASCII)
_Plain = bool | int | float | None


class Redactor:
    """Masks secrets by key name, by value, and in URLs, at any nesting level."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._values = sorted((value for value in secrets if value), key=len, reverse=True)

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """Return `event` with its secrets masked; called by structlog as a processor."""
        # structlog's own values, such as the record of a library's message, are passed on unchanged.
        return {key: value if key.startswith("_") else self._named(key, value, DEEPEST) for key, value in event.items()}

    def text(self, value: str) -> str:
        """Return `value` without secrets."""
        for secret in self._values:
            value = value.replace(secret, MASK)
        value = _SIGNING_SECRET.sub(f"whsec_{MASK}", _OWN_KEY.sub(rf"\1{MASK}", value))
        return _URL_PARAMETER.sub(rf"\1{MASK}", _URL_PASSWORD.sub(rf"\1:{MASK}@", value))

    def value(self, value: Any, depth: int = DEEPEST, *, hidden: bool = False) -> Any:
        """Return `value` of any type without secrets; `hidden` means that its name marks it as a secret itself."""
        if isinstance(value, _Plain):
            return value
        if depth == 0:
            return MASK
        if isinstance(value, Mapping):
            return {self._key(key): self._named(key, each, depth - 1, hidden=hidden) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(each, depth - 1, hidden=hidden) for each in value]
        if hidden:
            return MASK
        return self._thing(value, depth)

    def _thing(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, BaseModel):
            return self.value(dict(value), depth)
        if is_dataclass(value) and not isinstance(value, type):
            return self.value({field.name: getattr(value, field.name) for field in fields(value)}, depth)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "backslashreplace"))
        shown = repr(value)
        # Objects without secrets are kept, so that they are formatted as usual.
        masked = self.text(shown)
        return value if masked == shown and not isinstance(value, BaseException) else masked

    def _named(self, key: Any, value: Any, depth: int, *, hidden: bool = False) -> Any:
        return self.value(value, depth, hidden=hidden or bool(_SECRET_NAME.search(str(key))))

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) else key
